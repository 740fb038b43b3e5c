using System.Buffers.Binary;
using System.Globalization;

namespace AlexNetSharp.Formats;

/// <summary>Reads the tensors of an ONNX file, TensorProto: in place, as numbers one by one, or in a file beside it.</summary>
internal static class OnnxTensors
{
    /// <summary>What a TensorProto says, before it is put together.</summary>
    private sealed class Parts
    {
        public readonly List<long> Shape = [];
        public readonly List<(long Offset, long Length)> Raw = [], Floats = [], Doubles = [], Numbers = [], LongNumbers = [];
        public string Name = "";
        public long DataType;
        public bool IsExternal;
        public string Location = "";
        public string? ExternalOffset, ExternalLength;
    }

    /// <summary>A tensor; null if its elements are of a type that has no use here.</summary>
    /// <param name="external">The model, and the files beside it.</param>
    /// <param name="message">The message.</param>
    /// <param name="at">Where it begins.</param>
    /// <exception cref="InvalidDataException">It is damaged, or the file beside the model is missing or too short.</exception>
    public static NamedTensor? Read(OnnxExternalData external, ProtoReader message, long at)
    {
        FileBytes file = external.Model;
        Parts parts = ReadParts(message);
        if (TypeOf(parts.DataType) is not { } type)
            return null;
        string what = "initializer " + FormatError.Quote(parts.Name);
        long[] sizes = [.. parts.Shape];
        long elements = TensorShape.Elements(file.Path, at, parts.Name, sizes), bytes = TensorShape.Bytes(file.Path, at, parts.Name, elements, type);
        if (parts.IsExternal)
            return ReadExternal(external, parts, type, sizes, bytes, what, at);
        (ReadOnlyMemory<byte> data, long offset) = parts.Raw.Count > 1
            ? throw FormatError.At(file.Path, at, $"{what} has its raw data twice; the file is damaged")
            : type switch
            {
                _ when parts.Raw.Count == 1 => ProtoReader.Gather(file, parts.Raw, what),
                TensorType.F32 => ProtoReader.Gather(file, parts.Floats, what),
                TensorType.F64 => ProtoReader.Gather(file, parts.Doubles, what),
                TensorType.I64 => (Narrow(file, parts.LongNumbers, elements, sizeof(long)), 0),
                _ => (Narrow(file, parts.Numbers, elements, type.Size()), 0),
            };
        if (data.Length != bytes)
            FormatError.Throw(file.Path, at, FormattableString.Invariant($"{what} of {type} {FormatError.Shape(sizes)} needs {bytes} bytes, but has {data.Length}; the file is damaged"));
        return new NamedTensor(parts.Name, type, sizes, data, offset, offset == 0 ? null : file);
    }

    private static TensorType? TypeOf(long dataType) => dataType switch
    {
        1 => TensorType.F32,
        2 => TensorType.U8,
        3 => TensorType.I8,
        5 => TensorType.I16,
        6 => TensorType.I32,
        7 => TensorType.I64,
        9 => TensorType.Bool,
        10 => TensorType.F16,
        11 => TensorType.F64,
        16 => TensorType.BF16,
        _ => null,
    };

    private static Parts ReadParts(ProtoReader message)
    {
        var parts = new Parts();
        while (message.Next())
        {
            switch (message.Field)
            {
                case 1:
                    message.Numbers(parts.Shape, TensorShape.MostDimensions);
                    break;
                case 2:
                    parts.DataType = message.Number();
                    break;
                case 4:
                    message.Elements(parts.Floats, sizeof(float));
                    break;
                case 5 or 7:
                    List<(long, long)> numbers = message.Field == 5 ? parts.Numbers : parts.LongNumbers;
                    if (message.Type == WireType.Bytes)
                        message.Elements(numbers, 1);
                    else
                        numbers.Add(message.NumberRange());
                    break;
                case 8:
                    parts.Name = message.Text();
                    break;
                case 9:
                    parts.Raw.Add(message.Bytes());
                    break;
                case 10:
                    message.Elements(parts.Doubles, sizeof(double));
                    break;
                case 13:
                    ReadEntry(message.Message(), parts);
                    break;
                case 14:
                    parts.IsExternal = message.Number() != 0;
                    break;
                default:
                    message.Skip();
                    break;
            }
        }
        return parts;
    }

    /// <summary>An entry of external_data: key 1, value 2.</summary>
    private static void ReadEntry(ProtoReader message, Parts parts)
    {
        (string key, string value) = message.StringEntry();
        switch (key)
        {
            case "location":
                // What other writers put before it means the same.
                parts.Location = value.StartsWith("./", StringComparison.Ordinal) ? value[2..] : value;
                break;
            case "offset":
                parts.ExternalOffset = value;
                break;
            case "length":
                parts.ExternalLength = value;
                break;
        }
    }

    private static NamedTensor ReadExternal(OnnxExternalData external, Parts parts, TensorType type, long[] sizes, long bytes, string what, long at)
    {
        long offset = Number(parts.ExternalOffset, "offset", 0), length = Number(parts.ExternalLength, "length", bytes);
        if (length != bytes)
            throw FormatError.At(external.Model.Path, at, FormattableString.Invariant($"{what} of {type} {FormatError.Shape(sizes)} needs {bytes} bytes, but {FormatError.Quote(parts.Location)} would hold {length} for it; the model is damaged"));
        FileBytes file = external.Open(parts.Location, what, at);
        ReadOnlyMemory<byte> data = file.Memory(offset, length, what);
        return new NamedTensor(parts.Name, type, sizes, data, offset, file);

        long Number(string? text, string field, long missing) => text is null ? missing
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value
            : throw FormatError.At(external.Model.Path, at, $"{what}: the {field} {FormatError.Quote(text)} of its data is no number; the model is damaged");
    }

    /// <summary>Elements that are written one by one as numbers; as many as there are, but none beyond <paramref name="elements"/> and one.</summary>
    private static byte[] Narrow(FileBytes file, List<(long Offset, long Length)> parts, long elements, int size)
    {
        // A number has a byte at least.
        long most = Math.Min(parts.Sum(part => part.Length), elements == long.MaxValue ? elements : elements + 1);
        if (most > Array.MaxLength / size)
            FormatError.Throw(file.Path, parts[0].Offset, FormattableString.Invariant($"{most} elements that are written one by one are not supported; write them as raw data"));
        byte[] bytes = new byte[most * size];
        Span<byte> number = stackalloc byte[sizeof(long)];
        int length = 0;
        foreach ((long offset, long count) in parts)
        {
            var packed = new ProtoReader(file, offset, offset + count);
            while (length < bytes.Length && packed.NextNumber(out long value))
            {
                BinaryPrimitives.WriteInt64LittleEndian(number, value);
                number[..size].CopyTo(bytes.AsSpan(length));
                length += size;
            }
        }
        return length == bytes.Length ? bytes : bytes[..length];
    }
}

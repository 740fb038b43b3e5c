using System.Text.Json;

namespace AlexNetSharp.Formats;

/// <summary>
/// Reads safetensors: 8 bytes of header length, a JSON header {name: {dtype, shape, data_offsets}}, then the tensors' bytes.
/// </summary>
/// <remarks>
/// Source of the format: https://github.com/huggingface/safetensors (README, "Format"). As there, the tensors must cover the data
/// exactly: no overlap, no gap, nothing behind.
/// </remarks>
internal static class SafetensorsReader
{
    /// <summary>Longest header accepted, the format's own limit.</summary>
    public const long LongestHeader = 100_000_000;

    /// <summary>A tensor as the header states it; offsets count from the end of the header.</summary>
    private record struct Entry(string Name, TensorType Type, long[] Shape, long Begin, long End, long HeaderOffset);

    /// <summary>Reads one file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static TensorFile Read(FileBytes file)
    {
        if (file.Length < 8)
            FormatError.Throw(file.Path, 0, "too short for any known format; is it a model file?");
        ulong length = file.UInt64(0, "the header length");
        if (length > LongestHeader || (long)length > file.Length - 8)
            FormatError.Throw(file.Path, 0, FormattableString.Invariant(
                $"as safetensors the header would have {length} bytes of a file of {file.Length}; it is cut short, or of no known format (safetensors, .pth, .caffemodel, .onnx, .npy)"));
        if (length < 2 || file.Byte(8, "the header") != (byte)'{')
            FormatError.Throw(file.Path, 8, "the header does not begin with '{'; the file is of no known format (safetensors, .pth, .caffemodel, .onnx, .npy)");

        var metadata = new Dictionary<string, string>();
        List<Entry> entries = ReadHeader(file, file.Span(8, (long)length, "the header"), metadata);
        long dataStart = 8 + (long)length;
        CheckCoverage(file, entries, dataStart);
        var tensors = new NamedTensor[entries.Count];
        for (int i = 0; i < tensors.Length; i++)
        {
            Entry e = entries[i];
            tensors[i] = new NamedTensor(e.Name, e.Type, e.Shape, file.Memory(dataStart + e.Begin, e.End - e.Begin, "tensor " + FormatError.Quote(e.Name)), dataStart + e.Begin, file);
        }
        return new TensorFile(file.Path, TensorFileFormat.Safetensors, tensors, metadata, file);
    }

    private static List<Entry> ReadHeader(FileBytes file, ReadOnlySpan<byte> header, Dictionary<string, string> metadata)
    {
        var entries = new List<Entry>();
        var names = new HashSet<string>();
        var json = new Utf8JsonReader(header, new JsonReaderOptions { MaxDepth = 4 });
        try
        {
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                long at = 8 + json.TokenStartIndex;
                string name = json.GetString()!;
                if (!names.Add(name))
                    FormatError.Throw(file.Path, at, $"the name {FormatError.Quote(name)} appears twice; names must differ");
                json.Read();
                if (json.TokenType != JsonTokenType.StartObject)
                    FormatError.Throw(file.Path, at, $"{FormatError.Quote(name)} is not an object; the header is damaged");
                if (name == "__metadata__")
                    ReadMetadata(file, ref json, metadata);
                else
                    entries.Add(ReadEntry(file, ref json, name, at));
            }
            while (json.Read())
            {
                // Reading on finds anything but spaces behind the header's object.
            }
            return entries;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw FormatError.At(file.Path, 8 + json.BytesConsumed, "the header is not valid JSON of the safetensors kind; the file is damaged");
        }
    }

    private static void ReadMetadata(FileBytes file, ref Utf8JsonReader json, Dictionary<string, string> metadata)
    {
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string key = json.GetString()!;
            json.Read();
            if (json.TokenType != JsonTokenType.String || !metadata.TryAdd(key, json.GetString()!))
                FormatError.Throw(file.Path, 8 + json.TokenStartIndex, $"__metadata__ {FormatError.Quote(key)} must be one text; the header is damaged");
        }
    }

    private static Entry ReadEntry(FileBytes file, ref Utf8JsonReader json, string name, long at)
    {
        TensorType? type = null;
        long[]? shape = null, offsets = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string key = json.GetString()!;
            json.Read();
            if (key == "dtype" && type is null && json.TokenType == JsonTokenType.String)
                type = ReadType(file, name, json.GetString()!, 8 + json.TokenStartIndex);
            else if (key == "shape" && shape is null)
                shape = ReadNumbers(file, ref json, name);
            else if (key == "data_offsets" && offsets is null)
                offsets = ReadNumbers(file, ref json, name);
            else
                FormatError.Throw(file.Path, 8 + json.TokenStartIndex, $"unexpected or repeated {FormatError.Quote(key)} of tensor {FormatError.Quote(name)}");
        }
        if (type is null || shape is null || offsets is not [long begin, long end])
            throw FormatError.At(file.Path, at, $"tensor {FormatError.Quote(name)} lacks dtype, shape or its two data_offsets");
        long bytes = TensorShape.Bytes(file.Path, at, name, TensorShape.Elements(file.Path, at, name, shape), type.Value);
        if (begin < 0 || end < begin || end - begin != bytes)
            FormatError.Throw(file.Path, at, FormattableString.Invariant(
                $"tensor {FormatError.Quote(name)} of {type} {FormatError.Shape(shape)} needs {bytes} bytes, but its data_offsets are [{begin}, {end}]"));
        return new Entry(name, type.Value, shape, begin, end, at);
    }

    private static TensorType ReadType(FileBytes file, string name, string text, long at) => text switch
    {
        "F32" => TensorType.F32,
        "F16" => TensorType.F16,
        "BF16" => TensorType.BF16,
        "F64" => TensorType.F64,
        "I64" => TensorType.I64,
        "I32" => TensorType.I32,
        "I16" => TensorType.I16,
        "I8" => TensorType.I8,
        "U8" => TensorType.U8,
        "BOOL" => TensorType.Bool,
        _ => throw FormatError.At(file.Path, at, $"tensor {FormatError.Quote(name)} has the type {FormatError.Quote(text)}; supported are F32, F16, BF16, F64 and integers"),
    };

    private static long[] ReadNumbers(FileBytes file, ref Utf8JsonReader json, string name)
    {
        var numbers = new List<long>();
        if (json.TokenType != JsonTokenType.StartArray)
            FormatError.Throw(file.Path, 8 + json.TokenStartIndex, $"shape and data_offsets of tensor {FormatError.Quote(name)} must be lists");
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out long number) || numbers.Count == TensorShape.MostDimensions)
                throw FormatError.At(file.Path, 8 + json.TokenStartIndex,
                    $"tensor {FormatError.Quote(name)}: shape and data_offsets hold at most {TensorShape.MostDimensions} whole numbers below 2⁶³");
            numbers.Add(number);
        }
        return [.. numbers];
    }

    /// <summary>Every byte behind the header must belong to exactly one tensor.</summary>
    private static void CheckCoverage(FileBytes file, List<Entry> entries, long dataStart)
    {
        long covered = 0;
        foreach (Entry e in entries.OrderBy(e => e.Begin).ThenBy(e => e.End))
        {
            if (e.Begin != covered)
                FormatError.Throw(file.Path, e.HeaderOffset, FormattableString.Invariant(
                    $"the data of tensor {FormatError.Quote(e.Name)} begins at {e.Begin} where {covered} was expected: tensors must not overlap or leave gaps"));
            covered = e.End;
        }
        if (covered != file.Length - dataStart)
            FormatError.Throw(file.Path, dataStart, FormattableString.Invariant(
                $"the tensors need {covered} bytes of data, the file has {file.Length - dataStart}; it is cut short or damaged, copy or download it again"));
    }
}

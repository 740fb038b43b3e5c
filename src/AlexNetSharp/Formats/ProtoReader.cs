using System.Text;

namespace AlexNetSharp.Formats;

/// <summary>How the value of a protobuf field is written.</summary>
internal enum WireType
{
    /// <summary>A number in groups of seven bits.</summary>
    Varint = 0,

    /// <summary>Eight bytes.</summary>
    Fixed64 = 1,

    /// <summary>A length, then that many bytes: text, a message, packed numbers.</summary>
    Bytes = 2,

    /// <summary>Four bytes.</summary>
    Fixed32 = 5,
}

/// <summary>Walks the fields of a protobuf message where it lies in the file; copies nothing, and never reads beyond its message.</summary>
/// <remarks>
/// Caffe and ONNX need a dozen field numbers, and the tensors can stay where they are: a parser that builds objects would hold the
/// weights twice and could not say at which byte a fault lies. Source of the format: https://protobuf.dev/programming-guides/encoding/.
/// </remarks>
internal ref struct ProtoReader
{
    /// <summary>More layers, nodes or tensors than any network here has. An object for one takes some fifty times the two bytes of an empty message.</summary>
    public const int MostParts = 100_000;

    private readonly FileBytes _file;
    private readonly long _end;
    private long _at;

    /// <summary>Reads the message in bytes [start, end).</summary>
    public ProtoReader(FileBytes file, long start, long end) => (_file, _at, _end) = (file, start, end);

    /// <summary>Number of the current field.</summary>
    public int Field { get; private set; }

    /// <summary>How the current field is written.</summary>
    public WireType Type { get; private set; }

    /// <summary>What is left of the message: its first byte and the one behind it.</summary>
    public readonly (long Start, long End) Range => (_at, _end);

    /// <summary>Where the current field begins in the file.</summary>
    public long Offset { get; private set; }

    /// <summary>Goes to the next field; a field that was not read is skipped by <see cref="Skip"/> only, so callers must do one of them.</summary>
    /// <returns>False at the end of the message.</returns>
    /// <exception cref="InvalidDataException">The message is damaged.</exception>
    public bool Next()
    {
        if (_at == _end)
            return false;
        Offset = _at;
        ulong tag = Varint();
        Type = (WireType)(tag & 7);
        if (tag >> 3 is 0 or > 536_870_911 || Type is not (WireType.Varint or WireType.Fixed64 or WireType.Bytes or WireType.Fixed32))
            throw Fault(FormattableString.Invariant($"no protobuf field can begin with {tag}; the file is damaged or of another format"));
        Field = (int)(tag >> 3);
        return true;
    }

    /// <summary>The value of a field written as <see cref="WireType.Varint"/>.</summary>
    /// <exception cref="InvalidDataException">The field is of another kind or cut short.</exception>
    public long Number()
    {
        Expect(WireType.Varint);
        return (long)Varint();
    }

    /// <summary>The place of the bytes of a field written as <see cref="WireType.Varint"/>.</summary>
    /// <exception cref="InvalidDataException">The field is of another kind or cut short.</exception>
    public (long Offset, long Length) NumberRange()
    {
        Expect(WireType.Varint);
        long start = _at;
        Varint();
        return (start, _at - start);
    }

    /// <summary>The value of a field written as <see cref="WireType.Fixed32"/>, as a float.</summary>
    /// <exception cref="InvalidDataException">The field is of another kind or cut short.</exception>
    public float Float()
    {
        Expect(WireType.Fixed32);
        Require(sizeof(float));
        float value = BitConverter.UInt32BitsToSingle(_file.UInt32(_at, "a number"));
        _at += sizeof(float);
        return value;
    }

    /// <summary>The place of a field written as <see cref="WireType.Bytes"/>.</summary>
    /// <exception cref="InvalidDataException">The field is of another kind, or reaches beyond its message.</exception>
    public (long Offset, long Length) Bytes()
    {
        Expect(WireType.Bytes);
        ulong length = Varint();
        if (length > (ulong)(_end - _at))
            throw Fault(FormattableString.Invariant($"field {Field} would have {length} bytes, but its message has only {_end - _at} left; the file is cut short or damaged"));
        long start = _at;
        _at += (long)length;
        return (start, (long)length);
    }

    /// <summary>The message in the current field.</summary>
    /// <inheritdoc cref="Bytes"/>
    public ProtoReader Message()
    {
        (long start, long length) = Bytes();
        return new ProtoReader(_file, start, start + length);
    }

    /// <summary>The message in the current field, a layer, node or tensor.</summary>
    /// <param name="parts">Counts them.</param>
    /// <exception cref="InvalidDataException">The field is damaged, or there are more than <see cref="MostParts"/>.</exception>
    public ProtoReader Part(ref int parts)
    {
        if (++parts > MostParts)
            throw Fault(FormattableString.Invariant($"the file holds more than {MostParts} layers, nodes and tensors; it is damaged or no AlexNet"));
        return Message();
    }

    /// <summary>The next of the numbers that a message of nothing but packed numbers holds.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="InvalidDataException">The number is damaged.</exception>
    public bool NextNumber(out long number)
    {
        Offset = _at;
        number = _at < _end ? (long)Varint() : 0;
        return Offset < _end;
    }

    /// <summary>The text in the current field.</summary>
    /// <inheritdoc cref="Bytes"/>
    public string Text()
    {
        (long start, long length) = Bytes();
        return Encoding.UTF8.GetString(_file.Span(start, length, "a text"));
    }

    /// <summary>Appends the numbers of the current field, which may be a single one or packed ones.</summary>
    /// <exception cref="InvalidDataException">The field is damaged, or there are more numbers than <paramref name="most"/>.</exception>
    public void Numbers(List<long> numbers, int most)
    {
        if (Type == WireType.Varint)
        {
            numbers.Add(Number());
        }
        else
        {
            ProtoReader packed = Message();
            while (packed._at < packed._end && numbers.Count <= most)
                numbers.Add((long)packed.Varint());
        }
        if (numbers.Count > most)
            throw Fault(FormattableString.Invariant($"field {Field} holds more than {most} numbers; the file is damaged"));
    }

    /// <summary>Notes where the elements of the current field lie: packed ones, or a single one.</summary>
    /// <param name="parts">Receives the place.</param>
    /// <param name="size">Bytes of an element: 4 or 8.</param>
    /// <exception cref="InvalidDataException">The field is damaged.</exception>
    public void Elements(List<(long Offset, long Length)> parts, int size)
    {
        if (Type != WireType.Bytes)
        {
            Expect(size == 4 ? WireType.Fixed32 : WireType.Fixed64);
            Require(size);
            parts.Add((_at, size));
            _at += size;
            return;
        }
        (long start, long length) = Bytes();
        if (length % size != 0)
            throw Fault(FormattableString.Invariant($"field {Field} of {length} bytes cannot hold elements of {size} bytes; the file is damaged"));
        if (length > 0)
            parts.Add((start, length));
    }

    /// <summary>Reads the rest of the message as an entry of texts, ONNX's StringStringEntryProto: key 1, value 2; empty where they are missing.</summary>
    public (string Key, string Value) StringEntry()
    {
        string key = "", value = "";
        while (Next())
        {
            if (Field == 1)
                key = Text();
            else if (Field == 2)
                value = Text();
            else
                Skip();
        }
        return (key, value);
    }

    /// <summary>Passes over the current field.</summary>
    /// <exception cref="InvalidDataException">The field is cut short.</exception>
    public void Skip()
    {
        switch (Type)
        {
            case WireType.Varint:
                Varint();
                break;
            case WireType.Bytes:
                Bytes();
                break;
            default:
                int size = Type == WireType.Fixed32 ? 4 : 8;
                Require(size);
                _at += size;
                break;
        }
    }

    /// <summary>The bytes in <paramref name="parts"/>: in place if they are one piece, otherwise gathered.</summary>
    /// <returns>The bytes, and where they lie; offset 0 if they had to be gathered.</returns>
    public static (ReadOnlyMemory<byte> Bytes, long Offset) Gather(FileBytes file, List<(long Offset, long Length)> parts, string what)
    {
        if (parts.Count == 0)
            return default;
        if (parts is [(long offset, long length)])
            return (file.Memory(offset, length, what), offset);
        long total = parts.Sum(part => part.Length);
        if (total > Array.MaxLength)
            FormatError.Throw(file.Path, parts[0].Offset, FormattableString.Invariant($"{what} has {total} bytes; at most {Array.MaxLength} are supported"));
        byte[] gathered = new byte[total];
        int at = 0;
        foreach ((long start, long count) in parts)
        {
            file.Span(start, count, what).CopyTo(gathered.AsSpan(at));
            at += (int)count;
        }
        return (gathered, 0);
    }

    private readonly InvalidDataException Fault(string message) => FormatError.At(_file.Path, Offset, message);

    private readonly void Expect(WireType type)
    {
        if (Type != type)
            throw Fault(FormattableString.Invariant($"field {Field} is written as {Type} where {type} was expected; the file is damaged or of another format"));
    }

    private readonly void Require(int bytes)
    {
        if (_end - _at < bytes)
            throw Fault(FormattableString.Invariant($"field {Field} is cut short; copy or download the file again"));
    }

    private ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (_at == _end)
                throw Fault("a number is cut short by the end of its message; the file is damaged");
            byte b = _file.Byte(_at++, "a number");
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                return value;
        }
        throw Fault("a number has more than ten bytes; the file is damaged or of another format");
    }
}

using System.Buffers.Binary;
using System.Text;

namespace AlexNetSharp.Formats;

/// <summary>
/// Reads a pickle into plain values and tensors. It knows a closed list of names, and calls nothing; what it does not know stays unbuilt.
/// </summary>
/// <remarks>
/// A pickle is a program for a stack machine that may name any function of Python and call it. Here a name that is not on the list becomes
/// a <see cref="PickleOpaque"/>, and so does everything made of it: checkpoints hold options, counters and dates beside their tensors, and
/// only a tensor that depends on such a value is an error. Other values: null, bool, long, double, string, byte[],
/// List&lt;object?&gt; (list), object?[] (tuple), <see cref="PickleDictionary"/>, <see cref="PickleStorage"/>, <see cref="PickleTensor"/>,
/// <see cref="PickleGlobal"/>. An opcode makes at most one value, but one of a single byte makes a list of some sixty: opcodes are counted.
/// Source of the opcodes: CPython, Lib/pickletools.py; of the names: PyTorch, torch/serialization.py and torch/_utils.py.
/// </remarks>
internal ref struct PickleReader
{
    private const string OrderedDict = "collections.OrderedDict", DefaultDict = "collections.defaultdict", Size = "torch.Size";
    private const string RebuildParameter = "torch._utils._rebuild_parameter", RebuildParameterWithState = "torch._utils._rebuild_parameter_with_state";
    private const string RebuildTensor = "torch._utils._rebuild_tensor", RebuildTensor2 = "torch._utils._rebuild_tensor_v2";

    /// <summary>A tensor takes about thirty.</summary>
    private const int MostOpcodes = 1_000_000;

    private readonly string _path;
    private readonly long _offset;
    private readonly ReadOnlySpan<byte> _data;
    private readonly List<object?> _stack = [];
    private readonly Stack<int> _marks = new();
    private readonly Dictionary<long, object?> _memo = [];
    private int _at;
    private int _opcodeAt;

    /// <summary>Prepares to read.</summary>
    /// <param name="path">Name of the file, for messages.</param>
    /// <param name="offset">Where the data lies in the file, for messages.</param>
    /// <param name="data">The pickle; what follows its end is left alone.</param>
    public PickleReader(string path, long offset, ReadOnlySpan<byte> data)
    {
        _path = path;
        _offset = offset;
        _data = data;
    }

    /// <summary>Every storage that the pickle refers to.</summary>
    public List<PickleStorage> Storages { get; } = [];

    /// <summary>Bytes read so far.</summary>
    public readonly int Position => _at;

    /// <summary>Runs the pickle to its end and returns its value.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or longer than a file of tensors needs.</exception>
    public object? Read()
    {
        for (int count = 1; ; count++)
        {
            _opcodeAt = _at;
            if (count > MostOpcodes)
                throw Fault(FormattableString.Invariant(
                    $"a pickle of more than {MostOpcodes} opcodes is refused; save only the state dict: torch.save(model.state_dict(), path)"));
            byte opcode = Take(1)[0];
            switch (opcode)
            {
                case (byte)'.': return Pop();
                case 0x80: Protocol(Take(1)[0]); break;
                case 0x95: Take(8); break; // FRAME: only a hint for buffering
                case (byte)'N': _stack.Add(null); break;
                case 0x88: _stack.Add(true); break;
                case 0x89: _stack.Add(false); break;
                case (byte)'J': _stack.Add((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4))); break;
                case (byte)'K': _stack.Add((long)Take(1)[0]); break;
                case (byte)'M': _stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); break;
                case 0x8a: _stack.Add(Long(Take(Take(1)[0]))); break;
                case 0x8b: _stack.Add(Long(Take(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))))); break;
                case (byte)'G': _stack.Add(BinaryPrimitives.ReadDoubleBigEndian(Take(8))); break;
                case (byte)'X': _stack.Add(Text(Take(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))))); break;
                case 0x8c: _stack.Add(Text(Take(Take(1)[0]))); break;
                case 0x8d: _stack.Add(Text(Take(BinaryPrimitives.ReadUInt64LittleEndian(Take(8))))); break;
                case (byte)'T': _stack.Add(Text(Take(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))))); break;
                case (byte)'U': _stack.Add(Text(Take(Take(1)[0]))); break;
                case (byte)'B': _stack.Add(Take(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))).ToArray()); break;
                case (byte)'C': _stack.Add(Take(Take(1)[0]).ToArray()); break;
                case 0x8e or 0x96: _stack.Add(Take(BinaryPrimitives.ReadUInt64LittleEndian(Take(8))).ToArray()); break;
                case (byte)']': _stack.Add(new List<object?>()); break;
                case (byte)'}': _stack.Add(new PickleDictionary()); break;
                case (byte)')': _stack.Add(Array.Empty<object?>()); break;
                case (byte)'(': _marks.Push(_stack.Count); break;
                case (byte)'t': _stack.Add(PopToMark()); break;
                case 0x85: _stack.Add(PopMany(1)); break;
                case 0x86: _stack.Add(PopMany(2)); break;
                case 0x87: _stack.Add(PopMany(3)); break;
                case (byte)'a': Append([Pop()]); break;
                case (byte)'e': Append(PopToMark()); break;
                case (byte)'s': SetItems(PopMany(2)); break;
                case (byte)'u': SetItems(PopToMark()); break;
                case (byte)'0': Pop(); break;
                case (byte)'1': PopToMark(); break;
                case (byte)'2': _stack.Add(Top()); break;
                case (byte)'q': _memo[Take(1)[0]] = Top(); break;
                case (byte)'r': _memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = Top(); break;
                case 0x94: _memo[_memo.Count] = Top(); break;
                case (byte)'h': _stack.Add(Memo(Take(1)[0])); break;
                case (byte)'j': _stack.Add(Memo(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))); break;
                case (byte)'c': _stack.Add(Global(Line(), Line())); break;
                case 0x93: StackGlobal(); break;
                case (byte)'Q': _stack.Add(Storage(Pop())); break;
                case (byte)'R': Call(); break;
                case (byte)'b': Build(); break;
                case 0x8f: _stack.Add(Opaque("a set")); break;
                case 0x90: PopToMark(); Top(); break; // ADDITEMS to that set
                case 0x91: PopToMark(); _stack.Add(Opaque("a set")); break;
                case 0x81: New(PopMany(2)[0]); break;
                case 0x92: New(PopMany(3)[0]); break;
                case (byte)'i': PopToMark(); New(Global(Line(), Line())); break;
                case (byte)'o': New(PopToMark().FirstOrDefault()); break;
                default:
                    throw Fault(FormattableString.Invariant(
                        $"pickle opcode 0x{opcode:x2} is not needed for tensors and is refused; save only the state dict: torch.save(model.state_dict(), path)"));
            }
        }
    }

    /// <summary>The error for a fault at the current opcode.</summary>
    private readonly InvalidDataException Fault(string message) => FormatError.At(_path, _offset + _opcodeAt, message);

    private ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)(_data.Length - _at))
            throw Fault("the pickle ends in the middle of an opcode; the file is cut short or damaged");
        ReadOnlySpan<byte> taken = _data.Slice(_at, (int)count);
        _at += (int)count;
        return taken;
    }

    private readonly void Protocol(byte protocol)
    {
        if (protocol is < 2 or > 5)
            throw Fault(FormattableString.Invariant($"pickle protocol {protocol} is not supported; torch.save uses 2"));
    }

    private readonly object? Top() => _stack.Count > (_marks.Count > 0 ? _marks.Peek() : 0)
        ? _stack[^1]
        : throw Fault("the pickle takes a value that is not there; the file is damaged");

    private readonly object? Pop()
    {
        object? value = Top();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private readonly object?[] PopMany(int count)
    {
        object?[] values = new object?[count];
        for (int i = count - 1; i >= 0; i--)
            values[i] = Pop();
        return values;
    }

    private readonly object?[] PopToMark()
    {
        if (!_marks.TryPop(out int mark))
            throw Fault("the pickle closes what it did not open; the file is damaged");
        object?[] values = [.. _stack.Skip(mark)];
        _stack.RemoveRange(mark, _stack.Count - mark);
        return values;
    }

    private readonly void Append(object?[] values)
    {
        if (Top() is List<object?> list)
            list.AddRange(values);
        else if (Top() is not PickleOpaque)
            throw Fault("the pickle appends to something that is no list; the file is damaged");
    }

    private readonly void SetItems(object?[] values)
    {
        if (Top() is PickleOpaque)
            return;
        if (Top() is not PickleDictionary dictionary || values.Length % 2 != 0)
            throw Fault("the pickle sets items of something that is no dictionary; the file is damaged");
        for (int i = 0; i < values.Length; i += 2)
            dictionary.Items.Add((values[i], values[i + 1], _offset + _opcodeAt));
    }

    private readonly object? Memo(long index) => _memo.TryGetValue(index, out object? value)
        ? value
        : throw Fault("the pickle recalls a value that it never kept; the file is damaged");

    private readonly object Long(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 8)
            return Opaque("a number beyond 64 bits");
        long value = 0;
        for (int i = bytes.Length - 1; i >= 0; i--)
            value = i == bytes.Length - 1 ? (sbyte)bytes[i] : value << 8 | bytes[i];
        return value;
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private string Line()
    {
        int length = _data[_at..].IndexOf((byte)'\n');
        if (length < 0)
            throw Fault("a name in the pickle has no end; the file is damaged");
        string line = Text(Take((ulong)length));
        _at++;
        return line;
    }

    private readonly void StackGlobal()
    {
        if (PopMany(2) is not [string module, string name])
            throw Fault("the pickle builds a name from something that is no text; it is refused");
        _stack.Add(Global(module, name));
    }

    /// <summary>A name of the list, or an opaque value for any other.</summary>
    private readonly object Global(string module, string name)
    {
        string full = module + "." + name;
        return full is OrderedDict or DefaultDict or Size or RebuildParameter or RebuildParameterWithState or RebuildTensor or RebuildTensor2 || StorageType(full) is not null
            ? new PickleGlobal(full)
            : Opaque(FormatError.Quote(full));
    }

    private readonly PickleOpaque Opaque(string what) => new(what, _offset + _opcodeAt);

    /// <summary>An object of a class: a dictionary for the classes that are dictionaries, and for every other something opaque.</summary>
    private readonly void New(object? type) => _stack.Add(type switch
    {
        PickleOpaque unknown => unknown,
        PickleGlobal { Name: OrderedDict or DefaultDict } => new PickleDictionary(),
        PickleGlobal known => Opaque(FormatError.Quote(known.Name)),
        _ => throw Fault("the pickle makes an object of something that is no class; the file is damaged"),
    });

    private static TensorType? StorageType(string name) => name switch
    {
        "torch.FloatStorage" => TensorType.F32,
        "torch.HalfStorage" => TensorType.F16,
        "torch.BFloat16Storage" => TensorType.BF16,
        "torch.DoubleStorage" => TensorType.F64,
        "torch.LongStorage" => TensorType.I64,
        "torch.IntStorage" => TensorType.I32,
        "torch.ShortStorage" => TensorType.I16,
        "torch.CharStorage" => TensorType.I8,
        "torch.ByteStorage" => TensorType.U8,
        "torch.BoolStorage" => TensorType.Bool,
        _ => null,
    };

    /// <summary>A persistent id: ('storage', type, key, device, elements), before PyTorch 1.6 with a sixth part for views.</summary>
    private readonly object Storage(object? id)
    {
        if (id is not object?[] { Length: 5 or 6 } parts || parts[0] is not "storage" || parts[1] is not PickleGlobal type
            || StorageType(type.Name) is not { } elementType || parts[2] is not string key || parts[4] is not long elements || elements < 0)
            return FirstOpaque(id as object?[]) ?? Opaque("something outside that is no storage of numbers");
        if (parts.Length == 6 && parts[5] is not null)
            return Opaque("a storage that is a view of another (PyTorch before 0.4)");
        var storage = new PickleStorage(key, elementType, elements, _offset + _opcodeAt);
        Storages.Add(storage);
        return storage;
    }

    private readonly void Call()
    {
        object?[] call = PopMany(2);
        if (call[0] is not (PickleGlobal or PickleOpaque))
            throw Fault("the pickle calls something that is no function; the file is damaged");
        _stack.Add((call[0], call[1]) switch
        {
            (PickleOpaque unknown, _) => unknown,
            (PickleGlobal { Name: OrderedDict }, object?[] and []) or (PickleGlobal { Name: DefaultDict }, object?[] and ([] or [_])) => new PickleDictionary(),
            (PickleGlobal { Name: OrderedDict }, object?[] and [List<object?> pairs]) => Dictionary(pairs),
            (PickleGlobal { Name: Size }, object?[] and [object?[] sizes]) => sizes,
            (PickleGlobal { Name: RebuildParameter or RebuildParameterWithState }, object?[] and [PickleTensor tensor, ..]) => tensor,
            (PickleGlobal { Name: RebuildTensor or RebuildTensor2 }, object?[] and [PickleStorage storage, long first, object?[] sizes, object?[] strides, ..]) =>
                FirstOpaque(sizes) ?? FirstOpaque(strides) ?? (object)new PickleTensor(storage, first, Numbers(sizes), Numbers(strides), _offset + _opcodeAt),
            (PickleGlobal known, var arguments) => FirstOpaque(arguments as object?[]) ?? Opaque($"a call of {FormatError.Quote(known.Name)} with arguments that do not fit"),
            _ => throw new InvalidOperationException(),
        });
    }

    private static PickleOpaque? FirstOpaque(object?[]? values) => values?.OfType<PickleOpaque>().FirstOrDefault();

    /// <summary>An OrderedDict as Python 2 wrote it: from a list of pairs.</summary>
    private readonly object Dictionary(List<object?> pairs)
    {
        var dictionary = new PickleDictionary();
        foreach (object? pair in pairs)
        {
            (object? key, object? value)? item = pair switch
            {
                List<object?> and [var k, var v] => (k, v),
                object?[] and [var k, var v] => (k, v),
                _ => null,
            };
            if (item is null)
                return Opaque($"a call of {FormatError.Quote(OrderedDict)} with arguments that do not fit");
            dictionary.Items.Add((item.Value.key, item.Value.value, _offset + _opcodeAt));
        }
        return dictionary;
    }

    private readonly long[] Numbers(object?[] values)
    {
        // One long list of sizes could serve any number of tensors: memory would grow with the square of the file.
        if (values.Length > TensorShape.MostDimensions)
            throw Fault(FormattableString.Invariant($"a tensor has {values.Length} dimensions; at most {TensorShape.MostDimensions} are supported"));
        long[] numbers = new long[values.Length];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = values[i] is long number ? number : throw Fault("a tensor's size is no whole number; the file is damaged");
        return numbers;
    }

    /// <summary>Attributes set on an object; an OrderedDict carries its "_metadata" so, which tensors do not need.</summary>
    private readonly void Build()
    {
        Pop();
        if (Top() is not (PickleDictionary or PickleOpaque))
            throw Fault("the pickle sets attributes of something that has none; the file is damaged");
    }
}

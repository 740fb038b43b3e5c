namespace AlexNetSharp.Formats;

/// <summary>
/// Reads what torch.save writes: since PyTorch 1.6 a zip of one pickle (data.pkl) and a file for each storage, before that pickles with
/// the storages behind them. The value is a state dict, or a checkpoint dictionary that holds one.
/// </summary>
/// <remarks>Source of the format: PyTorch, torch/serialization.py.</remarks>
internal static class PyTorchReader
{
    private const long LongestPickle = 64 << 20;
    private const int DeepestStateDict = 3;

    // Where training programs keep the state dict, in the order in which they are tried.
    private static readonly string[] s_stateDictKeys = ["state_dict", "model_state_dict", "model", "net", "network", "module", "weights", "params"];

    /// <summary>The first bytes of a file from before 1.6: a pickle of the number 0x1950a86a20f9469cfc6c.</summary>
    public static ReadOnlySpan<byte> LegacyMagic => [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.'];

    /// <summary>Reads a zip as PyTorch writes it since 1.6.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, holds no tensors, or does more than hold tensors.</exception>
    public static TensorFile Read(FileBytes file)
    {
        var zip = new ZipDirectory(file);
        if (zip.Entries.Any(entry => entry.Name.EndsWith("/constants.pkl", StringComparison.Ordinal)))
            FormatError.Throw(file.Path, 0, "this is a TorchScript program; save its state dict: torch.save(torch.jit.load(path).state_dict(), other)");
        ZipEntry[] pickles = [.. zip.Entries.Where(entry => entry.Name.EndsWith("/data.pkl", StringComparison.Ordinal))];
        if (pickles is not [ZipEntry pickle])
            throw FormatError.At(file.Path, 0, zip.Entries.Any(entry => entry.Name.EndsWith(".npy", StringComparison.Ordinal))
                ? "this is a .npz of NumPy arrays; save them as safetensors: safetensors.numpy.save_file(dict(numpy.load(path)), other)"
                : "the zip holds no data.pkl, or several; only files written by torch.save are supported (unpack an archive first)");
        if (pickle.Length > LongestPickle)
            FormatError.Throw(file.Path, pickle.DataOffset, FormattableString.Invariant($"a pickle of {pickle.Length} bytes is refused; at most {LongestPickle} are supported"));
        string folder = pickle.Name[..^"data.pkl".Length];
        if (zip.Find(folder + "byteorder") is { } order && !zip.Read(order).Span.SequenceEqual("little"u8))
            FormatError.Throw(file.Path, order.DataOffset, "the file was saved on a big-endian machine; load and save it on a little-endian one");

        object? root = new PickleReader(file.Path, pickle.DataOffset, zip.Read(pickle).Span).Read();
        var storages = new Dictionary<string, (ReadOnlyMemory<byte> Bytes, long Offset)>();
        return Gather(file, root, pickle.DataOffset, storage =>
        {
            if (storages.TryGetValue(storage.Key, out (ReadOnlyMemory<byte>, long) known))
                return known;
            ZipEntry entry = zip.Find($"{folder}data/{storage.Key}")
                ?? throw FormatError.At(file.Path, storage.Offset, $"the pickle refers to storage {FormatError.Quote(storage.Key)}, which the zip does not hold; the file is damaged");
            return storages[storage.Key] = (zip.Read(entry), entry.Method == 0 ? entry.DataOffset : 0);
        });
    }

    /// <summary>Reads a file from before 1.6: magic, protocol, system, value and list of storages as pickles, then the storages.</summary>
    /// <inheritdoc cref="Read"/>
    public static TensorFile ReadLegacy(FileBytes file)
    {
        long at = LegacyMagic.Length;
        if (ReadPickle(file, ref at, out _) is not 1001L)
            FormatError.Throw(file.Path, LegacyMagic.Length, "unknown version of PyTorch's old format; load and save the file with a newer PyTorch");
        if (ReadPickle(file, ref at, out _) is not PickleDictionary system
            || system.Items.Any(item => item is { Key: "little_endian", Value: not true }))
            FormatError.Throw(file.Path, LegacyMagic.Length, "the file was saved on a big-endian machine; load and save it on a little-endian one");
        long rootAt = at;
        object? root = ReadPickle(file, ref at, out List<PickleStorage> announced);
        if (root is PickleOpaque)
            throw NoTensors(file.Path, root, rootAt);
        if (ReadPickle(file, ref at, out _) is not List<object?> keys)
            throw FormatError.At(file.Path, at, "the list of storages is missing; the file is damaged");

        // Storages do not state their type here, only where the value refers to them.
        var byKey = new Dictionary<string, PickleStorage>();
        foreach (PickleStorage storage in announced)
            byKey.TryAdd(storage.Key, storage);
        var storages = new Dictionary<string, (ReadOnlyMemory<byte> Bytes, long Offset)>();
        foreach (object? key in keys)
        {
            if (key is not string name || !byKey.TryGetValue(name, out PickleStorage? storage))
                throw FormatError.At(file.Path, at, "the list of storages names one that nothing refers to; the file is damaged");
            long elements = (long)file.UInt64(at, "a storage's length");
            if (elements != storage.Elements)
                FormatError.Throw(file.Path, at, FormattableString.Invariant($"storage {FormatError.Quote(name)} has {elements} elements where {storage.Elements} were announced; the file is damaged"));
            long bytes = TensorShape.Bytes(file.Path, at, name, elements, storage.Type);
            if (!storages.TryAdd(name, (file.Memory(at + 8, bytes, "storage " + FormatError.Quote(name)), at + 8)))
                FormatError.Throw(file.Path, at, $"storage {FormatError.Quote(name)} appears twice; the file is damaged");
            at += 8 + bytes;
        }
        return Gather(file, root, rootAt, storage => storages.TryGetValue(storage.Key, out (ReadOnlyMemory<byte>, long) found)
            ? found
            : throw FormatError.At(file.Path, storage.Offset, $"the pickle refers to storage {FormatError.Quote(storage.Key)}, which the file does not hold; the file is damaged"));
    }

    private static object? ReadPickle(FileBytes file, ref long at, out List<PickleStorage> storages)
    {
        var reader = new PickleReader(file.Path, at, file.Span(at, Math.Min(LongestPickle, file.Length - at), "a pickle"));
        object? value = reader.Read();
        at += reader.Position;
        storages = reader.Storages;
        return value;
    }

    private static TensorFile Gather(FileBytes file, object? root, long rootAt, Func<PickleStorage, (ReadOnlyMemory<byte> Bytes, long Offset)> bytesOf)
    {
        PickleDictionary state = FindStateDict(root, 0)
            ?? throw NoTensors(file.Path, root, rootAt);
        RefuseUnbuilt(file.Path, state);
        List<(string Name, PickleTensor Tensor, long Offset)> found = [.. Tensors(state)];
        var tensors = new List<NamedTensor>();
        var names = new HashSet<string>();
        foreach ((string name, PickleTensor tensor, long offset) in found)
        {
            if (!names.Add(name))
                FormatError.Throw(file.Path, offset, $"the name {FormatError.Quote(name)} appears twice; names must differ");
            tensors.Add(View(file, name, tensor, bytesOf(tensor.Storage)));
        }
        return new TensorFile(file.Path, TensorFileFormat.PyTorch, tensors, [], file) { Layers = TensorLayer.InOrder(tensors) };
    }

    private static InvalidDataException NoTensors(string path, object? root, long rootAt)
    {
        PickleOpaque? unbuilt = root as PickleOpaque ?? (root as PickleDictionary)?.Items
            .OrderByDescending(item => item.Key is string key && s_stateDictKeys.Contains(key)).Select(item => item.Value).OfType<PickleOpaque>().FirstOrDefault();
        return FormatError.At(path, unbuilt?.Offset ?? rootAt, unbuilt is null
            ? "the file holds no dictionary of named tensors; save one: torch.save(model.state_dict(), path)"
            : $"the file holds no dictionary of named tensors, but {unbuilt.What}, which is never built here; save the state dict: torch.save(model.state_dict(), path)");
    }

    /// <summary>What lies beside the tensors of a state dict may stay unbuilt, but not one of the tensors.</summary>
    private static void RefuseUnbuilt(string path, PickleDictionary state)
    {
        foreach ((object? key, object? value, long offset) in state.Items)
        {
            if (key is not string name)
                continue;
            if (name.EndsWith("._packed_params", StringComparison.Ordinal))
                FormatError.Throw(path, offset, $"{FormatError.Quote(name)} belongs to a quantized model, which is not supported; save the model as it was before quantization");
            if (value is PickleOpaque unbuilt && IsParameterName(name))
                FormatError.Throw(path, unbuilt.Offset, $"tensor {FormatError.Quote(name)} depends on {unbuilt.What}, which is not supported; save plain tensors: {{k: v.detach().cpu() for k, v in model.state_dict().items()}}");
        }
    }

    private static bool IsParameterName(string name) => name.EndsWith("weight", StringComparison.Ordinal) || name.EndsWith("bias", StringComparison.Ordinal);

    private static NamedTensor View(FileBytes file, string name, PickleTensor tensor, (ReadOnlyMemory<byte> Bytes, long Offset) storage)
    {
        TensorType type = tensor.Storage.Type;
        long elements = TensorShape.Elements(file.Path, tensor.Offset, name, tensor.Shape);
        Int128 last = tensor.First;
        bool fits = tensor.First >= 0 && tensor.First <= tensor.Storage.Elements && tensor.Strides.Length == tensor.Shape.Length && tensor.Strides.All(stride => stride >= 0);
        for (int d = 0; fits && d < tensor.Shape.Length; d++)
            last += (Int128)Math.Max(0, tensor.Shape[d] - 1) * tensor.Strides[d];
        // A view larger than its storage repeats elements; a few bytes could claim any amount of memory so.
        if (!fits || elements > tensor.Storage.Elements || (elements > 0 && last >= tensor.Storage.Elements)
            || (Int128)tensor.Storage.Elements * type.Size() > storage.Bytes.Length)
            FormatError.Throw(file.Path, tensor.Offset, FormattableString.Invariant(
                $"tensor {FormatError.Quote(name)} of shape {FormatError.Shape(tensor.Shape)} does not lie within its storage of {tensor.Storage.Elements} elements ({storage.Bytes.Length} bytes); the file is damaged"));
        int size = type.Size();
        ReadOnlyMemory<byte> bytes = elements == 0
            ? ReadOnlyMemory<byte>.Empty
            : storage.Bytes[(int)(tensor.First * size)..(int)((long)(last + 1) * size)];
        return storage.Offset == 0
            ? new NamedTensor(name, type, tensor.Shape, bytes, 0, null, tensor.Strides)
            : new NamedTensor(name, type, tensor.Shape, bytes, storage.Offset + tensor.First * size, file, tensor.Strides);
    }

    private static PickleDictionary? FindStateDict(object? value, int depth)
    {
        if (value is not PickleDictionary dictionary || depth == DeepestStateDict)
            return null;
        // A checkpoint may hold tensors of its own (PyTorch's ImageNet example keeps the best accuracy so): look inside first.
        foreach (string key in s_stateDictKeys)
        {
            // Only the last of equal keys counts, as in Python; looking into each would take time without bound.
            int last = dictionary.Items.FindLastIndex(item => item.Key is string text && text == key);
            if (last >= 0 && FindStateDict(dictionary.Items[last].Value, depth + 1) is { } found)
                return found;
        }
        return dictionary.Items.Exists(item => item.Key is string name && (item.Value is PickleTensor || item.Value is PickleOpaque && IsParameterName(name))) ? dictionary : null;
    }

    private static IEnumerable<(string Name, PickleTensor Tensor, long Offset)> Tensors(PickleDictionary dictionary)
    {
        foreach ((object? key, object? value, long offset) in dictionary.Items)
        {
            if (key is string name && value is PickleTensor tensor)
                yield return (name, tensor, offset);
        }
    }
}

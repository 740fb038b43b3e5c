namespace AlexNetSharp.Formats;

/// <summary>A name that a pickle may mention: a function or class that tensors need. It is never looked up, only compared.</summary>
internal sealed record PickleGlobal(string Name);

/// <summary>A dictionary, in the order of insertion.</summary>
internal sealed class PickleDictionary
{
    public List<(object? Key, object? Value, long Offset)> Items { get; } = [];
}

/// <summary>A run of elements stored elsewhere in the file, which tensors are views of.</summary>
internal sealed record PickleStorage(string Key, TensorType Type, long Elements, long Offset);

/// <summary>A view of a storage.</summary>
internal sealed record PickleTensor(PickleStorage Storage, long First, long[] Shape, long[] Strides, long Offset);

/// <summary>A value that is not built, because it was made by something unknown; it is an error only where a tensor depends on it.</summary>
/// <param name="What">What it comes from, fit for a message: a name in quotes, or a few words.</param>
/// <param name="Offset">Where in the file that stood.</param>
internal sealed record PickleOpaque(string What, long Offset);

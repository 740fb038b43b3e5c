namespace AlexNetSharp.Formats;

/// <summary>What parameters are called in the files of the field.</summary>
internal static class WeightNames
{
    // torchvision numbers the members of its two sequences; index 0 to 7 here is conv1 to fc8.
    private static readonly string[] s_torchvision =
        ["features.0", "features.3", "features.6", "features.8", "features.10", "classifier.1", "classifier.4", "classifier.6"];

    private static readonly string[] s_layers = ["conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7", "fc8"];

    /// <summary>What stands before the names of tensors that belong to a training, not to the network.</summary>
    public const string TrainingStatePrefix = "optimizer/";

    /// <summary>Tensors that belong to a training, not to the network.</summary>
    public static bool IsTrainingState(string name) => name.StartsWith(TrainingStatePrefix, StringComparison.Ordinal);

    /// <summary>torchvision's name of parameter <paramref name="name"/> (conv1.weight → features.0.weight), or null.</summary>
    public static string? Torchvision(string name)
    {
        (string layer, string role) = Split(name);
        int index = Array.IndexOf(s_layers, layer);
        return index < 0 ? null : $"{s_torchvision[index]}.{role}";
    }

    /// <summary>What wrappers of PyTorch put into the names of what they wrap: DataParallel, torch.compile, and modules that hold a network.</summary>
    private static readonly string[] s_wrappers = ["module", "_orig_mod", "model", "net", "backbone"];

    /// <summary>A name without the parts that wrappers put into it, in front or in the middle (features.module.0.weight → features.0.weight).</summary>
    /// <remarks>The last two parts stay, whatever they are: a layer may be called so itself.</remarks>
    public static string Unwrapped(string name)
    {
        if (!Array.Exists(s_wrappers, wrapper => name.Contains(wrapper + ".", StringComparison.Ordinal)))
            return name;
        string[] parts = name.Split('.');
        return string.Join('.', parts.Where((part, i) => i >= parts.Length - 2 || !s_wrappers.Contains(part)));
    }

    /// <summary>Every tensor under its name without wrappers; empty if two of them would have the same, so that none is taken for another.</summary>
    public static Dictionary<string, NamedTensor> Unwrapped(IReadOnlyList<NamedTensor> tensors)
    {
        var unwrapped = new Dictionary<string, NamedTensor>(tensors.Count);
        foreach (NamedTensor tensor in tensors)
            if (!unwrapped.TryAdd(Unwrapped(tensor.Name), tensor))
                return [];
        return unwrapped;
    }

    /// <summary>Every name that parameter <paramref name="name"/> (conv1.weight) may have in a file.</summary>
    public static IEnumerable<string> Candidates(string name)
    {
        (string layer, string role) = Split(name);
        bool weight = role == "weight";
        yield return name;
        if (Torchvision(name) is { } torchvision)
            yield return torchvision;
        // TensorFlow's benchmark and Keras; Caffe2, from which the ONNX model zoo's files come.
        yield return $"{layer}/{(weight ? "weights" : "biases")}";
        yield return $"{layer}/{(weight ? "kernel" : "bias")}";
        yield return $"{layer}_{(weight ? 'w' : 'b')}_0";
        yield return $"{layer}_{(weight ? 'w' : 'b')}";
    }

    private static (string Layer, string Role) Split(string name)
    {
        int dot = name.LastIndexOf('.');
        return (name[..dot], name[(dot + 1)..]);
    }
}

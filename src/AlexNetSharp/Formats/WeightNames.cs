namespace AlexNetSharp.Formats;

/// <summary>What the parameters of AlexNet are called in the files of the field.</summary>
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

    /// <summary>The name here of layer <paramref name="index"/> among those with weights: conv1 to conv5, fc6 to fc8.</summary>
    public static string Layer(int index) => s_layers[index];

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

namespace AlexNetSharp.Formats;

/// <summary>The weights of one layer.</summary>
/// <param name="Weight">Kernels or matrix.</param>
/// <param name="Bias">Bias; null if the file has none.</param>
internal sealed record TensorLayer(NamedTensor Weight, NamedTensor? Bias)
{
    private const string WeightRole = ".weight", BiasRole = ".bias";

    /// <summary>The layers of a file whose tensors stand in the order of the layers, each NAME.weight and then NAME.bias; null if they do not.</summary>
    public static List<TensorLayer>? InOrder(IReadOnlyList<NamedTensor> tensors)
    {
        var layers = new List<TensorLayer>();
        string? open = null;
        foreach (NamedTensor tensor in tensors)
        {
            if (tensor.Name.EndsWith(WeightRole, StringComparison.Ordinal))
            {
                layers.Add(new TensorLayer(tensor, null));
                open = tensor.Name[..^WeightRole.Length];
            }
            else if (open is not null && tensor.Name == open + BiasRole)
            {
                layers[^1] = layers[^1] with { Bias = tensor };
                open = null;
            }
            else
            {
                return null;
            }
        }
        return layers;
    }
}

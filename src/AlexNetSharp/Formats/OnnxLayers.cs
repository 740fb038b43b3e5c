using System.Runtime.InteropServices;

namespace AlexNetSharp.Formats;

/// <summary>A convolution or product of an ONNX graph with its weights, and the nodes behind it that its weights take in.</summary>
/// <param name="Node">The Conv, Gemm or MatMul.</param>
/// <param name="Weight">[out, in, height, width], or [out, in].</param>
/// <param name="Bias">[out]; zeros where the file has none.</param>
/// <param name="Last">The last node that is taken in: the layer itself, an Add of a constant or a BatchNormalization.</param>
internal sealed record OnnxLayer(OnnxNode Node, NamedTensor Weight, NamedTensor Bias, OnnxNode Last);

/// <summary>Finds the convolutions and products of an ONNX graph whose weights are constants.</summary>
internal static class OnnxLayers
{
    /// <summary>They in the order of the nodes.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="fileBytes">Bytes of all files behind the weights.</param>
    /// <exception cref="InvalidDataException">A constant is damaged, or the weights are many times larger than the files.</exception>
    public static List<OnnxLayer> Find(OnnxFile graph, long fileBytes)
    {
        var constants = new OnnxConstants(graph, fileBytes);
        var readers = new Dictionary<string, (OnnxNode Node, int Count)>();
        foreach (OnnxNode node in graph.Nodes)
            foreach (string input in node.Inputs)
                readers[input] = (node, readers.GetValueOrDefault(input).Count + 1);
        var layers = new List<OnnxLayer>();
        foreach (OnnxNode node in graph.Nodes)
        {
            if (node.Operator is not ("Conv" or "Gemm" or "MatMul") || node.Domain.Length > 0 || constants.Find(node.Input(1)) is not { IsFloatingPoint: true } weight)
                continue;
            bool convolution = node.Operator == "Conv";
            if (weight.Shape.Length != 2 && !convolution)
                continue;
            if (!convolution && node.Int("transB", 0) == 0)
                weight = weight.Permuted(1, 0);
            if (weight.Shape.Length == 0)
                continue;
            constants.Count(node, weight.Count);
            layers.Add(Complete(graph, constants, readers, node, weight));
        }
        return layers;
    }

    private static OnnxLayer Complete(OnnxFile graph, OnnxConstants constants, Dictionary<string, (OnnxNode Node, int Count)> readers, OnnxNode node, NamedTensor weight)
    {
        long outputs = weight.Shape[0];
        NamedTensor? bias = node.Operator == "MatMul" ? null : Vector(constants.Find(node.Input(2)), outputs);
        OnnxNode last = node;
        if (node.Operator == "Gemm")
        {
            weight = Scaled(constants, node, weight, node.Float("alpha", 1));
            bias = bias is null ? null : Scaled(constants, node, bias, node.Float("beta", 1));
        }
        if (bias is null && Reader(last) is { Operator: "Add" } sum
            && Vector(constants.Find(sum.Input(0) == last.Outputs[0] ? sum.Input(1) : sum.Input(0)), outputs) is { } added && OverChannels(sum, added, weight))
            (bias, last) = (added, sum);
        if (Reader(last) is { Operator: "BatchNormalization" } norm && norm.Input(0) == last.Outputs[0])
        {
            (weight, bias) = Fold(graph, constants, norm, weight, bias);
            last = norm;
        }
        return new OnnxLayer(node, weight, bias ?? Zeros(constants, node, weight), last);

        // The one node that reads what a node gives.
        OnnxNode? Reader(OnnxNode of) => of.Outputs.Count > 0 && readers.TryGetValue(of.Outputs[0], out (OnnxNode Node, int Count) reader)
            && reader is { Count: 1, Node.Domain.Length: 0 } ? reader.Node : null;

        // Whether a sum goes along the channels: shapes end in them for a product, and in [channels, 1, 1] for a map.
        bool OverChannels(OnnxNode add, NamedTensor constant, NamedTensor kernel) => kernel.Shape.Length == 2
            || add.Int("axis", -1) == 1 || constant.Count == 1 || Original(add) is { Length: >= 3 } shape && shape[^1] == 1 && shape[^2] == 1;

        long[]? Original(OnnxNode add) => constants.Find(add.Input(0) == last.Outputs[0] ? add.Input(1) : add.Input(0))?.Shape.ToArray();
    }

    /// <summary>A constant of as many elements as there are outputs, in one dimension; null if it is none.</summary>
    private static NamedTensor? Vector(NamedTensor? tensor, long outputs) =>
        tensor is { IsFloatingPoint: true, IsContiguous: true } && tensor.Count == outputs ? tensor.Reshaped(outputs) : null;

    private static NamedTensor Zeros(OnnxConstants constants, OnnxNode node, NamedTensor weight)
    {
        long outputs = weight.Shape[0];
        constants.Count(node, outputs);
        return new NamedTensor(BiasName(weight), TensorType.F32, [outputs], new byte[outputs * sizeof(float)], 0, null);
    }

    /// <summary>What a bias is called that the file does not have.</summary>
    private static string BiasName(NamedTensor weight) =>
        (weight.Name.EndsWith(".weight", StringComparison.Ordinal) ? weight.Name[..^".weight".Length] : weight.Name) + ".bias";

    private static NamedTensor Scaled(OnnxConstants constants, OnnxNode node, NamedTensor tensor, float factor)
    {
        if (factor == 1)
            return tensor;
        byte[] bytes = Values(constants, node, tensor);
        foreach (ref float value in MemoryMarshal.Cast<byte, float>(bytes.AsSpan()))
            value *= factor;
        return new NamedTensor(tensor.Name, TensorType.F32, tensor.Shape.ToArray(), bytes, 0, null);
    }

    /// <summary>
    /// Batch normalization in inference takes the output y of channel o to (y − mean[o]) · factor[o] + shift[o] with
    /// factor = scale / √(variance + epsilon): kernels times factor, and a bias of (bias − mean) · factor + shift, do the same.
    /// </summary>
    private static (NamedTensor Weight, NamedTensor Bias) Fold(OnnxFile graph, OnnxConstants constants, OnnxNode norm, NamedTensor weight, NamedTensor? bias)
    {
        long outputs = weight.Shape[0];
        if (norm.Int("training_mode", 0) != 0 || norm.Int("spatial", 1) == 0)
            throw graph.Error(norm, "normalizes by its own batch or by pixel; only what inference does with fixed means and variances is supported");
        var vectors = new float[4][];
        for (int i = 0; i < 4; i++)
            vectors[i] = (Vector(constants.Find(norm.Input(i + 1)), outputs)
                ?? throw graph.Error(norm, FormattableString.Invariant($"needs {outputs} constant values each of scale, shift, mean and variance"))).ToArray();
        float epsilon = norm.Float("epsilon", 1e-5f);
        byte[] weights = Values(constants, norm, weight), biases = new byte[outputs * sizeof(float)];
        bias?.CopyTo(MemoryMarshal.Cast<byte, float>(biases.AsSpan()));
        Span<float> w = MemoryMarshal.Cast<byte, float>(weights.AsSpan()), b = MemoryMarshal.Cast<byte, float>(biases.AsSpan());
        int each = outputs == 0 ? 0 : (int)(weight.Count / outputs);
        for (int o = 0; o < outputs; o++)
        {
            double factor = vectors[0][o] / Math.Sqrt((double)vectors[3][o] + epsilon);
            foreach (ref float value in w.Slice(o * each, each))
                value = (float)(value * factor);
            b[o] = (float)((b[o] - (double)vectors[2][o]) * factor + vectors[1][o]);
        }
        return (
            new NamedTensor(weight.Name, TensorType.F32, weight.Shape.ToArray(), weights, 0, null),
            new NamedTensor(bias?.Name ?? BiasName(weight), TensorType.F32, [outputs], biases, 0, null));
    }

    private static byte[] Values(OnnxConstants constants, OnnxNode node, NamedTensor tensor)
    {
        constants.Count(node, tensor.Count);
        byte[] bytes = new byte[tensor.Count * sizeof(float)];
        tensor.CopyTo(MemoryMarshal.Cast<byte, float>(bytes.AsSpan()));
        return bytes;
    }
}

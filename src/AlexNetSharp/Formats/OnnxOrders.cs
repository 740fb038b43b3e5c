namespace AlexNetSharp.Formats;

/// <summary>
/// In which order each value of an ONNX graph keeps the dimensions of its maps. Convolutions and pools know one, [batch, channels, height, width];
/// exporters of TensorFlow keep maps as [batch, height, width, channels] and put a Transpose before and behind each of them.
/// </summary>
internal sealed class OnnxOrders
{
    private static readonly int[] s_channelsFirst = [0, 1, 2, 3], s_channelsLast = [0, 2, 3, 1];

    private static readonly string[] s_names = ["batch", "channels", "height", "width"];

    private readonly Dictionary<string, int[]> _orders;

    /// <summary>Follows the values of <paramref name="graph"/> from its inputs to its outputs.</summary>
    public OnnxOrders(OnnxFile graph)
    {
        // The first layer that needs an order tells how the images come: turned into it from [batch, height, width, channels], or as they are.
        _orders = Follow(graph, s_channelsFirst, out int[]? wanted);
        if (wanted is not [0, 3, 1, 2])
            return;
        Input = s_channelsLast;
        _orders = Follow(graph, Input, out _);
    }

    /// <summary>The order of the images: dimension i of the graph's input is axis Input[i] of batch, channels, height, width.</summary>
    public int[] Input { get; } = s_channelsFirst;

    /// <summary>Dimension i of the value is axis i of the result, of batch, channels, height, width; a vector has the order of the map that it was.</summary>
    public int[] Of(string? value) => value is not null && _orders.TryGetValue(value, out int[]? order) ? order : s_channelsFirst;

    /// <summary>Whether the value is [batch, channels, height, width], as ONNX's layers take it.</summary>
    public bool IsChannelsFirst(string? value) => Of(value).AsSpan().SequenceEqual(s_channelsFirst);

    /// <summary>Whether the value is [batch, height, width, channels].</summary>
    public bool IsChannelsLast(string? value) => Of(value).AsSpan().SequenceEqual(s_channelsLast);

    /// <summary>The order of a value in words: [batch, height, width, channels].</summary>
    public string Describe(string? value) => $"[{string.Join(", ", Of(value).Select(axis => s_names[axis]))}]";

    /// <summary>The value's dimension that counts channels.</summary>
    public int ChannelsOf(string? value) => Array.IndexOf(Of(value), 1);

    /// <summary>The orders of all values behind the inputs, which have <paramref name="input"/>.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="input">Order of the images.</param>
    /// <param name="wanted">The order at the first layer that needs [batch, channels, height, width]; null if there is none.</param>
    private static Dictionary<string, int[]> Follow(OnnxFile graph, int[] input, out int[]? wanted)
    {
        wanted = null;
        var orders = new Dictionary<string, int[]>();
        foreach (OnnxInput image in graph.Inputs)
            orders[image.Name] = input;
        foreach (OnnxNode node in graph.Nodes)
        {
            if (node.Domain.Length > 0 || node.Inputs.Find(orders.ContainsKey) is not { } source)
                continue;
            int[] order = orders[source];
            switch (node.Operator)
            {
                case "Shape":
                    continue;
                case "Transpose":
                    order = node.Ints("perm") is { Count: 4 } axes && axes.All(axis => axis is >= 0 and < 4) ? [.. axes.Select(axis => order[axis])] : order;
                    break;
                case "Conv" or "LRN" or "BatchNormalization" or "MaxPool" or "AveragePool" or "GlobalAveragePool" or "GlobalMaxPool":
                    wanted ??= order;
                    order = s_channelsFirst;
                    break;
                case "Gemm" or "MatMul":
                    order = s_channelsFirst;
                    break;
            }
            foreach (string output in node.Outputs)
                orders.TryAdd(output, order);
        }
        return orders;
    }
}

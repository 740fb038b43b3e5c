namespace AlexNetSharp.Formats;

/// <summary>
/// Computes the shape that a Reshape of an ONNX graph asks for where it is no constant: exporters write the batch out as Shape, Gather and
/// Concat of the value itself.
/// </summary>
internal sealed class OnnxShapes(OnnxConstants constants)
{
    private const int LongestWay = 16, MostNumbers = 16, MostSteps = 1000;

    private int _steps;

    /// <summary>The sizes behind <paramref name="value"/>; −1 for the batch. Null if they cannot be told.</summary>
    /// <param name="value">Name of the value.</param>
    /// <param name="shape">What Shape gives: the sizes of the value that is reshaped, −1 for the batch.</param>
    public IReadOnlyList<long>? Find(string? value, long[] shape) => Find(value, shape, LongestWay);

    private long[]? Find(string? value, long[] shape, int way)
    {
        if (value is null || way == 0 || ++_steps > MostSteps)
            return null;
        if (constants.Integers(value) is { } numbers)
            return numbers;
        if (constants.Producer(value) is not { } node)
            return null;
        if (node.Operator == "Shape")
            return shape;
        if (node.Operator == "Concat")
        {
            var all = new List<long>();
            foreach (string input in node.Inputs.Take(MostNumbers))
                if (Find(input, shape, way - 1) is { } part && all.Count + part.Length <= MostNumbers)
                    all.AddRange(part);
                else
                    return null;
            return [.. all];
        }
        if (Find(node.Input(0), shape, way - 1) is not { } of)
            return null;
        switch (node.Operator)
        {
            case "Identity" or "Cast" or "Unsqueeze" or "Squeeze":
                return of;
            case "Gather":
                return constants.Integers(node.Input(1)) is { } indices && indices.All(i => i >= -of.Length && i < of.Length)
                    ? [.. indices.Select(i => of[i < 0 ? i + of.Length : i])] : null;
            case "Slice":
                long[]? starts = Numbers(node, "starts", 1), ends = Numbers(node, "ends", 2);
                if (starts is not [var start] || ends is not [var end] || (constants.Integers(node.Input(4)) ?? [1]) is not [1])
                    return null;
                start = Math.Clamp(start < 0 ? start + of.Length : start, 0, of.Length);
                end = Math.Clamp(end < 0 ? end + of.Length : end, start, of.Length);
                return of[(int)start..(int)end];
            default:
                return null;
        }
    }

    private long[]? Numbers(OnnxNode node, string attribute, int input) => node.Ints(attribute) is { } numbers ? [.. numbers] : constants.Integers(node.Input(input));
}

using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>The description of one layer: its name, sizes and parameters. An executor decides how it is computed.</summary>
/// <remarks>
/// The set of layer types is fixed, because an executor has to know each and files name them (docs/networks.md); networks may combine
/// them freely.
/// </remarks>
public abstract class Layer
{
    private protected Layer(string name) => Name = name;

    /// <summary>Name, unique in its network.</summary>
    public string Name { get; }

    /// <summary>The shape of the output for an input shape.</summary>
    /// <exception cref="ArgumentException">The layer does not accept this input; the message names the layer.</exception>
    internal abstract Shape OutputShape(Shape input);

    /// <summary>The layer's parameters for an input shape; weight first, then bias.</summary>
    internal virtual IReadOnlyList<ParameterSpec> Parameters(Shape input) => [];

    /// <summary>Multiply-adds for one image, counted as direct computation.</summary>
    internal virtual long MultiplyAdds(Shape input) => 0;

    /// <summary>A short description: <c>11×11, 64, stride 4, SAME</c>.</summary>
    public string Details => Describe();

    private protected virtual string Describe() => "";

    /// <summary>An exception whose message begins with this layer's name.</summary>
    private protected ArgumentException Refuse(string message) => new($"layer '{Name}': {message}");

    /// <summary>Refuses a weight with more values than a span can hold.</summary>
    /// <param name="values">Values in memory.</param>
    /// <param name="sizes">The sizes, for the message.</param>
    /// <param name="advice">What to do.</param>
    private protected void CheckWeight(Int128 values, string sizes, string advice)
    {
        if (values > int.MaxValue)
            throw Refuse($"its weight of {sizes} values is too large; {advice}");
    }

    /// <summary>The output shape of a layer that slides a window over a map.</summary>
    private protected Shape Slide(Shape input, int channels, int kernel, int stride, Padding padding, bool roundUp = false)
    {
        if (input.IsVector)
            throw Refuse($"needs a map of height × width × channels, but its input is the vector {input}; remove the Flatten before it");
        if (kernel < 1 || stride < 1)
            throw Refuse(FormattableString.Invariant($"kernel size {kernel} and stride {stride} must be at least 1"));
        int height = padding.Vertical(input.Height, kernel, stride, roundUp).Count;
        int width = padding.Horizontal(input.Width, kernel, stride, roundUp).Count;
        if (height < 1 || width < 1)
            throw Refuse(FormattableString.Invariant(
                $"its output would vanish: a {kernel}×{kernel} window ({padding}) does not fit into the input {input}; use a larger image"));
        return new Shape(height, width, channels);
    }

    /// <summary>The output shape of a pooling layer: every window must see the input, for nothing has no maximum and no mean.</summary>
    private protected Shape SlidePool(Shape input, int kernel, int stride, Padding padding, bool roundUp)
    {
        Shape output = Slide(input, input.Channels, kernel, stride, padding, roundUp);
        if (!EveryWindowSees(input.Height, padding.Vertical(input.Height, kernel, stride, roundUp))
            || !EveryWindowSees(input.Width, padding.Horizontal(input.Width, kernel, stride, roundUp)))
            throw Refuse(FormattableString.Invariant(
                $"a {kernel}×{kernel} window ({padding}) lies wholly in the padding around the input {input}; pad by less than the window's size"));
        return output;

        // The first window must reach the input, and the last begin before its end.
        bool EveryWindowSees(int size, WindowSpan windows) =>
            windows.Before < kernel && (windows.Count - 1L) * stride - windows.Before < size;
    }
}

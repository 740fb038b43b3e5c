using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Tests.Oracles;
using CsCheck;

namespace AlexNetSharp.Tests.Execution;

/// <summary>Single layers, and the pairs that a plan fuses, on sizes drawn at random, against the oracle. A failure prints its seed.</summary>
public class LayerPropertyTests
{
    private static readonly Gen<Shape> s_maps =
        from height in Gen.Int[1, 15]
        from width in Gen.Int[1, 15]
        from channels in Gen.OneOf(1, 2, 3, 7, 8, 16, 17, 31, 32, 33, 48, 67)
        select new Shape(height, width, channels);

    /// <summary>Windows of which each sees at least one pixel.</summary>
    private static readonly Gen<(int Size, int Stride, Padding Padding, bool RoundUp)> s_windows =
        from size in Gen.Int[1, 5]
        from stride in Gen.Int[1, 4]
        from same in Gen.Bool
        from sides in Gen.Select(Gen.Int[0, size - 1], Gen.Int[0, size - 1], Gen.Int[0, size - 1], Gen.Int[0, size - 1])
        from roundUp in Gen.Bool
        select (size, stride, same ? Padding.Same : Padding.Explicit(sides.Item1, sides.Item2, sides.Item3, sides.Item4), roundUp && !same);

    [Fact]
    public void MaxPool() => ForAll(
        s_windows.Select(w => (Layer[])[new MaxPool2d("pool", w.Size, w.Stride, padding: w.Padding, roundUp: w.RoundUp)]), exact: false);

    /// <summary>With few different values most windows have several maxima, and the first must get the gradient, exactly.</summary>
    [Fact]
    public void MaxPoolWithTies() => ForAll(
        s_windows.Select(w => (Layer[])[new MaxPool2d("pool", w.Size, w.Stride, padding: w.Padding, roundUp: w.RoundUp)]), exact: true);

    [Fact]
    public void AveragePool() => ForAll(
        from w in s_windows
        from count in Gen.Bool
        select (Layer[])[new AvgPool2d("pool", w.Size, w.Stride, padding: w.Padding, roundUp: w.RoundUp, countPadding: count)], exact: false);

    [Fact]
    public void AdaptiveAveragePool() => ForAll(
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 9]).Select((h, w) => (Layer[])[new AdaptiveAvgPool2d("pool", h, w)]), exact: false);

    [Fact]
    public void LocalResponseNorm() => ForAll(Norms.Select(norm => (Layer[])[norm]), exact: false);

    /// <summary>A plan may compute both in one pass.</summary>
    [Fact]
    public void LocalResponseNormAndMaxPool() => ForAll(
        Gen.Select(Norms, s_windows).Select((norm, w) => (Layer[])
            [norm, new MaxPool2d("pool", w.Size, w.Stride, padding: w.Padding, roundUp: w.RoundUp)]), exact: false);

    [Fact]
    public void WithinChannelNorm() => ForAll(
        from size in Gen.OneOf(1, 3, 5, 7)
        from alpha in Gen.OneOf(0.00005f, 0.1f, 2f)
        from beta in Gen.OneOf(0.75f, 0.5f, 1f)
        select (Layer[])[new WithinChannelNorm("norm", size, alpha, beta)], exact: false);

    [Fact]
    public void ReLU() => ForAll(Gen.Const<Layer[]>([new ReLU("relu")]), exact: true);

    [Fact]
    public void Linear() => ForAll(Gen.Int[1, 100].Select(n => (Layer[])[new Linear("fc", n)]), exact: false);

    [Fact]
    public void LinearIsExactOnWholeNumbers() => ForAll(Gen.Int[1, 100].Select(n => (Layer[])[new Linear("fc", n)]), exact: true);

    [Fact]
    public void LinearWithReLUIsExactOnWholeNumbers() =>
        ForAll(Gen.Int[1, 100].Select(n => (Layer[])[new Linear("fc", n), new ReLU("relu")]), exact: true);

    /// <summary>
    /// Among so many values, one is as large as the terms that were summed for it. Fewer may all be sums that cancel, and say nothing about the size
    /// of their terms; then the values that were drawn, between −1 and 1, set the scale.
    /// </summary>
    private const int Many = 16;

    private static Gen<LocalResponseNorm> Norms =>
        from radius in Gen.OneOf(0, 1, 2, 4, 5, 9)
        from bias in Gen.OneOf(1f, 2f)
        from alpha in Gen.OneOf(0f, 0.001f / 9, 0.1f, 1f)
        from beta in Gen.OneOf(0.75f, 0.5f, 1f)
        select new LocalResponseNorm("norm", radius, bias, alpha, beta);

    private static void ForAll(Gen<Layer[]> layers, bool exact) => Gen.Select(s_maps, layers, Gen.Int[1, 4], Gen.Int[0, 1_000_000]).Sample(
        (shape, list, batch, seed) =>
        {
            if (Create(shape, list) is { } network)
                Check(network, batch, seed, exact);
        },
        iter: 60, threads: 1, print: t => $"input {t.Item1}, {string.Join(", ", t.Item2.Select(l => l.ToString()))}, batch {t.Item3}, seed {t.Item4}");

    /// <summary>The network, or null where a window does not fit into the input.</summary>
    private static Network? Create(Shape shape, Layer[] layers)
    {
        try
        {
            return new Network("one", shape, layers);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>
    /// What the layer makes of the input in float32. Two values of a window may be nearer to each other than rounding, and then another one than in
    /// float64 is the maximum, which gets the whole gradient.
    /// </summary>
    private static OracleTensor Alone(Layer layer, Shape shape, int batch, ReadOnlySpan<float> input)
    {
        var network = new Network("alone", shape, [layer]);
        using var parameters = new ParameterSet(network);
        using var plan = new Plan(network, parameters, new PlanOptions { BatchSize = batch, Threads = 2 });
        input.CopyTo(plan.Input);
        plan.Forward();
        return OracleTensor.From(plan.Output, batch, shape.Height, shape.Width, shape.Channels);
    }

    private static void Check(Network network, int batch, int seed, bool exact)
    {
        var random = new System.Random(seed);
        float Next() => exact ? random.Next(-2, 3) : (float)(random.NextDouble() * 2 - 1);
        using var parameters = new ParameterSet(network);
        foreach (Parameter p in parameters.Parameters)
            p.CopyFrom([.. Enumerable.Range(0, (int)p.Spec.Length).Select(_ => Next())]);
        using var plan = new Plan(network, parameters, new PlanOptions
        {
            BatchSize = batch,
            Threads = 2,
            InputGradient = true,
            Gradients = parameters.Parameters.Count > 0 ? GradientScope.All : GradientScope.None,
        });
        foreach (ref float value in plan.Input)
            value = Next();
        plan.Forward();
        foreach (ref float value in plan.OutputGradient)
            value = Next();

        Shape shape = network.InputShape;
        OracleNetwork oracle = OracleFromNetwork.Create(network, parameters);
        OracleTensor output = oracle.Forward(OracleTensor.From(plan.Input, batch, shape.Height, shape.Width, shape.Channels)), gradOutput = output.ZerosLike();
        if (network.Layers is [LocalResponseNorm norm, MaxPool2d])
            oracle.Layers[1].DecideBy(Alone(norm, shape, batch, plan.Input));
        for (int i = 0; i < gradOutput.Data.Length; i++)
            gradOutput.Data[i] = plan.OutputGradient[i];
        OracleTensor gradInput = oracle.Backward(gradOutput);
        plan.Backward();

        double bound = parameters.Parameters.Count > 0 ? Tolerances.Direct(Math.Max(shape.Length, network.OutputShape.Length)) : Tolerances.Elementwise;
        Compare("output", output.Data, plan.Output);
        Compare("gradient of the input", gradInput.Data, plan.InputGradient);
        foreach (OracleParameter p in oracle.Parameters)
            Compare($"gradient of {p.Name}", p.Gradient, OracleFromNetwork.ReadFloats(plan.Gradients![p.Name]));

        void Compare(string what, double[] expected, ReadOnlySpan<float> actual)
        {
            // A handful of values can all happen to be 0, and are then exact.
            if (!expected.AsSpan().ContainsAnyExcept(0.0))
                Tests.Compare.Zero(what, actual);
            else if (exact)
                Tests.Compare.Equal(what, expected, actual);
            else if (expected.Count(static v => v != 0) >= Many)
                Tests.Compare.Close(what, expected, actual, bound);
            else
                for (int i = 0; i < expected.Length; i++)
                    Assert.True(
                        Math.Abs(expected[i] - actual[i]) <= bound * Math.Max(1, expected.Max(Math.Abs)), $"{what}[{i}]: {expected[i]:R}, {actual[i]:R}");
        }
    }
}

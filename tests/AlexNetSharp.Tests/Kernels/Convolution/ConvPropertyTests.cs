using AlexNetSharp.Kernels.Convolution;
using AlexNetSharp.Tests.Oracles;
using CsCheck;

namespace AlexNetSharp.Tests.Kernels.Convolution;

/// <summary>What must hold for any convolution, by every algorithm that takes it, on geometries drawn at random. A failure prints its seed.</summary>
public class ConvPropertyTests
{
    private const int Samples = 30;

    /// <summary>Any geometry: oblong kernels, strides beyond the kernel, uneven padding, groups, images down to 1×1.</summary>
    private static readonly Gen<ConvCase> s_any =
        from batch in Gen.Int[1, 3]
        from size in Gen.Select(Gen.Int[1, 12], Gen.Int[1, 12])
        from kernel in Gen.Select(Gen.Int[1, 5], Gen.Int[1, 5])
        from stride in Gen.Select(Gen.Int[1, 4], Gen.Int[1, 4])
        from vertical in Gen.Select(Gen.Int[0, 3], Gen.Int[0, 3])
        from horizontal in Gen.Select(Gen.Int[0, 3], Gen.Int[0, 3])
        from groups in Gen.Int[1, 3]
        from inputs in Gen.OneOf(1, 2, 3, 5, 8, 17)
        from outputs in Gen.OneOf(1, 2, 3, 7, 16, 21)
        select Fit(new ConvCase(batch, size.Item1, size.Item2, inputs * groups, new OracleConvolution(
            kernel.Item1, kernel.Item2, outputs * groups, stride.Item1, stride.Item2,
            vertical.Item1, vertical.Item2, horizontal.Item1, horizontal.Item2, groups)));

    /// <summary>What the fast algorithms are made for: square kernels, mostly stride 1 and SAME, more channels.</summary>
    private static readonly Gen<ConvCase> s_fast =
        from batch in Gen.Int[1, 4]
        from size in Gen.Select(Gen.Int[1, 20], Gen.Int[1, 20])
        from kernel in Gen.OneOf(3, 5)
        from before in Gen.Int[0, 2]
        from after in Gen.Int[0, 2]
        from groups in Gen.OneOf(1, 1, 2)
        from inputs in Gen.OneOf(16, 31, 32, 33, 48, 64)
        from outputs in Gen.OneOf(16, 31, 32, 40, 64, 65)
        select Fit(new ConvCase(batch, size.Item1, size.Item2, inputs * groups, new OracleConvolution(
            kernel, kernel, outputs * groups, 1, 1, before, after, before, after, groups)));

    /// <summary>Large kernels with large strides over few channels, as first layers have.</summary>
    private static readonly Gen<ConvCase> s_first =
        from batch in Gen.Int[1, 2]
        from size in Gen.Select(Gen.Int[9, 40], Gen.Int[9, 40])
        from kernel in Gen.OneOf(7, 8, 11)
        from stride in Gen.OneOf(2, 3, 4)
        from before in Gen.Int[0, 5]
        from after in Gen.Int[0, 5]
        from inputs in Gen.OneOf(1, 3, 4)
        from outputs in Gen.OneOf(8, 33, 64)
        select Fit(new ConvCase(batch, size.Item1, size.Item2, inputs, new OracleConvolution(
            kernel, kernel, outputs, stride, stride, before, after, before, after)));

    private static readonly Gen<ConvCase> s_cases = Gen.OneOf<ConvCase>(s_any, s_fast, s_first);

    [Fact]
    public void AgreesWithTheOracle() => ForAll((c, candidate, seed) =>
    {
        ConvData data = ConvData.Random(c.Geometry, seed);
        ConvResult result = ConvRunner.Run(candidate.Kernel!, data);
        (OracleTensor output, OracleTensor gradInput, double[] gradWeight, double[] gradBias) = c.Expected(data, maskedBy: null);
        Check(c, candidate, Direction.Forward, output.Data, result.Output);
        Check(c, candidate, Direction.BackwardInput, gradInput.Data, result.GradInput);
        Check(c, candidate, Direction.BackwardWeight, gradWeight, result.GradWeight);
        Check(c, candidate, Direction.BackwardBias, gradBias, result.GradBias);
    });

    [Trait(AnyTier.Name, AnyTier.Value)]
    [Fact]
    public void BackwardIsTheAdjointOfForward() => ForAll((c, candidate, seed) =>
    {
        // ⟨conv(x, w), g⟩ = ⟨x, backwardInput(g)⟩ = ⟨w, backwardWeight(g)⟩: forward is linear in each.
        ConvData data = ConvData.Random(c.Geometry, seed) with { Bias = null };
        ConvResult result = ConvRunner.Run(candidate.Kernel!, data);
        (double forward, double size) = Dot(result.Output, data.GradOutput);
        double bound = size * Tolerances.Convolution(candidate.Name, Direction.BackwardWeight, Math.Max(
            c.ReductionLength(Direction.Forward), c.ReductionLength(Direction.BackwardWeight)));
        Assert.InRange(Dot(data.Input, result.GradInput).Sum, forward - bound, forward + bound);
        Assert.InRange(Dot(data.Weight, result.GradWeight).Sum, forward - bound, forward + bound);
    });

    [Trait(AnyTier.Name, AnyTier.Value)]
    [Fact]
    public void ForwardIsLinear() => ForAll((c, candidate, seed) =>
    {
        ConvData a = ConvData.Random(c.Geometry, seed) with { Bias = null }, b = ConvData.Random(c.Geometry, seed + 1);
        float[] Forward(float[] input) => ConvRunner.Run(Remake(candidate, c), a with { Input = input }).Output;
        double[] expected = [.. Forward(a.Input).Zip(Forward(b.Input), (p, q) => 2.0 * p - q)];
        float[] mixed = Forward([.. a.Input.Zip(b.Input, (p, q) => 2 * p - q)]);
        // Three results, each with its error, and the parts may be larger than their sum.
        Check(c, candidate, Direction.Forward, expected, mixed, factor: 6);
    });

    [Trait(AnyTier.Name, AnyTier.Value)]
    [Fact]
    public void GroupsAreSeparateConvolutions() => ForAll((c, candidate, seed) =>
    {
        if (c.Oracle.Groups == 1)
            return;
        ConvData data = ConvData.Random(c.Geometry, seed);
        float[] together = ConvRunner.Run(candidate.Kernel!, data).Output;
        int groups = c.Oracle.Groups, inputs = c.Channels / groups, outputs = c.Oracle.OutputChannels / groups;
        ConvCase one = c with { Channels = inputs, Oracle = c.Oracle with { Groups = 1, OutputChannels = outputs } };
        for (int g = 0; g < groups; g++)
        {
            float[] Part(float[] values, int channels) => Channels(values, channels, groups, g);
            var part = new ConvData(
                Part(data.Input, c.Channels), Part(data.Weight, c.Oracle.OutputChannels), Part(data.Bias!, c.Oracle.OutputChannels),
                Part(data.GradOutput, c.Oracle.OutputChannels));
            ConvKernel plain = ConvRunner.Accepting(one.Geometry, ConvRunner.Request())[^1].Kernel!;
            float[] alone = ConvRunner.Run(plain, part).Output;
            Check(c, candidate, Direction.Forward, Array.ConvertAll(alone, static v => (double)v), Part(together, c.Oracle.OutputChannels));
        }
    });

    [Trait(AnyTier.Name, AnyTier.Value)]
    [Fact]
    public void PaddingIsExplicitZeros() => ForAll((c, candidate, seed) =>
    {
        OracleConvolution o = c.Oracle;
        ConvData data = ConvData.Random(c.Geometry, seed);
        float[] padded = ConvRunner.Run(candidate.Kernel!, data).Output;
        var wide = new OracleTensor(c.Batch, c.Height + o.Top + o.Bottom, c.Width + o.Left + o.Right, c.Channels);
        OracleTensor input = OracleTensor.From(data.Input, c.Batch, c.Height, c.Width, c.Channels);
        for (int n = 0; n < c.Batch; n++)
            for (int y = 0; y < c.Height; y++)
                for (int x = 0; x < c.Width; x++)
                    for (int k = 0; k < c.Channels; k++)
                        wide[n, y + o.Top, x + o.Left, k] = input[n, y, x, k];
        var explicitly = new ConvCase(c.Batch, wide.Height, wide.Width, c.Channels, o with { Top = 0, Bottom = 0, Left = 0, Right = 0 });
        ConvKernel plain = ConvRunner.Accepting(explicitly.Geometry, ConvRunner.Request())[^1].Kernel!;
        float[] expected = ConvRunner.Run(plain, data with { Input = wide.ToFloats() }).Output;
        Check(c, candidate, Direction.Forward, Array.ConvertAll(expected, static v => (double)v), padded);
    });

    [Trait(AnyTier.Name, AnyTier.Value)]
    [Fact]
    public void ABatchIsItsImagesOneByOne() => ForAll((c, candidate, seed) =>
    {
        ConvData data = ConvData.Random(c.Geometry, seed);
        ConvResult together = ConvRunner.Run(candidate.Kernel!, data);
        ConvCase one = c with { Batch = 1 };
        int inputs = (int)one.Geometry.InputLength, outputs = (int)one.Geometry.OutputLength;
        for (int n = 0; n < c.Batch; n++)
        {
            ConvData image = data with { Input = data.Input[(n * inputs)..][..inputs], GradOutput = data.GradOutput[(n * outputs)..][..outputs] };
            ConvKernel plain = ConvRunner.Accepting(one.Geometry, ConvRunner.Request())[^1].Kernel!;
            ConvResult alone = ConvRunner.Run(plain, image);
            Check(c, candidate, Direction.Forward, Array.ConvertAll(alone.Output, static v => (double)v), together.Output.AsSpan(n * outputs, outputs));
            Check(
                c, candidate, Direction.BackwardInput, Array.ConvertAll(alone.GradInput, static v => (double)v),
                together.GradInput.AsSpan(n * inputs, inputs));
        }
    });

    [Fact]
    public void AKernelOfOnePixelIsAMatrixProduct() => Gen.Select(Gen.Int[1, 3], Gen.Int[1, 9], Gen.Int[1, 70], Gen.Int[1, 70], Gen.Int[0, 1000]).Sample(
        (batch, size, inputs, outputs, seed) =>
        {
            ConvCase c = ConvCase.Square(batch, size, inputs, outputs, kernel: 1);
            ConvData data = ConvData.Random(c.Geometry, seed);
            OracleTensor expected = OracleLinear.Forward(
                OracleTensor.From(data.Input, batch * size * size, 1, 1, inputs), Array.ConvertAll(data.Weight, static v => (double)v),
                Array.ConvertAll(data.Bias!, static v => (double)v));
            foreach (ConvCandidate candidate in ConvRunner.Accepting(c.Geometry, ConvRunner.Request()))
                Check(c, candidate, Direction.Forward, expected.Data, ConvRunner.Run(candidate.Kernel!, data).Output);
        },
        iter: Samples, threads: 1);

    /// <summary>Checks a property for every algorithm that takes the geometry.</summary>
    private static void ForAll(Action<ConvCase, ConvCandidate, int> property) =>
        Gen.Select(s_cases, Gen.Int[0, 1_000_000]).Sample(
            (c, seed) =>
            {
                foreach (ConvCandidate candidate in ConvRunner.Accepting(c.Geometry, ConvRunner.Request()))
                    property(c, candidate, seed);
            },
            iter: Samples, threads: 1);

    private static void Check(
        ConvCase c, ConvCandidate candidate, Direction direction, double[] expected, ReadOnlySpan<float> actual, double factor = 1)
    {
        // A few values may all be differences of far larger ones, or 0 where a kernel sees only padding. Then the products set the scale.
        double smallest = Math.Sqrt(c.ReductionLength(direction)) / 4;
        if (expected.Max(Math.Abs) >= smallest)
            Compare.Close(
                $"{candidate.Kernel!.Name}, {direction} of {c}", expected, actual,
                factor * Tolerances.Convolution(candidate.Name, direction, c.ReductionLength(direction)));
        else
            for (int i = 0; i < expected.Length; i++)
                Assert.True(Math.Abs(expected[i] - actual[i]) <= factor * 4e-5 * smallest, $"{candidate.Kernel!.Name}, {direction}[{i}] of {c}");
    }

    private static ConvKernel Remake(ConvCandidate candidate, ConvCase c) =>
        ConvRunner.Accepting(c.Geometry, ConvRunner.Request()).Single(again => again.Name == candidate.Name).Kernel!;

    /// <summary>The geometry with the kernel made smaller where it does not fit.</summary>
    private static ConvCase Fit(ConvCase c)
    {
        OracleConvolution o = c.Oracle;
        return c with
        {
            Oracle = o with
            {
                KernelHeight = Math.Min(o.KernelHeight, c.Height + o.Top + o.Bottom),
                KernelWidth = Math.Min(o.KernelWidth, c.Width + o.Left + o.Right),
            },
        };
    }

    /// <summary>The channels of one group out of values whose last dimension is <paramref name="channels"/>.</summary>
    private static float[] Channels(float[] values, int channels, int groups, int group) =>
        [.. values.Where((_, i) => i % channels / (channels / groups) == group)];

    private static (double Sum, double Size) Dot(float[] a, float[] b)
    {
        double sum = 0, aa = 0, bb = 0;
        for (int i = 0; i < a.Length; i++)
        {
            sum += (double)a[i] * b[i];
            aa += (double)a[i] * a[i];
            bb += (double)b[i] * b[i];
        }
        return (sum, Math.Sqrt(aa * bb));
    }
}

using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Kernels.Linear;
using AlexNetSharp.Tensors;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Tests.Kernels.Linear;

public unsafe class LinearKernelTests
{
    /// <summary>Operands of one layer and all results in float64, from loops over the formula.</summary>
    private sealed class Case
    {
        public readonly int Batch, In, Out;
        public readonly AlignedBuffer Input, Weight, Bias, Output, GradOutput, GradWeight, GradBias, GradInput;
        public readonly double[] ExpectedOutput, ExpectedGradWeight, ExpectedGradBias, ExpectedGradInput;
        private readonly WeightFormat _format;
        private readonly bool _accumulate;
        private readonly float[] _scales;
        private readonly sbyte[] _quantized;

        public Case(int batch, int inFeatures, int outFeatures, bool relu, bool accumulate, WeightFormat format, bool integers)
        {
            (Batch, In, Out) = (batch, inFeatures, outFeatures);
            (_format, _accumulate) = (format, accumulate);
            var random = new System.Random(batch + 100 * In + 10_000 * Out);
            AlignedBuffer Fill(long length)
            {
                var buffer = new AlignedBuffer(length);
                foreach (ref float x in buffer.Span)
                    x = integers ? random.Next(-3, 4) : 2 * random.NextSingle() - 1;
                return buffer;
            }
            Input = Fill(batch * In);
            Bias = Fill(Out);
            Output = Fill(batch * Out);
            GradOutput = Fill(batch * Out);
            GradBias = Fill(Out);
            GradInput = Fill(batch * In);
            Weight = Fill(GemmKernel.Panels(Out) * In * 32);
            GradWeight = Fill(GemmKernel.Panels(Out) * In * 32);
            for (int i = 0; i < In; i++)
                for (int o = Out; o < GemmKernel.Panels(Out) * 32; o++)
                    Weight.Pointer[At(i, o)] = GradWeight.Pointer[At(i, o)] = 0;

            _scales = [.. Enumerable.Range(0, Out).Select(o => Int8.Scale(Enumerable.Range(0, In).Max(i => Math.Abs(Weight.Pointer[At(i, o)]))))];
            _quantized = new sbyte[Weight.Length];
            fixed (float* scales = (float[])[.. _scales, .. new float[32]])
            fixed (sbyte* quantized = _quantized)
                for (int panel = 0; panel < GemmKernel.Panels(Out); panel++)
                    Int8Panel.Quantize(Weight.Pointer + (long)panel * In * 32, In, scales + 32 * panel, quantized + (long)panel * In * 32);
            ExpectedOutput = new double[batch * Out];
            ExpectedGradWeight = new double[In * Out];
            ExpectedGradBias = new double[Out];
            ExpectedGradInput = new double[batch * In];
            for (int o = 0; o < Out; o++)
            {
                double gradBias = accumulate ? GradBias.Pointer[o] : 0;
                for (int i = 0; i < In; i++)
                    ExpectedGradWeight[i * Out + o] = accumulate ? GradWeight.Pointer[At(i, o)] : 0;
                for (int b = 0; b < batch; b++)
                {
                    double sum = Bias.Pointer[o];
                    for (int i = 0; i < In; i++)
                        sum += (double)Input.Pointer[b * In + i] * ForwardWeight(i, o);
                    ExpectedOutput[b * Out + o] = relu ? Math.Max(0, sum) : sum;
                    double g = relu && sum <= 0 ? 0 : GradOutput.Pointer[b * Out + o];
                    gradBias += g;
                    for (int i = 0; i < In; i++)
                    {
                        ExpectedGradWeight[i * Out + o] += g * Input.Pointer[b * In + i];
                        ExpectedGradInput[b * In + i] += g * Weight.Pointer[At(i, o)];
                    }
                }
                ExpectedGradBias[o] = gradBias;
            }
        }

        public long At(int i, int o) => (long)(o / 32) * In * 32 + 32 * i + o % 32;

        private float ForwardWeight(int i, int o)
        {
            float w = Weight.Pointer[At(i, o)];
            return _format switch
            {
                WeightFormat.BFloat16 => BitConverter.UInt32BitsToSingle((uint)BFloat16.Round(w) << 16),
                WeightFormat.Int8 => _scales[o] * _quantized[At(i, o)],
                _ => w,
            };
        }

        public void Run(int threads, bool relu)
        {
            Kernel kernel = KernelSet.Best.Linear(Batch, In, Out, relu, weightGradient: true, inputGradient: true, _format);
            using var pool = new WorkerPool(threads);
            using var prepared = new AlignedBuffer(kernel.PreparedWeightLength);
            using var scratch = new AlignedBuffer(kernel.ScratchLength(threads) + 16);
            scratch.Span.Fill(float.NaN);
            kernel.Bind(pool, new Operands
            {
                Input = Input.Pointer,
                Output = Output.Pointer,
                GradInput = GradInput.Pointer,
                GradOutput = GradOutput.Pointer,
                Weight = Weight.Pointer,
                Bias = Bias.Pointer,
                GradWeight = GradWeight.Pointer,
                GradBias = GradBias.Pointer,
                PreparedWeight = prepared.Pointer,
                Scratch = scratch.Pointer,
            });
            kernel.PrepareWeights();
            kernel.Forward();
            kernel.Backward(_accumulate);
            Assert.All(scratch.Span[^16..].ToArray(), x => Assert.True(float.IsNaN(x)));
        }

        public void Check(bool exact)
        {
            Compare("output", ExpectedOutput, i => Output.Pointer[i], exact ? 0 : In);
            Compare("gradBias", ExpectedGradBias, i => GradBias.Pointer[i], exact ? 0 : Batch);
            Compare("gradInput", ExpectedGradInput, i => GradInput.Pointer[i], exact ? 0 : Out);
            Compare("gradWeight", ExpectedGradWeight, i => GradWeight.Pointer[At(i / Out, i % Out)], exact ? 0 : Batch);
            // Columns beyond the last must stay zeros, or an optimizer would let them grow.
            for (int i = 0; i < In; i++)
                for (int o = Out; o < GemmKernel.Panels(Out) * 32; o++)
                    Assert.Equal(0, GradWeight.Pointer[At(i, o)]);
        }

        private static void Compare(string what, double[] expected, Func<int, float> actual, int depth)
        {
            // Operands are at most 1 in size: at most (depth + 2) roundings of a sum of at most depth + 1.
            double bound = (depth + 2.0) * (depth == 0 ? 0 : depth + 1) * Math.Pow(2, -24);
            for (int i = 0; i < expected.Length; i++)
                Assert.True(Math.Abs(actual(i) - expected[i]) <= bound, $"{what}[{i}] is {actual(i)}, expected {expected[i]} ± {bound}");
        }
    }

    public static TheoryData<int, int, int> Sizes => new()
    {
        { 1, 1, 1 }, { 1, 100, 10 }, { 2, 33, 65 }, { 6, 64, 32 }, { 7, 31, 31 }, { 9, 230, 67 }, { 13, 500, 100 },
        { 32, 256, 200 }, { 33, 113, 1 }, { 40, 5, 640 }, { 65, 40, 40 }, { 100, 2100, 33 },
    };

    [Theory, MemberData(nameof(Sizes))]
    public void IntegersAreExact(int batch, int inFeatures, int outFeatures)
    {
        foreach (bool relu in new[] { false, true })
            foreach (bool accumulate in new[] { false, true })
            {
                // Small integers are bfloat16 numbers, so the rounded weight must give the same.
                var x = new Case(batch, inFeatures, outFeatures, relu, accumulate, accumulate ? WeightFormat.BFloat16 : WeightFormat.Float32, integers: true);
                x.Run(2, relu);
                x.Check(exact: true);
            }
    }

    [Theory, MemberData(nameof(Sizes))]
    public void AgreesWithFloat64(int batch, int inFeatures, int outFeatures)
    {
        foreach (WeightFormat format in Enum.GetValues<WeightFormat>())
        {
            var x = new Case(batch, inFeatures, outFeatures, relu: false, accumulate: true, format, integers: false);
            x.Run(1, relu: false);
            x.Check(exact: false);
        }
    }

    [Theory]
    [InlineData(1), InlineData(5), InlineData(32), InlineData(70)]
    public void AnyNumberOfThreadsGivesTheSameBits(int batch)
    {
        float[][] Results(int threads)
        {
            var x = new Case(batch, 400, 150, relu: true, accumulate: false, WeightFormat.Float32, integers: false);
            x.Run(threads, relu: true);
            return [x.Output.Span.ToArray(), x.GradWeight.Span.ToArray(), x.GradBias.Span.ToArray(), x.GradInput.Span.ToArray()];
        }
        float[][] alone = Results(1);
        Assert.Equal(alone, Results(2));
        Assert.Equal(alone, Results(5));
    }

    [Fact]
    public void GradientsThatWereNotPlannedAreRefused()
    {
        using var x = new AlignedBuffer(64);
        using var pool = new WorkerPool(1);
        Kernel kernel = KernelSet.Best.Linear(1, 1, 1, relu: false, weightGradient: false, inputGradient: false, WeightFormat.Float32);
        Assert.Throws<ArgumentException>(() => kernel.Bind(pool, new Operands { GradWeight = x.Pointer }));
        Assert.Throws<ArgumentException>(() => kernel.Bind(pool, new Operands { GradInput = x.Pointer }));
        Assert.Throws<ArgumentOutOfRangeException>(() => KernelSet.Best.Linear(0, 1, 1, relu: false, weightGradient: false, inputGradient: false, WeightFormat.Float32));
    }

    [Theory]
    [InlineData(1f, 0x3F80), InlineData(1.00390625f, 0x3F80), InlineData(1.01171875f, 0x3F82), InlineData(1.0039064f, 0x3F81)]
    [InlineData(-0f, 0x8000), InlineData(float.MaxValue, 0x7F80), InlineData(float.NegativeInfinity, 0xFF80)]
    public void BFloat16RoundsToNearestEven(float value, int expected) => Assert.Equal(expected, BFloat16.Round(value));

    [Fact]
    public void BFloat16KeepsNotANumber()
    {
        float value = BitConverter.UInt32BitsToSingle(0x7F800001);
        Assert.True(float.IsNaN(BitConverter.UInt32BitsToSingle((uint)BFloat16.Round(value) << 16)));
    }
}

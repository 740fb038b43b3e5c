using AlexNetSharp.Execution;
using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Convolution;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Tests.Kernels.Convolution;

[Trait(AnyTier.Name, AnyTier.Value)]
public unsafe class ManyThreadsTests
{
    private static readonly ConvGeometry[] s_geometries =
    [
        // Fused backward with few parts, groups, without and with the gradient of the input; staged backward.
        new(20, 27, 27, 64, 27, 27, 96, 5, 5, 1, 1, 2, 2, 1),
        new(18, 13, 13, 96, 13, 13, 128, 3, 3, 1, 1, 1, 1, 2),
        new(17, 63, 63, 3, 15, 15, 64, 11, 11, 4, 4, 2, 2, 1),
        new(3, 13, 13, 192, 13, 13, 384, 3, 3, 1, 1, 1, 1, 1),
    ];

    [Theory]
    [InlineData(0), InlineData(1), InlineData(2), InlineData(3)]
    public void GradientsAreTheSameBitsAsOfOneThread(int index)
    {
        ConvGeometry geometry = s_geometries[index];
        bool inputGradient = geometry.InputChannels > 3;
        float[][] one = Run(1), many = Run(40);
        for (int i = 0; i < one.Length; i++)
            Assert.Equal(one[i], many[i]);
        Assert.All(one, values => Assert.Contains(values, value => value != 0));

        float[][] Run(int threads)
        {
            var request = new ConvRequest(Relu: true, WeightGradient: true, inputGradient, Precise: false) { Threads = threads };
            ConvKernel kernel = KernelSet.Best.ConvWinograd(geometry, request);
            using var pool = new WorkerPool(threads);
            using AlignedBuffer input = Noise(geometry.InputLength, 1), weight = Noise(geometry.WeightLength, 2), bias = Noise(geometry.OutputChannels, 3);
            using AlignedBuffer gradOutput = Noise(geometry.OutputLength, 4), output = new(geometry.OutputLength), gradInput = new(geometry.InputLength);
            using AlignedBuffer gradWeight = new(geometry.WeightLength), gradBias = new(geometry.OutputChannels);
            using AlignedBuffer prepared = new(kernel.PreparedWeightLength), scratch = new(kernel.ScratchLength(threads));
            scratch.Span.Fill(float.NaN);
            kernel.Bind(pool, new Operands
            {
                Input = input.Pointer,
                Output = output.Pointer,
                GradInput = inputGradient ? gradInput.Pointer : null,
                GradOutput = gradOutput.Pointer,
                Weight = weight.Pointer,
                Bias = bias.Pointer,
                GradWeight = gradWeight.Pointer,
                GradBias = gradBias.Pointer,
                PreparedWeight = prepared.Pointer,
                Scratch = scratch.Pointer,
            });
            kernel.PrepareWeights();
            kernel.Forward();
            kernel.Backward();
            float[][] results = [output.Span.ToArray(), gradWeight.Span.ToArray(), gradBias.Span.ToArray()];
            return inputGradient ? [.. results, gradInput.Span.ToArray()] : results;
        }
    }

    [Theory]
    [InlineData(16, 12), InlineData(64, 40)]
    public void NoLayerOfABatchOf128IsBoundFarBelowTheThreads(int threads, double least)
    {
        Network network = AlexNet.TensorFlow();
        var layout = new PlanLayout(network, new PlanOptions { BatchSize = 128, Threads = threads, Gradients = GradientScope.All });
        for (int i = 0; i < layout.Operations.Length; i++)
            foreach (bool backward in new[] { false, true })
                if (layout.Operations[i].KernelFor(threads).WorkStages(backward, threads) is { Count: > 0 } stages)
                {
                    double bound = WorkStage.Bound(stages, threads);
                    Assert.True(bound >= least && bound <= threads + 1e-9, $"{layout.Operations[i].Info.Name}, {(backward ? "backward" : "forward")}: {bound:0.0}");
                }
    }

    [Fact]
    public void TheBoundIsThatOfItsPieces()
    {
        Assert.Equal(4, WorkStage.Bound([WorkStage.Even(1, 400)], 4), 0.1);
        Assert.Equal(3, WorkStage.Bound([WorkStage.Even(1, 3)], 4), 1e-9);
        Assert.Equal(2.5, WorkStage.Bound([WorkStage.Even(1, 5)], 4), 1e-9);
        Assert.Equal(1, WorkStage.Bound([new(1, 2, 1)], 4), 1e-9);
        // Half of the work on one thread.
        Assert.Equal(1.6, WorkStage.Bound([WorkStage.Even(1, 4), WorkStage.Even(1, 1)], 4), 1e-9);
    }

    private static AlignedBuffer Noise(long length, uint stream)
    {
        var buffer = new AlignedBuffer(length);
        new AlexNetSharp.Random.Philox(7, stream).FillNormal(buffer.Span);
        return buffer;
    }
}

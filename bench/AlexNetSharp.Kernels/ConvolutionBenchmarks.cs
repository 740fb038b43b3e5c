using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Convolution;
using BenchmarkDotNet.Attributes;

namespace AlexNetSharp.KernelBenchmarks;

/// <summary>The convolutions of the notebook's network at batch 32 and the first of <c>cifar10-quick</c>, with the algorithm that a plan chooses and with direct convolution.</summary>
public unsafe class ConvolutionBenchmarks : KernelBenchmark
{
    private ConvKernel _kernel = null!;

    public static IEnumerable<Layer> Layers =>
    [
        new("conv1", new ConvGeometry(32, 224, 224, 3, 55, 55, 64, 11, 11, 4, 4, 3, 3, 1)),
        new("conv2", new ConvGeometry(32, 27, 27, 64, 27, 27, 192, 5, 5, 1, 1, 2, 2, 1)),
        new("conv3", new ConvGeometry(32, 13, 13, 192, 13, 13, 384, 3, 3, 1, 1, 1, 1, 1)),
        new("conv4", new ConvGeometry(32, 13, 13, 384, 13, 13, 256, 3, 3, 1, 1, 1, 1, 1)),
        new("conv5", new ConvGeometry(32, 13, 13, 256, 13, 13, 256, 3, 3, 1, 1, 1, 1, 1)),
        new("conv1 of cifar10-quick, batch 128", new ConvGeometry(128, 32, 32, 3, 32, 32, 32, 5, 5, 1, 1, 2, 2, 1)),
    ];

    [ParamsSource(nameof(Layers))]
    public Layer Convolution { get; set; } = null!;

    [Params(false, true)]
    public bool Precise { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        ConvGeometry g = Convolution.Geometry;
        // The first layer's input gradient is never requested.
        var request = new ConvRequest(Relu: true, WeightGradient: true, InputGradient: g.InputChannels > 3, Precise);
        _kernel = ConvAlgorithms.Candidates(g, request)[^1].Kernel!;
        _kernel.Bind(Pool, new Operands
        {
            Input = Noisy.Noise(g.InputLength),
            Output = Noisy.Noise(g.OutputLength),
            GradInput = request.InputGradient ? Noisy.Noise(g.InputLength) : null,
            GradOutput = Noisy.Noise(g.OutputLength),
            Weight = Noisy.Noise(g.WeightLength),
            Bias = Noisy.Noise(g.OutputChannels),
            GradWeight = Noisy.Noise(g.WeightLength),
            GradBias = Noisy.Noise(g.OutputChannels),
            PreparedWeight = Noisy.Noise(_kernel.PreparedWeightLength),
            Scratch = Noisy.Noise(_kernel.ScratchLength(Pool.Threads)),
        });
        PrepareWeights();
        Forward();
    }

    [Benchmark]
    public void Forward() => _kernel.Forward();

    [Benchmark]
    public void Backward() => _kernel.Backward();

    [Benchmark]
    public void PrepareWeights() => _kernel.PrepareWeights();

    /// <summary>One layer; its work is that of the forward pass.</summary>
    public sealed record Layer : IWork
    {
        internal Layer(string name, ConvGeometry geometry) => (Name, Geometry) = (name, geometry);

        internal string Name { get; }

        internal ConvGeometry Geometry { get; }

        public double Operations => 2.0 * Geometry.MultiplyAdds;

        public override string ToString() => Name;
    }
}

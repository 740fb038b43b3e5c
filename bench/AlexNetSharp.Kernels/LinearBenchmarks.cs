using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Kernels.Linear;
using BenchmarkDotNet.Attributes;

namespace AlexNetSharp.KernelBenchmarks;

/// <summary>The fully connected layers at batch 1 (memory-bound) and 32.</summary>
public unsafe class LinearBenchmarks : KernelBenchmark
{
    private Kernel _inputGradient = null!, _weightGradient = null!;

    public static IEnumerable<Layer> Layers => [new("fc6", 1, 9216, 4096), new("fc6", 32, 9216, 4096), new("fc7", 32, 4096, 4096), new("fc8", 32, 4096, 1000)];

    [ParamsSource(nameof(Layers))]
    public Layer Linear { get; set; } = null!;

    [GlobalSetup]
    public void Setup()
    {
        (int batch, int inputs, int outputs) = (Linear.Batch, Linear.Inputs, Linear.Outputs);
        long weights = (long)GemmKernel.Panels(outputs) * GemmKernel.PanelWidth * inputs;
        var operands = new Operands
        {
            Input = Noisy.Noise((long)batch * inputs),
            Output = Noisy.Noise((long)batch * outputs),
            GradOutput = Noisy.Noise((long)batch * outputs),
            Weight = Noisy.Noise(weights),
            Bias = Noisy.Noise(outputs),
        };
        _inputGradient = Bind(operands with { GradInput = Noisy.Noise((long)batch * inputs) });
        _weightGradient = Bind(operands with { GradWeight = Noisy.Noise(weights), GradBias = Noisy.Noise(outputs) });
        Forward();

        Kernel Bind(Operands operands)
        {
            Kernel kernel = KernelSet.Best.Linear(
                batch, inputs, outputs, relu: true, weightGradient: operands.GradWeight != null, inputGradient: operands.GradInput != null, format: WeightFormat.Float32);
            operands.Scratch = Noisy.Noise(kernel.ScratchLength(Pool.Threads));
            kernel.Bind(Pool, operands);
            return kernel;
        }
    }

    [Benchmark]
    public void Forward() => _weightGradient.Forward();

    [Benchmark]
    public void BackwardInput() => _inputGradient.Backward();

    [Benchmark]
    public void BackwardWeight() => _weightGradient.Backward();

    /// <summary>One layer; its work is that of one of the three products.</summary>
    public sealed record Layer(string Name, int Batch, int Inputs, int Outputs) : IWork
    {
        public double Operations => 2.0 * Batch * Inputs * Outputs;

        public override string ToString() => FormattableString.Invariant($"{Name}, batch {Batch}");
    }
}

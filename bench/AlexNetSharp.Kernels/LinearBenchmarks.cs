using AlexNetSharp.Kernels.Linear;
using BenchmarkDotNet.Attributes;

namespace AlexNetSharp.KernelBenchmarks;

/// <summary>The fully connected layers at batch 1 (bound by memory) and 32.</summary>
public unsafe class LinearBenchmarks : KernelBenchmark
{
    private LinearKernel _kernel = null!;
    private float* _input, _weight, _bias, _output, _gradOutput, _gradWeight, _gradBias, _gradInput;

    public static IEnumerable<Layer> Layers => [new("fc6", 1, 9216, 4096), new("fc6", 32, 9216, 4096), new("fc7", 32, 4096, 4096), new("fc8", 32, 4096, 1000)];

    [ParamsSource(nameof(Layers))]
    public Layer Linear { get; set; } = null!;

    [GlobalSetup]
    public void Setup()
    {
        _kernel = new LinearKernel(Linear.Batch, Linear.Inputs, Linear.Outputs, relu: true, weightGradient: true, inputGradient: true, bfloat16: false);
        _kernel.Bind(Pool, Noisy.Noise(_kernel.PreparedWeightLength), Noisy.Noise(_kernel.ScratchLength(Pool.Threads)));
        _weight = Noisy.Noise(_kernel.WeightLength);
        _gradWeight = Noisy.Noise(_kernel.WeightLength);
        _bias = Noisy.Noise(Linear.Outputs);
        _gradBias = Noisy.Noise(Linear.Outputs);
        _input = Noisy.Noise((long)Linear.Batch * Linear.Inputs);
        _gradInput = Noisy.Noise((long)Linear.Batch * Linear.Inputs);
        _output = Noisy.Noise((long)Linear.Batch * Linear.Outputs);
        _gradOutput = Noisy.Noise((long)Linear.Batch * Linear.Outputs);
        Forward();
    }

    [Benchmark]
    public void Forward() => _kernel.Forward(_input, _weight, _bias, _output);

    [Benchmark]
    public void BackwardInput() => _kernel.Backward(_input, _weight, _output, _gradOutput, null, null, _gradInput, accumulate: false);

    [Benchmark]
    public void BackwardWeight() => _kernel.Backward(_input, _weight, _output, _gradOutput, _gradWeight, _gradBias, null, accumulate: false);

    /// <summary>One layer; its work is that of one of the three products.</summary>
    public sealed record Layer(string Name, int Batch, int Inputs, int Outputs) : IWork
    {
        public double Operations => 2.0 * Batch * Inputs * Outputs;

        public override string ToString() => FormattableString.Invariant($"{Name}, batch {Batch}");
    }
}

using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Pooling;
using BenchmarkDotNet.Attributes;

namespace AlexNetSharp.KernelBenchmarks;

/// <summary>Local response normalization fused with the following max pooling, at batch 32.</summary>
public unsafe class NormalizationBenchmarks : KernelBenchmark
{
    private Kernel _kernel = null!;

    [Params(64, 192)]
    public int Channels { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        (int size, int pooled) = Channels == 64 ? (55, 27) : (27, 13);
        var axis = new PoolAxis(pooled, 3, 2);
        var windows = PoolWindows.Sliding(32, size, size, Channels, axis, axis);
        _kernel = KernelSet.Best.LocalResponseNormMaxPool(new(32L * size * size, Channels, 4, 1, 0.001f / 9, 0.75f), windows, relu: false);
        _kernel.Bind(Pool, new Operands
        {
            Input = Noisy.Noise(32 * windows.InputImage),
            Output = Noisy.Noise(32 * windows.OutputImage),
            GradInput = Noisy.Noise(32 * windows.InputImage),
            GradOutput = Noisy.Noise(32 * windows.OutputImage),
            Scratch = Noisy.Noise(_kernel.ScratchLength(Pool.Threads)),
        });
        Forward();
    }

    [Benchmark]
    public void Forward() => _kernel.Forward();

    [Benchmark]
    public void Backward() => _kernel.Backward();
}

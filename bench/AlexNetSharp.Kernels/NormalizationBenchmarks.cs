using AlexNetSharp.Kernels.Normalization;
using AlexNetSharp.Kernels.Pooling;
using BenchmarkDotNet.Attributes;

namespace AlexNetSharp.KernelBenchmarks;

/// <summary>Response normalization with the max pooling behind it, in one pass, at batch 32.</summary>
public unsafe class NormalizationBenchmarks : KernelBenchmark
{
    private LocalResponseNormMaxPool _kernel = null!;
    private float* _input, _output, _gradOutput, _gradInput;

    [Params(64, 192)]
    public int Channels { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        (int size, int pooled) = Channels == 64 ? (55, 27) : (27, 13);
        var axis = new PoolAxis(pooled, 3, 2);
        var windows = PoolWindows.Sliding(32, size, size, Channels, axis, axis);
        _kernel = LocalResponseNormMaxPool.Create(new(32L * size * size, Channels, 4, 1, 0.001f / 9, 0.75f), windows, relu: false);
        _kernel.Bind(Pool, Noisy.Noise(_kernel.ScratchLength(Pool.Threads)));
        _input = Noisy.Noise(32 * windows.InputImage);
        _output = Noisy.Noise(32 * windows.OutputImage);
        _gradOutput = Noisy.Noise(32 * windows.OutputImage);
        _gradInput = Noisy.Noise(32 * windows.InputImage);
        Forward();
    }

    [Benchmark]
    public void Forward() => _kernel.Forward(_input, _output);

    [Benchmark]
    public void Backward() => _kernel.Backward(_input, _output, _gradOutput, _gradInput);
}

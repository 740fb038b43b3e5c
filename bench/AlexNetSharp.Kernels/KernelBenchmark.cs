using AlexNetSharp.Threading;
using BenchmarkDotNet.Attributes;

namespace AlexNetSharp.KernelBenchmarks;

/// <summary>Base class of all benchmarks: a worker pool on all CPUs, and memory filled with noise.</summary>
public abstract class KernelBenchmark : IDisposable
{
    private protected Memory Noisy { get; } = new();

    private protected WorkerPool Pool { get; } = new(Environment.ProcessorCount);

    [GlobalCleanup]
    public void Dispose()
    {
        Noisy.Dispose();
        Pool.Dispose();
        GC.SuppressFinalize(this);
    }
}

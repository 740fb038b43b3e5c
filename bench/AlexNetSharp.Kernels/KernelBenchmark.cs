using AlexNetSharp.Threading;
using BenchmarkDotNet.Attributes;

namespace AlexNetSharp.KernelBenchmarks;

/// <summary>What all benchmarks have: threads on every processor, and memory full of noise.</summary>
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

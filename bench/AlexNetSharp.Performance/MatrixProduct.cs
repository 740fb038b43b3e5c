using System.Diagnostics;
using AlexNetSharp.Benchmarks;
using AlexNetSharp.Cli.Benchmarking;
using AlexNetSharp.Random;
using AlexNetSharp.Tensors;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Performance;

/// <summary>The matrix product alone, at a size that fits no cache, next to the multiply-add peak measured before and after it.</summary>
internal sealed record MatrixProduct(string Size, double Gflops, double Peak)
{
    private const int Rows = 2048, Columns = 2048, Depth = 2048, WarmUp = 3, Rounds = 15;

    public static unsafe MatrixProduct Measure(int threads)
    {
        using var pool = new WorkerPool(threads);
        var job = new GemmJob(pool);
        const nint aStride = Rows * 32 + 16, bStride = Depth * 32 + 16, cStride = Rows * 32 + 16;
        using AlignedBuffer a = Noise(aStride * (Depth / 32)), b = Noise(bStride * (Columns / 32)), c = Noise(cStride * (Columns / 32));
        void Multiply() => job.Multiply(a.Pointer, aStride, b.Pointer, bStride, c.Pointer, cStride, Rows, Columns / 32, Depth, accumulate: false);
        double before = FmaPeak.Measure(threads);
        double[] seconds = new double[Rounds];
        for (int i = -WarmUp; i < Rounds; i++)
        {
            long start = Stopwatch.GetTimestamp();
            Multiply();
            if (i >= 0)
                seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        Array.Sort(seconds);
        return new MatrixProduct(
            $"{Rows} × {Columns} × {Depth}", 2e-9 * Rows * Columns * Depth / seconds[Rounds / 2], Math.Max(before, FmaPeak.Measure(threads)));
    }

    private static AlignedBuffer Noise(long length)
    {
        var buffer = new AlignedBuffer(length);
        new Philox(seed: 3).FillNormal(buffer.Span);
        return buffer;
    }
}

using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Elementwise;

/// <summary>Σ values[i]² in an order that does not depend on the number of threads.</summary>
/// <remarks>
/// Runs of 1,024 values are summed in float32 lanes (relative error some 1e-6 at worst), their sums in double precision, chunk by
/// chunk, and the chunks in order.
/// </remarks>
internal abstract unsafe class SumOfSquares
{
    private const int Chunk = 1 << 14;

    private readonly Job _job;
    private double[] _partial = [];
    private float* _values;
    private long _count;

    /// <summary>Made by <see cref="KernelSet"/>.</summary>
    private protected SumOfSquares() => _job = Piece;

    /// <summary>Sums <paramref name="count"/> squares.</summary>
    public double Run(WorkerPool pool, float* values, long count)
    {
        int chunks = checked((int)((count + Chunk - 1) / Chunk));
        if (_partial.Length < chunks)
            _partial = new double[chunks];
        _values = values;
        _count = count;
        pool.Run(_job, chunks);
        double sum = 0;
        for (int i = 0; i < chunks; i++)
            sum += _partial[i];
        return sum;
    }

    private void Piece(int index, int worker)
    {
        long first = (long)index * Chunk;
        _partial[index] = Sum(_values + first, (int)Math.Min(Chunk, _count - first));
    }

    /// <summary>The sum of one chunk.</summary>
    protected abstract double Sum(float* values, int count);
}

/// <summary><see cref="SumOfSquares"/> on vectors.</summary>
internal sealed unsafe class SumOfSquares<V> : SumOfSquares
    where V : unmanaged, ISimd<V>
{
    private const int RunLength = 1024;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override double Sum(float* values, int count)
    {
        double sum = 0;
        for (; count >= RunLength; count -= RunLength, values += RunLength)
        {
            V s0 = V.Zero, s1 = V.Zero, s2 = V.Zero, s3 = V.Zero;
            for (int i = 0; i < RunLength; i += 4 * V.Count)
            {
                V x0 = V.Load(values + i), x1 = V.Load(values + i + V.Count);
                V x2 = V.Load(values + i + 2 * V.Count), x3 = V.Load(values + i + 3 * V.Count);
                s0 = V.MultiplyAdd(x0, x0, s0);
                s1 = V.MultiplyAdd(x1, x1, s1);
                s2 = V.MultiplyAdd(x2, x2, s2);
                s3 = V.MultiplyAdd(x3, x3, s3);
            }
            sum += V.Sum(s0 + s1 + (s2 + s3));
        }
        for (int i = 0; i < count; i++)
            sum += (double)values[i] * values[i];
        return sum;
    }
}

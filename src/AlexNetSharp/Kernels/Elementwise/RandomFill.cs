using AlexNetSharp.Random;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Elementwise;

/// <summary>Fills memory with random numbers, on all threads of a pool; the numbers are those of <see cref="Philox"/>'s own fill methods.</summary>
internal static unsafe class RandomFill
{
    /// <summary>Numbers of one piece of work; a multiple of <see cref="PhiloxLanes.Group"/>.</summary>
    private const long Piece = 1 << 18;

    /// <summary>destination[i] = low + (high − low) · u.</summary>
    public static void Uniform(WorkerPool pool, Philox random, float* destination, long count, float low, float high) =>
        Run(pool, random, new UniformDistribution(low, high - low), destination, count);

    /// <summary>destination[i] = mean + deviation · z for normally distributed z.</summary>
    public static void Normal(WorkerPool pool, Philox random, float* destination, long count, float deviation, float mean = 0) =>
        Run(pool, random, new NormalDistribution(mean, deviation), destination, count);

    /// <summary>destination[i] = mean + deviation · z for normally distributed z with |z| ≤ 2.</summary>
    public static void TruncatedNormal(WorkerPool pool, Philox random, float* destination, long count, float deviation, float mean = 0) =>
        Run(pool, random, new TruncatedNormalDistribution(mean, deviation), destination, count);

    private static void Run<D>(WorkerPool pool, Philox random, D distribution, float* destination, long count)
        where D : unmanaged, IDistribution =>
        pool.Run(new FillJob<D>(random, distribution, destination, count), checked((int)((count + Piece - 1) / Piece)));

    private sealed class FillJob<D>(Philox random, D distribution, float* destination, long count) : Job
        where D : unmanaged, IDistribution
    {
        public override void Execute(int index, int worker)
        {
            long first = index * Piece;
            random.Fill(distribution, destination + first, first, Math.Min(Piece, count - first));
        }
    }
}

using System.Runtime.CompilerServices;
using AlexNetSharp.Random;
using AlexNetSharp.Simd;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Elementwise;

/// <summary>Dropout: output[i] = u[i] &lt; keep ? input[i] / keep : 0, where u[i] is uniform number i of a <see cref="Philox"/> stream.</summary>
/// <remarks>
/// Backward is the same map of the gradient, so the mask is not kept: the same stream gives it again. The numbers are functions of
/// their index, so the mask is the same for any number of threads and any vector width. Source: N. Srivastava and others, "Dropout: a simple way
/// to prevent neural networks from overfitting", JMLR 15, 2014; scaled while training, as TensorFlow and PyTorch do.
/// </remarks>
internal abstract unsafe class DropoutKernel : Job
{
    /// <summary>Elements of a piece of work, a multiple of <see cref="PhiloxLanes.Group"/>.</summary>
    private const int Chunk = 1 << 13;

    private Philox _random;
    private float _keep;
    private float* _source, _destination;
    private long _count;

    /// <summary>Makes the operation for vectors of <paramref name="tier"/>; null takes the widest.</summary>
    public static DropoutKernel Create(SimdTier? tier = null) => (tier ?? SimdTiers.Best) switch
    {
        SimdTier.Vector512 => new DropoutKernel<U32x16, F32x16>(),
        SimdTier.Vector256 => new DropoutKernel<U32x8, F32x8>(),
        SimdTier.Vector128 => new DropoutKernel<U32x4, F32x4>(),
        _ => new DropoutKernel<U32x1, F32x1>(),
    };

    /// <summary>Forward, with the input as source, or backward, with the gradient of the output as source.</summary>
    /// <param name="pool">The threads.</param>
    /// <param name="random">The stream: the same in both directions of a step.</param>
    /// <param name="keep">Probability that an element stays, above 0 and at most 1.</param>
    /// <param name="source">[count].</param>
    /// <param name="destination">[count]; may be the same memory as the source.</param>
    /// <param name="count">Elements.</param>
    public void Run(WorkerPool pool, Philox random, float keep, float* source, float* destination, long count)
    {
        (_random, _keep, _count) = (random, keep, count);
        _source = source;
        _destination = destination;
        pool.Run(this, checked((int)((count + Chunk - 1) / Chunk)));
    }

    /// <inheritdoc/>
    public override void Execute(int index, int worker)
    {
        long first = (long)index * Chunk;
        int count = (int)Math.Min(Chunk, _count - first), whole = count / PhiloxLanes.Group * PhiloxLanes.Group;
        ulong block = (ulong)first / 4;
        Groups(_random, _keep, _source + first, _destination + first, block, whole / PhiloxLanes.Group);
        if (whole == count)
            return;
        // The last group of all is not whole.
        float* group = stackalloc float[PhiloxLanes.Group];
        new ReadOnlySpan<float>(_source + first + whole, count - whole).CopyTo(new Span<float>(group, PhiloxLanes.Group));
        Groups(_random, _keep, group, group, block + (ulong)whole / 4, 1);
        new ReadOnlySpan<float>(group, count - whole).CopyTo(new Span<float>(_destination + first + whole, count - whole));
    }

    /// <summary>Treats whole groups of numbers, of which the first begins with Philox block <paramref name="block"/>.</summary>
    protected abstract void Groups(Philox random, float keep, float* source, float* destination, ulong block, int groups);
}

/// <summary><see cref="DropoutKernel"/> on vectors.</summary>
internal sealed unsafe class DropoutKernel<B, V> : DropoutKernel
    where B : unmanaged, ISimdBits<B, V>
    where V : unmanaged, ISimd<V>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Groups(Philox random, float keep, float* source, float* destination, ulong block, int groups)
    {
        V limit = V.Broadcast(keep), scale = V.Broadcast(1 / keep);
        for (; groups > 0; groups--, source += PhiloxLanes.Group, destination += PhiloxLanes.Group)
            for (int lane = 0; lane < PhiloxLanes.GroupBlocks; lane += V.Count, block += (ulong)V.Count)
            {
                PhiloxLanes.Block<B, V>(random.Seed, block, random.Stream, random.Step, out B c0, out B c1, out B c2, out B c3);
                Apply(c0, lane);
                Apply(c1, lane + PhiloxLanes.GroupBlocks);
                Apply(c2, lane + 2 * PhiloxLanes.GroupBlocks);
                Apply(c3, lane + 3 * PhiloxLanes.GroupBlocks);
            }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        void Apply(B bits, int at) =>
            V.Store(V.SelectGreater(limit, UniformDistribution.Unit<B, V>(bits), V.Load(source + at) * scale), destination + at);
    }
}

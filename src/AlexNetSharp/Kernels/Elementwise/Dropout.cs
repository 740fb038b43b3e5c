using System.Runtime.CompilerServices;
using AlexNetSharp.Random;
using AlexNetSharp.Simd;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Elementwise;

/// <summary>Dropout: output[i] = u[i] &lt; keep ? input[i] / keep : 0, where u[i] is uniform number i of a <see cref="Philox"/> stream; a copy where no step trains.</summary>
/// <remarks>
/// Backward is the same map of the gradient, so the mask is not kept: the same stream gives it again. The numbers are functions of
/// their index, so the mask is the same for any number of threads and any vector width. Both directions work in place too. Source: N. Srivastava
/// and others, "Dropout: a simple way to prevent neural networks from overfitting", JMLR 15, 2014; scaled while training, as TensorFlow and PyTorch do.
/// </remarks>
internal sealed unsafe class Dropout<B, V> : Kernel
    where B : unmanaged, ISimdBits<B, V>
    where V : unmanaged, ISimd<V>
{
    /// <summary>Elements of a piece of work, a multiple of <see cref="PhiloxLanes.Group"/>.</summary>
    private const int Chunk = 1 << 13;

    private readonly long _length;
    private readonly float _keep;
    private readonly ulong _seed;
    private readonly uint _stream;
    private readonly int _pieces;
    private readonly Job _forward, _backward;

    /// <summary>Dropout of <paramref name="length"/> elements.</summary>
    /// <param name="length">Elements.</param>
    /// <param name="keep">Probability that an element stays, above 0 and at most 1.</param>
    /// <param name="seed">Key of the random numbers.</param>
    /// <param name="stream">The layer's own stream of them.</param>
    public Dropout(long length, float keep, ulong seed, uint stream)
    {
        (_length, _keep, _seed, _stream) = (length, keep, seed, stream);
        _pieces = checked((int)((length + Chunk - 1) / Chunk));
        _forward = (index, _) => Piece(Input, Output, index);
        _backward = (index, _) => Piece(GradOutput, GradInput, index);
    }

    public override string Name => "elementwise, mask from Philox";

    public override void Forward()
    {
        if (Step is { Training: true })
            Pool.Run(_forward, _pieces);
        else
            Copy(Input, Output);
    }

    public override void Backward(bool accumulate)
    {
        if (GradInput == null)
            return;
        if (Step is { Training: true })
            Pool.Run(_backward, _pieces);
        else
            Copy(GradOutput, GradInput);
    }

    private void Copy(float* source, float* destination) =>
        Buffer.MemoryCopy(source, destination, _length * sizeof(float), _length * sizeof(float));

    private void Piece(float* source, float* destination, int index)
    {
        var random = new Philox(_seed, _stream, unchecked((uint)Step!.Number));
        long first = (long)index * Chunk;
        source += first;
        destination += first;
        int count = (int)Math.Min(Chunk, _length - first), whole = count / PhiloxLanes.Group * PhiloxLanes.Group;
        ulong block = (ulong)first / 4;
        Groups(random, _keep, source, destination, block, whole / PhiloxLanes.Group);
        if (whole == count)
            return;
        // The last group of all is not whole.
        float* group = stackalloc float[PhiloxLanes.Group];
        new ReadOnlySpan<float>(source + whole, count - whole).CopyTo(new Span<float>(group, PhiloxLanes.Group));
        Groups(random, _keep, group, group, block + (ulong)whole / 4, 1);
        new ReadOnlySpan<float>(group, count - whole).CopyTo(new Span<float>(destination + whole, count - whole));
    }

    /// <summary>Treats whole groups of numbers, of which the first begins with Philox block <paramref name="block"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Groups(Philox random, float keep, float* source, float* destination, ulong block, int groups)
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

using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Elementwise;

/// <summary>A ReLU alone: output[i] = max(0, input[i]), which propagates NaN. Both directions work in place too.</summary>
/// <remarks>Backward: gradInput[i] = output[i] &gt; 0 ? gradOutput[i] : 0. Elements that fill no vector are computed one at a time by the same formula.</remarks>
internal sealed unsafe class Relu<V> : Kernel
    where V : unmanaged, ISimd<V>
{
    /// <summary>Elements of a piece of work: 64 KiB.</summary>
    private const int Chunk = 1 << 14;

    private readonly long _length;
    private readonly int _pieces;
    private readonly Job _forward, _backward;

    /// <summary>The ReLU of <paramref name="length"/> elements.</summary>
    public Relu(long length)
    {
        _length = length;
        _pieces = checked((int)((length + Chunk - 1) / Chunk));
        (_forward, _backward) = (ForwardPiece, BackwardPiece);
    }

    public override string Name => "elementwise";

    public override bool BackwardReadsOutput => true;

    public override void Forward() => Pool.Run(_forward, _pieces);

    public override void Backward(bool accumulate)
    {
        if (GradInput != null)
            Pool.Run(_backward, _pieces);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ForwardPiece(int index, int worker)
    {
        long first = (long)index * Chunk;
        float* x = Input + first, y = Output + first;
        int count = (int)Math.Min(Chunk, _length - first), i = 0;
        for (; i <= count - V.Count; i += V.Count)
            V.Store(V.MaxNative(V.Zero, V.Load(x + i)), y + i);
        for (; i < count; i++)
            F32x1.Store(F32x1.MaxNative(F32x1.Zero, F32x1.Load(x + i)), y + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void BackwardPiece(int index, int worker)
    {
        long first = (long)index * Chunk;
        float* y = Output + first, gradient = GradOutput + first, result = GradInput + first;
        int count = (int)Math.Min(Chunk, _length - first), i = 0;
        for (; i <= count - V.Count; i += V.Count)
            V.Store(V.SelectGreater(V.Load(y + i), V.Zero, V.Load(gradient + i)), result + i);
        for (; i < count; i++)
            F32x1.Store(F32x1.SelectGreater(F32x1.Load(y + i), F32x1.Zero, F32x1.Load(gradient + i)), result + i);
    }
}

using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Elementwise;

/// <summary>The constants of one <see cref="SgdUpdate"/>.</summary>
/// <param name="LearningRate">η.</param>
/// <param name="Momentum">µ.</param>
/// <param name="WeightDecay">λ.</param>
/// <param name="GradientScale">γ, for gradients that are clipped or summed over parts of a batch.</param>
internal readonly record struct SgdStep(float LearningRate, float Momentum, float WeightDecay, float GradientScale = 1);

/// <summary>
/// Stochastic gradient descent with momentum: v = µ·v + (γ·g + λ·w), then w = w − η·v, for every element; the gradient is not changed.
/// </summary>
/// <remarks>PyTorch's <c>torch.optim.SGD</c> without dampening; v starts as 0. (Caffe puts η into v instead; at a constant η that is the same.)</remarks>
internal abstract unsafe class SgdUpdate
{
    private const int Chunk = 1 << 14;

    private readonly Job _job;
    private SgdStep _step;
    private float* _weight, _gradient, _velocity;
    private long _count;

    /// <summary>Made by <see cref="KernelSet"/>.</summary>
    private protected SgdUpdate() => _job = Piece;

    /// <summary>Updates <paramref name="count"/> elements.</summary>
    public void Run(WorkerPool pool, SgdStep step, float* weight, float* gradient, float* velocity, long count)
    {
        (_step, _count) = (step, count);
        _weight = weight;
        _gradient = gradient;
        _velocity = velocity;
        pool.Run(_job, checked((int)((count + Chunk - 1) / Chunk)));
    }

    private void Piece(int index, int worker)
    {
        long first = (long)index * Chunk;
        Update(_step, _weight + first, _gradient + first, _velocity + first, (int)Math.Min(Chunk, _count - first));
    }

    /// <summary>Updates a chunk.</summary>
    protected abstract void Update(SgdStep step, float* weight, float* gradient, float* velocity, int count);
}

/// <summary><see cref="SgdUpdate"/> on vectors.</summary>
internal sealed unsafe class SgdUpdate<V> : SgdUpdate
    where V : unmanaged, ISimd<V>
{
    protected override void Update(SgdStep step, float* weight, float* gradient, float* velocity, int count)
    {
        int whole = count / V.Count * V.Count;
        Update<V>(step, weight, gradient, velocity, 0, whole);
        Update<F32x1>(step, weight, gradient, velocity, whole, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Update<W>(SgdStep step, float* weight, float* gradient, float* velocity, int from, int to)
        where W : unmanaged, ISimd<W>
    {
        W rate = W.Broadcast(step.LearningRate), momentum = W.Broadcast(step.Momentum);
        W decay = W.Broadcast(step.WeightDecay), scale = W.Broadcast(step.GradientScale);
        for (int i = from; i < to; i += W.Count)
        {
            W w = W.Load(weight + i);
            W v = W.MultiplyAdd(momentum, W.Load(velocity + i), W.MultiplyAdd(decay, w, scale * W.Load(gradient + i)));
            W.Store(v, velocity + i);
            W.Store(W.NegateMultiplyAdd(rate, v, w), weight + i);
        }
    }
}

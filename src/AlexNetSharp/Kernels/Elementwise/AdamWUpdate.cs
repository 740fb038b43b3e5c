using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Elementwise;

/// <summary>The constants of one <see cref="AdamWUpdate"/> at step t.</summary>
/// <param name="StepSize">η / (1 − β₁ᵗ).</param>
/// <param name="Keep">1 − η·λ: what weight decay leaves of a weight.</param>
/// <param name="Beta1">β₁.</param>
/// <param name="Beta2">β₂.</param>
/// <param name="RootCorrection">1 / √(1 − β₂ᵗ).</param>
/// <param name="Epsilon">ε, above 0.</param>
/// <param name="GradientScale">γ, for gradients that are clipped or summed over parts of a batch.</param>
internal readonly record struct AdamWStep(
    float StepSize, float Keep, float Beta1, float Beta2, float RootCorrection, float Epsilon, float GradientScale = 1);

/// <summary>
/// Adam with decoupled weight decay: m = β₁·m + (1 − β₁)·γ·g, v = β₂·v + (1 − β₂)·(γ·g)², then
/// w = (1 − η·λ)·w − η / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + ε), for every element; the gradient is not changed.
/// </summary>
/// <remarks>PyTorch's <c>torch.optim.AdamW</c> (Loshchilov and Hutter 2019, algorithm 2), without <c>amsgrad</c>; m and v start as 0.</remarks>
internal abstract unsafe class AdamWUpdate
{
    private const int Chunk = 1 << 14;

    private readonly Job _job;
    private AdamWStep _step;
    private float* _weight, _gradient, _mean, _square;
    private long _count;

    /// <summary>Made by <see cref="KernelSet"/>.</summary>
    private protected AdamWUpdate() => _job = Piece;

    /// <summary>Updates <paramref name="count"/> elements.</summary>
    public void Run(WorkerPool pool, AdamWStep step, float* weight, float* gradient, float* mean, float* square, long count)
    {
        (_step, _count) = (step, count);
        _weight = weight;
        _gradient = gradient;
        _mean = mean;
        _square = square;
        pool.Run(_job, checked((int)((count + Chunk - 1) / Chunk)));
    }

    private void Piece(int index, int worker)
    {
        long first = (long)index * Chunk;
        Update(_step, _weight + first, _gradient + first, _mean + first, _square + first, (int)Math.Min(Chunk, _count - first));
    }

    /// <summary>Updates a chunk.</summary>
    protected abstract void Update(AdamWStep step, float* weight, float* gradient, float* mean, float* square, int count);
}

/// <summary><see cref="AdamWUpdate"/> on vectors.</summary>
internal sealed unsafe class AdamWUpdate<V> : AdamWUpdate
    where V : unmanaged, ISimd<V>
{
    protected override void Update(AdamWStep step, float* weight, float* gradient, float* mean, float* square, int count)
    {
        int whole = count / V.Count * V.Count;
        Update<V>(step, weight, gradient, mean, square, 0, whole);
        Update<F32x1>(step, weight, gradient, mean, square, whole, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Update<W>(AdamWStep step, float* weight, float* gradient, float* mean, float* square, int from, int to)
        where W : unmanaged, ISimd<W>
    {
        W size = W.Broadcast(step.StepSize), keep = W.Broadcast(step.Keep), scale = W.Broadcast(step.GradientScale);
        W beta1 = W.Broadcast(step.Beta1), rest1 = W.Broadcast(1 - step.Beta1), beta2 = W.Broadcast(step.Beta2), rest2 = W.Broadcast(1 - step.Beta2);
        W correction = W.Broadcast(step.RootCorrection), epsilon = W.Broadcast(step.Epsilon);
        for (int i = from; i < to; i += W.Count)
        {
            W g = scale * W.Load(gradient + i);
            W m = W.MultiplyAdd(beta1, W.Load(mean + i), rest1 * g);
            W v = W.MultiplyAdd(beta2, W.Load(square + i), rest2 * (g * g));
            W.Store(m, mean + i);
            W.Store(v, square + i);
            W denominator = W.MultiplyAdd(W.Sqrt(v), correction, epsilon);
            W.Store(W.NegateMultiplyAdd(size, m / denominator, keep * W.Load(weight + i)), weight + i);
        }
    }
}

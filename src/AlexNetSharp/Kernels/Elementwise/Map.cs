using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Elementwise;

/// <summary>A formula for one element from two.</summary>
internal interface IElementOperator
{
    /// <summary>The result for each lane.</summary>
    V Invoke<V>(V a, V b)
        where V : unmanaged, ISimd<V>;
}

/// <summary>output[i] = operator(a[i], b[i]) for all i, in chunks that are pieces of work.</summary>
/// <remarks>The output may be the same memory as a or b. Elements that fill no vector are computed one at a time by the same formula.</remarks>
internal abstract unsafe class Map<TOperator> : Job
    where TOperator : struct, IElementOperator
{
    /// <summary>Elements of a piece of work: 64 KiB.</summary>
    private const int Chunk = 1 << 14;

    private TOperator _operator;
    private float* _a, _b, _output;
    private long _count;

    /// <summary>Makes the job for vectors of <paramref name="tier"/>.</summary>
    public static Map<TOperator> Create(SimdTier tier) => tier switch
    {
        SimdTier.Vector512 => new Map<F32x16, TOperator>(),
        SimdTier.Vector256 => new Map<F32x8, TOperator>(),
        SimdTier.Vector128 => new Map<F32x4, TOperator>(),
        _ => new Map<F32x1, TOperator>(),
    };

    /// <summary>Applies the formula to <paramref name="count"/> elements.</summary>
    public void Run(WorkerPool pool, TOperator formula, float* a, float* b, float* output, long count)
    {
        (_operator, _count) = (formula, count);
        _a = a;
        _b = b;
        _output = output;
        pool.Run(this, checked((int)((count + Chunk - 1) / Chunk)));
    }

    /// <inheritdoc/>
    public override void Execute(int index, int worker)
    {
        long first = (long)index * Chunk;
        Apply(_operator, _a + first, _b + first, _output + first, (int)Math.Min(Chunk, _count - first));
    }

    /// <summary>Applies the formula to a piece.</summary>
    protected abstract void Apply(TOperator formula, float* a, float* b, float* output, int count);
}

/// <summary><see cref="Map{TOperator}"/> on vectors.</summary>
internal sealed unsafe class Map<V, TOperator> : Map<TOperator>
    where V : unmanaged, ISimd<V>
    where TOperator : struct, IElementOperator
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Apply(TOperator formula, float* a, float* b, float* output, int count)
    {
        int i = 0;
        for (; i <= count - V.Count; i += V.Count)
            V.Store(formula.Invoke(V.Load(a + i), V.Load(b + i)), output + i);
        for (; i < count; i++)
            F32x1.Store(formula.Invoke(F32x1.Load(a + i), F32x1.Load(b + i)), output + i);
    }
}

/// <summary>max(0, a); lets through what is not a number.</summary>
internal readonly struct ReluOperator : IElementOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a, V b)
        where V : unmanaged, ISimd<V> => V.MaxNative(V.Zero, a);
}

/// <summary>a &gt; 0 ? b : 0, where a is the input or the output of the ReLU and b the gradient of the output.</summary>
internal readonly struct ReluGradientOperator : IElementOperator
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Invoke<V>(V a, V b)
        where V : unmanaged, ISimd<V> => V.SelectGreater(a, V.Zero, b);
}

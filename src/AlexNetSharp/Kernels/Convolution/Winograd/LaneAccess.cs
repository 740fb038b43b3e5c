using System.Runtime.CompilerServices;
using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Kernels.Convolution.Winograd;

/// <summary>Where a one-dimensional transform finds its values: one vector of channels for each index.</summary>
internal interface ILaneSource<V>
{
    /// <summary>Value <paramref name="index"/>.</summary>
    V Load(int index);
}

/// <summary>Where a one-dimensional transform leaves its results.</summary>
internal interface ILaneTarget<V>
{
    /// <summary>Takes result <paramref name="index"/>.</summary>
    void Store(int index, V value);
}

/// <summary>Points of a tile: vectors in planes <paramref name="step"/> floats apart. Fetches the matrix row after it besides, which comes next as a rule.</summary>
/// <remarks>Dozens of planes are more streams than the processor's own prefetcher follows.</remarks>
internal readonly unsafe struct PlanePoints<V>(float* data, nint step) : ILaneSource<V>, ILaneTarget<V>
    where V : unmanaged, ISimd<V>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Load(int index)
    {
        Prefetch.Near(data + index * step + GemmKernel.PanelWidth);
        return V.Load(data + index * step);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int index, V value)
    {
        Prefetch.Near(data + index * step + GemmKernel.PanelWidth);
        V.Store(value, data + index * step);
    }
}

/// <summary>Points of a tile in planes <paramref name="step"/> floats apart that are larger than any cache together: written past the caches.</summary>
internal readonly unsafe struct StreamedPoints<V>(float* data, nint step) : ILaneTarget<V>
    where V : unmanaged, ISimd<V>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int index, V value) => V.StoreStreaming(value, data + index * step);
}

/// <summary>A row of a tile between two passes: adjacent vectors.</summary>
internal readonly unsafe struct ScratchRow<V>(float* data) : ILaneSource<V>, ILaneTarget<V>
    where V : unmanaged, ISimd<V>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Load(int index) => V.Load(data + index * V.Count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int index, V value) => V.Store(value, data + index * V.Count);
}

/// <summary>A column of a tile between two passes: vectors one row of <see cref="WinogradTiles.MaxPoints"/> vectors apart.</summary>
internal readonly unsafe struct ScratchColumn<V>(float* data) : ILaneSource<V>, ILaneTarget<V>
    where V : unmanaged, ISimd<V>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Load(int index) => V.Load(data + index * (WinogradTiles.MaxPoints * V.Count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int index, V value) => V.Store(value, data + index * (WinogradTiles.MaxPoints * V.Count));
}

/// <summary>A column of pixels, each row through its own pointer (rows outside the image point to zeros).</summary>
internal readonly unsafe struct PixelColumn<V>(float** rows, nint offset) : ILaneSource<V>
    where V : unmanaged, ISimd<V>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Load(int index) => V.Load(rows[index] + offset);
}

/// <summary>A column of gradients that count only where the output is positive.</summary>
internal readonly unsafe struct MaskedColumn<V>(float** gradients, float** outputs, nint offset) : ILaneSource<V>
    where V : unmanaged, ISimd<V>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public V Load(int index) => V.SelectGreater(V.Load(outputs[index] + offset), V.Zero, V.Load(gradients[index] + offset));
}

/// <summary>The first <paramref name="count"/> pixels of a row: max(floor, value + bias).</summary>
/// <remarks>floor is −∞ where there is no ReLU. The value is the second operand of the maximum, so NaN passes.</remarks>
internal readonly unsafe struct OutputRow<V>(float* pixels, nint step, int count, V bias, V floor) : ILaneTarget<V>
    where V : unmanaged, ISimd<V>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int index, V value)
    {
        if (index < count)
            V.Store(V.MaxNative(floor, value + bias), pixels + index * step);
    }
}

/// <summary>Adds to the pixels <paramref name="from"/> to <paramref name="to"/> − 1 of a row.</summary>
internal readonly unsafe struct AddedRow<V>(float* pixels, nint step, int from, int to) : ILaneTarget<V>
    where V : unmanaged, ISimd<V>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int index, V value)
    {
        if (index >= from && index < to)
            V.Store(V.Load(pixels + index * step) + value, pixels + index * step);
    }
}

/// <summary>A row of weight gradients, each tap through its own pointer; null where the kernel has no such tap.</summary>
internal readonly unsafe struct TapRow<V>(float** taps, nint step, nint offset, bool accumulate) : ILaneTarget<V>
    where V : unmanaged, ISimd<V>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store(int index, V value)
    {
        float* tap = taps[index * step];
        if (tap != null)
            V.Store(accumulate ? V.Load(tap + offset) + value : value, tap + offset);
    }
}

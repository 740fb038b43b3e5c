using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Kernels.Convolution.Winograd;

/// <summary>The two-dimensional transforms of one vector of channels, as a vertical pass over columns and a horizontal pass over rows.</summary>
/// <remarks>
/// A tile F(m×m′, r×r′) with different sizes in the two dimensions takes the vertical pass of one tile and the horizontal pass of another.
/// Between them the values lie in <c>scratch</c>: <see cref="WinogradTiles.MaxPoints"/> rows of as many vectors, in the first-level cache. A <b>plane</b>
/// holds one point of all tiles; point (p, q) is plane p·pitch + q.
/// </remarks>
internal abstract unsafe class TilePasses
{
    /// <summary>Floats of scratch that the widest vectors need.</summary>
    public const int ScratchLength = WinogradTiles.MaxPoints * WinogradTiles.MaxPoints * 16;

    /// <summary>Channels that a pass works on.</summary>
    public abstract int Lanes { get; }

    /// <summary>Points, n.</summary>
    public abstract int Points { get; }

    /// <summary>N of the point 1.</summary>
    public abstract float NormOfOne { get; }

    /// <summary>Bᵀ of every column of pixels; columns before <paramref name="from"/> and from <paramref name="to"/> on lie outside the image and count as zeros.</summary>
    public abstract void InputVertical(float** rows, nint offset, nint step, int from, int to, int columns, float* scratch);

    /// <summary>Bᵀ of <paramref name="rows"/> rows of scratch, to planes.</summary>
    public abstract void InputHorizontal(float* scratch, int rows, float* planes, nint planeStride, nint pitch);

    /// <summary>B of <paramref name="columns"/> columns of planes.</summary>
    public abstract void InputAdjointVertical(float* planes, nint planeStride, nint pitch, int columns, float* scratch);

    /// <summary>B of the rows of scratch from <paramref name="first"/> to <paramref name="last"/> − 1, added to pixels inside the image.</summary>
    public abstract void InputAdjointHorizontal(float* scratch, int first, int last, float* pixels, nint rowStep, nint step, int from, int to);

    /// <summary>Aᵀ of <paramref name="columns"/> columns of planes.</summary>
    public abstract void OutputVertical(float* planes, nint planeStride, nint pitch, int columns, float* scratch);

    /// <summary>Aᵀ of <paramref name="rows"/> rows of scratch, with bias and floor, to <paramref name="count"/> pixels of as many rows of output.</summary>
    public abstract void OutputHorizontal(float* scratch, int rows, float* pixels, nint rowStep, nint step, int count, float* bias, float floor);

    /// <summary>A of every column of output gradients, masked by the outputs unless that is null; columns from <paramref name="to"/> on count as zeros.</summary>
    public abstract void OutputAdjointVertical(float** gradients, float** outputs, nint offset, nint step, int to, int columns, float* scratch);

    /// <summary>A of <paramref name="rows"/> rows of scratch, to planes.</summary>
    public abstract void OutputAdjointHorizontal(float* scratch, int rows, float* planes, nint planeStride, nint pitch);

    /// <summary>G of <paramref name="columns"/> columns of taps; tap (ky, kx) is taps[kx·5 + ky].</summary>
    public abstract void WeightVertical(float** taps, nint offset, int columns, float* scratch);

    /// <summary>G of <paramref name="rows"/> rows of scratch, to planes; past the caches if <paramref name="streaming"/>.</summary>
    public abstract void WeightHorizontal(float* scratch, int rows, float* planes, nint planeStride, nint pitch, bool streaming);

    /// <summary>Gᵀ of <paramref name="columns"/> columns of planes.</summary>
    public abstract void WeightAdjointVertical(float* planes, nint planeStride, nint pitch, int columns, float* scratch);

    /// <summary>Gᵀ of <paramref name="rows"/> rows of scratch, stored or added to the taps that are not null.</summary>
    public abstract void WeightAdjointHorizontal(float* scratch, int rows, float** taps, nint offset, bool accumulate);
}

/// <summary>The passes of tile <typeparamref name="TTile"/> on vectors <typeparamref name="V"/>.</summary>
internal sealed unsafe class TilePasses<TTile, V> : TilePasses
    where TTile : struct, IWinogradTile
    where V : unmanaged, ISimd<V>
{
    public override int Lanes => V.Count;

    public override int Points => TTile.Points;

    public override float NormOfOne => TTile.NormOfOne;

    private static int Row => WinogradTiles.MaxPoints * V.Count;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void InputVertical(float** rows, nint offset, nint step, int from, int to, int columns, float* scratch)
    {
        for (int j = 0; j < columns; j++)
            if (j >= from && j < to)
                TTile.Input<V, PixelColumn<V>, ScratchColumn<V>>(new(rows, offset + j * step), new(scratch + j * V.Count));
            else
                Clear(scratch + j * V.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void InputHorizontal(float* scratch, int rows, float* planes, nint planeStride, nint pitch)
    {
        for (int p = 0; p < rows; p++)
            TTile.Input<V, ScratchRow<V>, PlanePoints<V>>(new(scratch + p * Row), new(planes + p * pitch * planeStride, planeStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void InputAdjointVertical(float* planes, nint planeStride, nint pitch, int columns, float* scratch)
    {
        for (int q = 0; q < columns; q++)
            TTile.InputAdjoint<V, PlanePoints<V>, ScratchColumn<V>>(new(planes + q * planeStride, pitch * planeStride), new(scratch + q * V.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void InputAdjointHorizontal(
        float* scratch, int first, int last, float* pixels, nint rowStep, nint step, int from, int to)
    {
        for (int i = first; i < last; i++)
            TTile.InputAdjoint<V, ScratchRow<V>, AddedRow<V>>(new(scratch + i * Row), new(pixels + i * rowStep, step, from, to));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void OutputVertical(float* planes, nint planeStride, nint pitch, int columns, float* scratch)
    {
        for (int q = 0; q < columns; q++)
            TTile.Output<V, PlanePoints<V>, ScratchColumn<V>>(new(planes + q * planeStride, pitch * planeStride), new(scratch + q * V.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void OutputHorizontal(
        float* scratch, int rows, float* pixels, nint rowStep, nint step, int count, float* bias, float floor)
    {
        V add = V.Load(bias), least = V.Broadcast(floor);
        for (int i = 0; i < rows; i++)
            TTile.Output<V, ScratchRow<V>, OutputRow<V>>(new(scratch + i * Row), new(pixels + i * rowStep, step, count, add, least));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void OutputAdjointVertical(
        float** gradients, float** outputs, nint offset, nint step, int to, int columns, float* scratch)
    {
        for (int j = 0; j < columns; j++)
            if (j >= to)
                Clear(scratch + j * V.Count);
            else if (outputs == null)
                TTile.OutputAdjoint<V, PixelColumn<V>, ScratchColumn<V>>(new(gradients, offset + j * step), new(scratch + j * V.Count));
            else
                TTile.OutputAdjoint<V, MaskedColumn<V>, ScratchColumn<V>>(
                    new(gradients, outputs, offset + j * step), new(scratch + j * V.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void OutputAdjointHorizontal(float* scratch, int rows, float* planes, nint planeStride, nint pitch)
    {
        for (int p = 0; p < rows; p++)
            TTile.OutputAdjoint<V, ScratchRow<V>, PlanePoints<V>>(new(scratch + p * Row), new(planes + p * pitch * planeStride, planeStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void WeightVertical(float** taps, nint offset, int columns, float* scratch)
    {
        for (int kx = 0; kx < columns; kx++)
            TTile.Weight<V, PixelColumn<V>, ScratchColumn<V>>(new(taps + kx * KernelFold.Pitch, offset), new(scratch + kx * V.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void WeightHorizontal(float* scratch, int rows, float* planes, nint planeStride, nint pitch, bool streaming)
    {
        for (int p = 0; p < rows; p++)
            if (streaming)
                TTile.Weight<V, ScratchRow<V>, StreamedPoints<V>>(new(scratch + p * Row), new(planes + p * pitch * planeStride, planeStride));
            else
                TTile.Weight<V, ScratchRow<V>, PlanePoints<V>>(new(scratch + p * Row), new(planes + p * pitch * planeStride, planeStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void WeightAdjointVertical(float* planes, nint planeStride, nint pitch, int columns, float* scratch)
    {
        for (int q = 0; q < columns; q++)
            TTile.WeightAdjoint<V, PlanePoints<V>, ScratchColumn<V>>(
                new(planes + q * planeStride, pitch * planeStride), new(scratch + q * V.Count));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void WeightAdjointHorizontal(float* scratch, int rows, float** taps, nint offset, bool accumulate)
    {
        for (int ky = 0; ky < rows; ky++)
            TTile.WeightAdjoint<V, ScratchRow<V>, TapRow<V>>(
                new(scratch + ky * Row), new(taps + ky, KernelFold.Pitch, offset, accumulate));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Clear(float* column)
    {
        for (int p = 0; p < TTile.Points; p++)
            V.Store(V.Zero, column + p * Row);
    }
}

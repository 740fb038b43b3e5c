using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Kernels.Convolution.Winograd;

/// <summary>A convolution of any stride as one of stride 1: space to depth.</summary>
/// <remarks>
/// Output y reads input row y·s + k − pad. With k = s·κ + φ that is row y + κ, phase φ of an image of s times fewer rows whose pixels hold the s phases
/// as channels, so a kernel of k ≤ r·s taps becomes one of r taps (zeros fill it up). A folded channel is (φy·sw + φx)·ic + c.
/// With stride 1 nothing changes but that a kernel of 2 or 4 taps gets a tap of zeros.
/// </remarks>
internal readonly unsafe struct KernelFold
{
    /// <summary>Taps between columns of a pointer table of taps.</summary>
    public const int Pitch = 5;

    private readonly ConvGeometry _g;

    /// <summary>Folds the kernel of <paramref name="geometry"/>, whose <see cref="Taps"/> must be positive in both dimensions.</summary>
    public KernelFold(ConvGeometry geometry)
    {
        _g = geometry;
        Height = Taps(geometry.KernelHeight, geometry.StrideHeight);
        Width = Taps(geometry.KernelWidth, geometry.StrideWidth);
        Channels = geometry.InputChannels / geometry.Groups * geometry.StrideHeight * geometry.StrideWidth;
    }

    /// <summary>Rows of the folded kernel: 3 or 5.</summary>
    public int Height { get; }

    /// <summary>Columns of the folded kernel: 3 or 5.</summary>
    public int Width { get; }

    /// <summary>Folded input channels of one group.</summary>
    public int Channels { get; }

    /// <summary>Whether pixels are really rearranged.</summary>
    public bool Rearranges => _g.StrideHeight > 1 || _g.StrideWidth > 1;

    /// <summary>Taps of the tile that suits a kernel of <paramref name="kernel"/> taps at a stride: 3 or 5, or 0 if there is none.</summary>
    public static int Taps(int kernel, int stride)
    {
        int taps = (kernel + stride - 1) / stride;
        return taps <= 1 && stride == 1 ? 0 : taps <= 3 ? 3 : taps <= 5 ? 5 : 0;
    }

    /// <summary>The table of pointers to the rows of output channels that belong to folded channel <paramref name="channel"/>, in a weight tensor of one layout.</summary>
    /// <param name="weight">The group's first output channel at tap (0, 0) and channel 0.</param>
    /// <param name="rowLength">Floats between channels of <paramref name="weight"/> [kh, kw, ic, rowLength].</param>
    /// <param name="channel">Folded channel.</param>
    /// <param name="outside">Pointer for taps beyond the kernel.</param>
    /// <param name="taps">Result: tap (ky, kx) at kx·<see cref="Pitch"/> + ky.</param>
    public void TapPointers(float* weight, nint rowLength, int channel, float* outside, float** taps)
    {
        int channels = _g.InputChannels / _g.Groups;
        (int phase, int c) = Math.DivRem(channel, channels);
        (int phaseY, int phaseX) = Math.DivRem(phase, _g.StrideWidth);
        for (int x = 0; x < Width; x++)
            for (int y = 0; y < Height; y++)
            {
                int ky = y * _g.StrideHeight + phaseY, kx = x * _g.StrideWidth + phaseX;
                taps[x * Pitch + y] = ky < _g.KernelHeight && kx < _g.KernelWidth
                    ? weight + ((nint)(ky * _g.KernelWidth + kx) * channels + c) * rowLength
                    : outside;
            }
    }

    /// <summary>
    /// Rows <paramref name="firstRow"/> to <paramref name="firstRow"/> + <paramref name="rows"/> − 1 of the folded image, <paramref name="width"/> pixels
    /// of <see cref="Channels"/> each, zeros outside the image.
    /// </summary>
    public void Gather(float* image, int group, int firstRow, int rows, int width, float* folded)
    {
        for (int row = 0; row < rows; row++)
            for (int phase = 0; phase < _g.StrideHeight; phase++)
            {
                int y = (firstRow + row) * _g.StrideHeight + phase - _g.PadTop;
                float* source = y < 0 || y >= _g.InputHeight ? null : image + (nint)y * _g.InputWidth * _g.InputChannels;
                Row(source, group, folded + (nint)row * width * Channels + phase * Channels / _g.StrideHeight, width, scatter: false);
            }
    }

    /// <summary>The adjoint of <see cref="Gather"/> over a whole image of <paramref name="rows"/> folded rows: overwrites the image's group of channels.</summary>
    public void Scatter(float* folded, int rows, int width, int group, float* image)
    {
        int channels = _g.InputChannels / _g.Groups;
        for (int y = 0; y < _g.InputHeight; y++)
        {
            float* target = image + (nint)y * _g.InputWidth * _g.InputChannels;
            (int row, int phase) = Math.DivRem(y + _g.PadTop, _g.StrideHeight);
            for (int x = 0; x < _g.InputWidth; x++)
                new Span<float>(target + (nint)x * _g.InputChannels + group * channels, channels).Clear();
            if (row < rows)
                Row(target, group, folded + (nint)row * width * Channels + phase * Channels / _g.StrideHeight, width, scatter: true);
        }
    }

    // One row of an image from or to one phase of a folded row. Pixels that lie wholly inside the image, nearly all, are copied in one plain loop.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Row(float* imageRow, int group, float* folded, int width, bool scatter)
    {
        int stride = _g.StrideWidth, floats = stride * _g.InputChannels, first = 0, end = 0;
        if (imageRow != null && _g.Groups == 1)
        {
            end = Math.Min((_g.InputWidth + _g.PadLeft) / stride, width);
            first = Math.Min((_g.PadLeft + stride - 1) / stride, end);
        }
        for (int pixel = 0; pixel < first; pixel++)
            Pixel(imageRow, group, folded, pixel, scatter);
        float* inside = imageRow + ((nint)first * stride - _g.PadLeft) * _g.InputChannels, there = folded + (nint)first * Channels;
        for (int pixel = first; pixel < end; pixel++, inside += floats, there += Channels)
            Copy(scatter ? there : inside, scatter ? inside : there, floats);
        for (int pixel = end; pixel < width; pixel++)
            Pixel(imageRow, group, folded, pixel, scatter);
    }

    // One folded pixel that lies partly outside the image, or whose channels are one group of several.
    private void Pixel(float* imageRow, int group, float* folded, int pixel, bool scatter)
    {
        int channels = _g.InputChannels / _g.Groups;
        for (int phase = 0; phase < _g.StrideWidth; phase++)
        {
            int x = pixel * _g.StrideWidth - _g.PadLeft + phase;
            float* there = folded + (nint)pixel * Channels + phase * channels;
            float* here = imageRow == null || x < 0 || x >= _g.InputWidth ? null : imageRow + (nint)x * _g.InputChannels + group * channels;
            if (here == null && !scatter)
                new Span<float>(there, channels).Clear();
            else if (here != null)
                Copy(scatter ? there : here, scatter ? here : there, channels);
        }
    }

    /// <summary>A few floats, too few to be worth a call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(float* source, float* target, int length)
    {
        int i = 0;
        for (; i + F32x4.Count <= length; i += F32x4.Count)
            F32x4.Store(F32x4.Load(source + i), target + i);
        for (; i < length; i++)
            target[i] = source[i];
    }
}

using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Kernels.Normalization;

/// <summary>Sizes and constants of a <see cref="WithinChannelNorm"/>.</summary>
/// <param name="Batch">Images.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
/// <param name="Channels">Channels.</param>
/// <param name="Size">Rows and columns of the window, odd.</param>
/// <param name="Alpha">Factor of the mean square, at least 0.</param>
/// <param name="Beta">The exponent.</param>
internal readonly record struct WithinChannelSettings(int Batch, int Height, int Width, int Channels, int Size, float Alpha, float Beta)
{
    /// <summary>Floats of one image.</summary>
    public long Image => (long)Height * Width * Channels;
}

/// <summary>
/// Response normalization within each channel: output[y, x, c] = input[y, x, c] · d[y, x, c]^−β with
/// d[y, x, c] = 1 + alpha / size² · Σ input[i, j, c]² over the size × size window around (y, x); outside the image is 0.
/// </summary>
/// <remarks>
/// <para>
/// Backward: gradInput = gradOutput · d^−β − 2·alpha·β / size² · input · Σ gradOutput · input · d^(−β − 1), the sum over the same window.
/// gradInput may be the same memory as gradOutput, but not as input.
/// </para>
/// <para>Source: cuda-convnet's response normalization within maps; Caffe's LRN with <c>WITHIN_CHANNEL</c>.</para>
/// <para>A piece of work is one row of an image forward. Backward it is a whole image, whose terms lie in scratch: a row needs those of its neighbors.</para>
/// </remarks>
internal abstract unsafe class WithinChannelNorm : MapKernel
{
    private readonly bool _backward;

    /// <summary>Prepares the operation.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The size is not positive and odd, or alpha is negative.</exception>
    protected WithinChannelNorm(WithinChannelSettings settings, bool backward)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(settings.Alpha);
        if (settings.Size < 1 || settings.Size % 2 == 0)
            throw new ArgumentOutOfRangeException(nameof(settings), settings.Size, "the size of the window must be positive and odd");
        (Settings, _backward) = (settings, backward);
    }

    /// <summary>Sizes and constants.</summary>
    public WithinChannelSettings Settings { get; }

    /// <summary>Makes the operation.</summary>
    /// <param name="settings">Sizes and constants.</param>
    /// <param name="backward">Whether backward will be called; it needs scratch.</param>
    /// <param name="tier">Width of the vectors; null takes the widest.</param>
    public static WithinChannelNorm Create(WithinChannelSettings settings, bool backward, SimdTier? tier = null) => (tier ?? SimdTiers.Best) switch
    {
        SimdTier.Vector512 => new WithinChannelNorm<F32x16>(settings, backward),
        SimdTier.Vector256 => new WithinChannelNorm<F32x8>(settings, backward),
        SimdTier.Vector128 => new WithinChannelNorm<F32x4>(settings, backward),
        _ => new WithinChannelNorm<F32x1>(settings, backward),
    };

    private protected override long ScratchOfThread => _backward ? Settings.Image : 0;

    private protected override int ForwardPieces => checked(Settings.Batch * Settings.Height);

    private protected override int BackwardPieces => _backward
        ? Settings.Batch
        : throw new InvalidOperationException("This normalization was planned without the gradient that is asked for.");

    private protected override void ForwardPiece(int index, float* scratch)
    {
        (int image, int y) = Math.DivRem(index, Settings.Height);
        long at = image * Settings.Image;
        ForwardRow(Input + at, y, Output + at);
    }

    private protected override void BackwardPiece(int index, float* scratch)
    {
        long at = index * Settings.Image;
        BackwardImage(Input + at, GradOutput + at, GradInput + at, scratch);
    }

    /// <summary>Forward for row <paramref name="y"/> of an image.</summary>
    private protected abstract void ForwardRow(float* input, int y, float* output);

    /// <summary>Backward for one image.</summary>
    private protected abstract void BackwardImage(float* input, float* gradOutput, float* gradInput, float* terms);
}

/// <summary><see cref="WithinChannelNorm"/> on vectors of channels.</summary>
internal sealed unsafe class WithinChannelNorm<V>(WithinChannelSettings settings, bool backward) : WithinChannelNorm(settings, backward)
    where V : unmanaged, ISimd<V>
{
    private readonly float _alpha = settings.Alpha / (settings.Size * settings.Size);
    private readonly InversePower _power = new(settings.Beta);

    private int Whole => Settings.Channels / V.Count * V.Count;

    private protected override void ForwardRow(float* input, int y, float* output)
    {
        ForwardRow<V>(input, y, output, 0, Whole);
        ForwardRow<F32x1>(input, y, output, Whole, Settings.Channels);
    }

    private protected override void BackwardImage(float* input, float* gradOutput, float* gradInput, float* terms)
    {
        Backward<V>(input, gradOutput, gradInput, terms, 0, Whole);
        Backward<F32x1>(input, gradOutput, gradInput, terms, Whole, Settings.Channels);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ForwardRow<W>(float* input, int y, float* output, int from, int to)
        where W : unmanaged, ISimd<W>
    {
        if (from == to)
            return;
        W alpha = W.Broadcast(_alpha);
        long at = (long)y * Settings.Width * Settings.Channels;
        for (int x = 0; x < Settings.Width; x++, at += Settings.Channels)
            for (int c = from; c < to; c += W.Count)
            {
                W d = W.MultiplyAdd(alpha, WindowSum<W>(input, y, x, c, squares: true), W.Broadcast(1));
                W.Store(W.Load(input + at + c) * _power.Of(d, out _), output + at + c);
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Backward<W>(float* input, float* gradOutput, float* gradInput, float* terms, int from, int to)
        where W : unmanaged, ISimd<W>
    {
        if (from == to)
            return;
        W alpha = W.Broadcast(_alpha);
        long at = 0;
        for (int y = 0; y < Settings.Height; y++)
            for (int x = 0; x < Settings.Width; x++, at += Settings.Channels)
                for (int c = from; c < to; c += W.Count)
                {
                    W d = W.MultiplyAdd(alpha, WindowSum<W>(input, y, x, c, squares: true), W.Broadcast(1));
                    W incoming = W.Load(gradOutput + at + c);
                    W.Store(incoming * _power.Of(d, out W next), gradInput + at + c);
                    W.Store(incoming * W.Load(input + at + c) * next, terms + at + c);
                }
        W factor = W.Broadcast(2 * _alpha * Settings.Beta);
        at = 0;
        for (int y = 0; y < Settings.Height; y++)
            for (int x = 0; x < Settings.Width; x++, at += Settings.Channels)
                for (int c = from; c < to; c += W.Count)
                    W.Store(
                        W.NegateMultiplyAdd(
                            factor * W.Load(input + at + c), WindowSum<W>(terms, y, x, c, squares: false), W.Load(gradInput + at + c)),
                        gradInput + at + c);
    }

    /// <summary>Sum of the values (or squares) of an image in the window around (y, x), from channel c on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private W WindowSum<W>(float* image, int y, int x, int c, bool squares)
        where W : unmanaged, ISimd<W>
    {
        int radius = Settings.Size / 2, channels = Settings.Channels, width = Settings.Width;
        int top = Math.Max(0, y - radius), bottom = Math.Min(Settings.Height - 1, y + radius);
        int left = Math.Max(0, x - radius), right = Math.Min(width - 1, x + radius);
        W sum = W.Zero;
        for (int i = top; i <= bottom; i++)
            for (int j = left; j <= right; j++)
            {
                W value = W.Load(image + ((long)i * width + j) * channels + c);
                sum = squares ? W.MultiplyAdd(value, value, sum) : sum + value;
            }
        return sum;
    }
}

using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Normalization;

/// <summary>Sizes and constants of a <see cref="WithinChannelNorm{V}"/>.</summary>
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
internal sealed unsafe class WithinChannelNorm<V> : Kernel
    where V : unmanaged, ISimd<V>
{
    private readonly WithinChannelSettings _settings;
    private readonly float _alpha;
    private readonly InversePower _power;
    private readonly Job _forward, _backward;

    /// <summary>Prepares the operation.</summary>
    /// <param name="settings">Sizes and constants.</param>
    /// <param name="backward">Whether backward will be called; it needs scratch.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is not positive and odd, or alpha is negative.</exception>
    public WithinChannelNorm(WithinChannelSettings settings, bool backward)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(settings.Alpha);
        if (settings.Size < 1 || settings.Size % 2 == 0)
            throw new ArgumentOutOfRangeException(nameof(settings), settings.Size, "the size of the window must be positive and odd");
        (_settings, InputGradient) = (settings, backward);
        _alpha = settings.Alpha / (settings.Size * settings.Size);
        _power = new InversePower(settings.Beta);
        (_forward, _backward) = (ForwardPiece, BackwardPiece);
    }

    public override string Name => "normalization within channels";

    public override bool InputGradient { get; }

    public override bool BackwardReadsInput => true;

    public override long ScratchLength(int threads) => InputGradient ? threads * _settings.Image : 0;

    public override void Forward() => Pool.Run(_forward, checked(_settings.Batch * _settings.Height));

    public override void Backward(bool accumulate)
    {
        if (GradInput != null)
            Pool.Run(_backward, _settings.Batch);
    }

    /// <summary>Channels that whole vectors hold.</summary>
    private int Whole => _settings.Channels / V.Count * V.Count;

    /// <summary>One row of an image.</summary>
    private void ForwardPiece(int index, int worker)
    {
        (int image, int y) = Math.DivRem(index, _settings.Height);
        long at = image * _settings.Image;
        ForwardRow<V>(Input + at, y, Output + at, 0, Whole);
        ForwardRow<F32x1>(Input + at, y, Output + at, Whole, _settings.Channels);
    }

    /// <summary>One image, whose terms lie in the thread's scratch.</summary>
    private void BackwardPiece(int image, int worker)
    {
        long at = image * _settings.Image;
        float* terms = Scratch + worker * _settings.Image;
        BackwardImage<V>(Input + at, GradOutput + at, GradInput + at, terms, 0, Whole);
        BackwardImage<F32x1>(Input + at, GradOutput + at, GradInput + at, terms, Whole, _settings.Channels);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ForwardRow<W>(float* input, int y, float* output, int from, int to)
        where W : unmanaged, ISimd<W>
    {
        if (from == to)
            return;
        W alpha = W.Broadcast(_alpha);
        long at = (long)y * _settings.Width * _settings.Channels;
        for (int x = 0; x < _settings.Width; x++, at += _settings.Channels)
            for (int c = from; c < to; c += W.Count)
            {
                W d = W.MultiplyAdd(alpha, WindowSum<W>(input, y, x, c, squares: true), W.Broadcast(1));
                W.Store(W.Load(input + at + c) * _power.Of(d, out _), output + at + c);
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void BackwardImage<W>(float* input, float* gradOutput, float* gradInput, float* terms, int from, int to)
        where W : unmanaged, ISimd<W>
    {
        if (from == to)
            return;
        W alpha = W.Broadcast(_alpha);
        long at = 0;
        for (int y = 0; y < _settings.Height; y++)
            for (int x = 0; x < _settings.Width; x++, at += _settings.Channels)
                for (int c = from; c < to; c += W.Count)
                {
                    W d = W.MultiplyAdd(alpha, WindowSum<W>(input, y, x, c, squares: true), W.Broadcast(1));
                    W incoming = W.Load(gradOutput + at + c);
                    W.Store(incoming * _power.Of(d, out W next), gradInput + at + c);
                    W.Store(incoming * W.Load(input + at + c) * next, terms + at + c);
                }
        W factor = W.Broadcast(2 * _alpha * _settings.Beta);
        at = 0;
        for (int y = 0; y < _settings.Height; y++)
            for (int x = 0; x < _settings.Width; x++, at += _settings.Channels)
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
        int radius = _settings.Size / 2, channels = _settings.Channels, width = _settings.Width;
        int top = Math.Max(0, y - radius), bottom = Math.Min(_settings.Height - 1, y + radius);
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

using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;
using AlexNetSharp.Threading;

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
/// Response normalisation within each channel: output[y, x, c] = input[y, x, c] · d[y, x, c]^−β with
/// d[y, x, c] = 1 + alpha / size² · Σ input[i, j, c]² over the size × size window around (y, x); outside the image is 0.
/// </summary>
/// <remarks>
/// <para>
/// Backward: gradInput = gradOutput · d^−β − 2·alpha·β / size² · input · Σ gradOutput · input · d^(−β − 1), the sum over the same window.
/// </para>
/// <para>Source: cuda-convnet's response normalisation within maps; Caffe's LRN with <c>WITHIN_CHANNEL</c>. A piece of work is one image.</para>
/// </remarks>
internal abstract unsafe class WithinChannelNorm
{
    private readonly Job _forward, _backward;
    private WorkerPool _pool = null!;
    private float* _scratch;

    /// <summary>Prepares the operation.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The size is not positive and odd, or alpha is negative.</exception>
    protected WithinChannelNorm(WithinChannelSettings settings)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(settings.Alpha);
        if (settings.Size < 1 || settings.Size % 2 == 0)
            throw new ArgumentOutOfRangeException(nameof(settings), settings.Size, "the size of the window must be positive and odd");
        Settings = settings;
        _forward = new ImageJob(this, backward: false);
        _backward = new ImageJob(this, backward: true);
    }

    /// <summary>Sizes and constants.</summary>
    public WithinChannelSettings Settings { get; }

    /// <summary>Makes the operation for vectors of <paramref name="tier"/>; null takes the widest.</summary>
    public static WithinChannelNorm Create(WithinChannelSettings settings, SimdTier? tier = null) => (tier ?? SimdTiers.Best) switch
    {
        SimdTier.Vector512 => new WithinChannelNorm<F32x16>(settings),
        SimdTier.Vector256 => new WithinChannelNorm<F32x8>(settings),
        SimdTier.Vector128 => new WithinChannelNorm<F32x4>(settings),
        _ => new WithinChannelNorm<F32x1>(settings),
    };

    /// <summary>Floats of scratch for a pool of <paramref name="threads"/> threads: one image each.</summary>
    public long ScratchLength(int threads) => Settings.Image * threads;

    /// <summary>Hands over threads and scratch, once.</summary>
    public void Bind(WorkerPool pool, float* scratch)
    {
        _pool = pool;
        _scratch = scratch;
    }

    /// <summary>Computes output [n, h, w, c] from input [n, h, w, c]; they must not overlap.</summary>
    public void Forward(float* input, float* output)
    {
        Input = input;
        Output = output;
        _pool.Run(_forward, Settings.Batch);
    }

    /// <summary>Overwrites gradInput [n, h, w, c]; it may be the same memory as gradOutput, but not as input.</summary>
    public void Backward(float* input, float* gradOutput, float* gradInput)
    {
        Input = input;
        GradOutput = gradOutput;
        GradInput = gradInput;
        _pool.Run(_backward, Settings.Batch);
    }

    private protected float* Input { get; private set; }

    private protected float* Output { get; private set; }

    private protected float* GradOutput { get; private set; }

    private protected float* GradInput { get; private set; }

    /// <summary>Forward for one image.</summary>
    private protected abstract void ForwardImage(float* input, float* output);

    /// <summary>Backward for one image.</summary>
    private protected abstract void BackwardImage(float* input, float* gradOutput, float* gradInput, float* terms);

    private sealed class ImageJob(WithinChannelNorm norm, bool backward) : Job
    {
        public override void Execute(int index, int worker)
        {
            long image = norm.Settings.Image, at = index * image;
            if (backward)
                norm.BackwardImage(norm.Input + at, norm.GradOutput + at, norm.GradInput + at, norm._scratch + worker * image);
            else
                norm.ForwardImage(norm.Input + at, norm.Output + at);
        }
    }
}

/// <summary><see cref="WithinChannelNorm"/> on vectors of channels.</summary>
internal sealed unsafe class WithinChannelNorm<V>(WithinChannelSettings settings) : WithinChannelNorm(settings)
    where V : unmanaged, ISimd<V>
{
    private readonly float _alpha = settings.Alpha / (settings.Size * settings.Size);
    private readonly InversePower _power = new(settings.Beta);

    private int Whole => Settings.Channels / V.Count * V.Count;

    private protected override void ForwardImage(float* input, float* output)
    {
        Forward<V>(input, output, 0, Whole);
        Forward<F32x1>(input, output, Whole, Settings.Channels);
    }

    private protected override void BackwardImage(float* input, float* gradOutput, float* gradInput, float* terms)
    {
        Backward<V>(input, gradOutput, gradInput, terms, 0, Whole);
        Backward<F32x1>(input, gradOutput, gradInput, terms, Whole, Settings.Channels);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Forward<W>(float* input, float* output, int from, int to)
        where W : unmanaged, ISimd<W>
    {
        W alpha = W.Broadcast(_alpha);
        for (int y = 0, at = 0; y < Settings.Height; y++)
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
        W alpha = W.Broadcast(_alpha);
        for (int y = 0, at = 0; y < Settings.Height; y++)
            for (int x = 0; x < Settings.Width; x++, at += Settings.Channels)
                for (int c = from; c < to; c += W.Count)
                {
                    W d = W.MultiplyAdd(alpha, WindowSum<W>(input, y, x, c, squares: true), W.Broadcast(1));
                    W incoming = W.Load(gradOutput + at + c);
                    W.Store(incoming * _power.Of(d, out W next), gradInput + at + c);
                    W.Store(incoming * W.Load(input + at + c) * next, terms + at + c);
                }
        W factor = W.Broadcast(2 * _alpha * Settings.Beta);
        for (int y = 0, at = 0; y < Settings.Height; y++)
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
                W value = W.Load(image + (i * width + j) * channels + c);
                sum = squares ? W.MultiplyAdd(value, value, sum) : sum + value;
            }
        return sum;
    }
}

using AlexNetSharp.Simd;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Normalization;

/// <summary>Sizes and constants of a <see cref="LocalResponseNorm"/>.</summary>
/// <param name="Pixels">Batch · height · width.</param>
/// <param name="Channels">Channels.</param>
/// <param name="Radius">Channels on each side whose squares count, at least 0.</param>
/// <param name="Bias">What is added to the sum, above 0.</param>
/// <param name="Alpha">Factor of the sum, at least 0; TensorFlow's convention. PyTorch, Caffe and ONNX write n·alpha instead, n = 2·radius + 1.</param>
/// <param name="Beta">The exponent.</param>
internal readonly record struct ResponseNormSettings(long Pixels, int Channels, int Radius, float Bias, float Alpha, float Beta)
{
    /// <summary>Throws unless every denominator is positive for finite inputs.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, the bias not positive, or alpha negative.</exception>
    public void Check()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Pixels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Channels);
        ArgumentOutOfRangeException.ThrowIfNegative(Radius);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Bias);
        ArgumentOutOfRangeException.ThrowIfNegative(Alpha);
    }
}

/// <summary>
/// Local response normalisation across channels: output[p, c] = input[p, c] · d[p, c]^−β with
/// d[p, c] = bias + alpha · Σ over |j − c| ≤ radius of input[p, j]².
/// </summary>
/// <remarks>
/// <para>
/// Backward: gradInput[p, c] = gradOutput[p, c] · d[p, c]^−β − 2·alpha·β · input[p, c] · Σ over |j − c| ≤ radius of
/// gradOutput[p, j] · input[p, j] · d[p, j]^(−β − 1).
/// </para>
/// <para>Where |input| exceeds some 1e19 its square overflows and the result is not a number. Errors are those of rounding, some 1e-6.</para>
/// <para>Sources: A. Krizhevsky, I. Sutskever, G. Hinton 2012, section 3.3; TensorFlow's <c>tf.nn.local_response_normalization</c>.</para>
/// </remarks>
internal abstract unsafe class LocalResponseNorm
{
    /// <summary>Floats that a piece of work reads: 64 KiB.</summary>
    private const int PieceFloats = 1 << 14;

    private readonly int _piecePixels;
    private readonly Job _forward, _backward;
    private WorkerPool _pool = null!;
    private float* _scratch;

    /// <summary>Prepares the operation.</summary>
    protected LocalResponseNorm(ResponseNormSettings settings)
    {
        settings.Check();
        Settings = settings;
        _piecePixels = Math.Max(1, PieceFloats / settings.Channels);
        _forward = new PieceJob(this, backward: false);
        _backward = new PieceJob(this, backward: true);
    }

    /// <summary>Sizes and constants.</summary>
    public ResponseNormSettings Settings { get; }

    /// <summary>Makes the operation for vectors of <paramref name="tier"/>; null takes the widest.</summary>
    public static LocalResponseNorm Create(ResponseNormSettings settings, SimdTier? tier = null) => (tier ?? SimdTiers.Best) switch
    {
        SimdTier.Vector512 => new LocalResponseNorm<F32x16>(settings),
        SimdTier.Vector256 => new LocalResponseNorm<F32x8>(settings),
        SimdTier.Vector128 => new LocalResponseNorm<F32x4>(settings),
        _ => new LocalResponseNorm<F32x1>(settings),
    };

    /// <summary>Floats of scratch for a pool of <paramref name="threads"/> threads.</summary>
    public long ScratchLength(int threads) => ScratchOfThread * threads;

    /// <summary>Hands over threads and scratch, once.</summary>
    public void Bind(WorkerPool pool, float* scratch)
    {
        _pool = pool;
        _scratch = scratch;
    }

    /// <summary>Computes output [pixels, channels] from input [pixels, channels].</summary>
    public void Forward(float* input, float* output)
    {
        Input = input;
        Output = output;
        _pool.Run(_forward, Pieces);
    }

    /// <summary>Overwrites gradInput [pixels, channels]; it may be the same memory as gradOutput.</summary>
    public void Backward(float* input, float* gradOutput, float* gradInput)
    {
        Input = input;
        GradOutput = gradOutput;
        GradInput = gradInput;
        _pool.Run(_backward, Pieces);
    }

    private int Pieces => checked((int)((Settings.Pixels + _piecePixels - 1) / _piecePixels));

    private protected float* Input { get; private set; }

    private protected float* Output { get; private set; }

    private protected float* GradOutput { get; private set; }

    private protected float* GradInput { get; private set; }

    /// <summary>Floats of scratch for one thread.</summary>
    private protected abstract long ScratchOfThread { get; }

    /// <summary>Forward for some pixels.</summary>
    private protected abstract void ForwardPixels(long first, int count, float* scratch);

    /// <summary>Backward for some pixels.</summary>
    private protected abstract void BackwardPixels(long first, int count, float* scratch);

    private sealed class PieceJob(LocalResponseNorm norm, bool backward) : Job
    {
        public override void Execute(int index, int worker)
        {
            long first = (long)index * norm._piecePixels;
            int count = (int)Math.Min(norm._piecePixels, norm.Settings.Pixels - first);
            float* scratch = norm._scratch + norm.ScratchOfThread * worker;
            if (backward)
                norm.BackwardPixels(first, count, scratch);
            else
                norm.ForwardPixels(first, count, scratch);
        }
    }
}

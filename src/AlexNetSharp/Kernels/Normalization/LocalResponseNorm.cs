using AlexNetSharp.Simd;

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
/// Local response normalization across channels: output[p, c] = input[p, c] · d[p, c]^−β with
/// d[p, c] = bias + alpha · Σ over |j − c| ≤ radius of input[p, j]².
/// </summary>
/// <remarks>
/// <para>
/// Backward: gradInput[p, c] = gradOutput[p, c] · d[p, c]^−β − 2·alpha·β · input[p, c] · Σ over |j − c| ≤ radius of
/// gradOutput[p, j] · input[p, j] · d[p, j]^(−β − 1). gradInput may be the same memory as gradOutput.
/// </para>
/// <para>Where |input| exceeds some 1e19 its square overflows and the result is not a number. Errors are those of rounding, some 1e-6.</para>
/// <para>Sources: A. Krizhevsky, I. Sutskever, G. Hinton 2012, section 3.3; TensorFlow's <c>tf.nn.local_response_normalization</c>.</para>
/// </remarks>
internal abstract unsafe class LocalResponseNorm : MapKernel
{
    /// <summary>Floats that a piece of work reads: 64 KiB.</summary>
    private const int PieceFloats = 1 << 14;

    private readonly int _piecePixels;

    /// <summary>Prepares the operation.</summary>
    protected LocalResponseNorm(ResponseNormSettings settings)
    {
        settings.Check();
        Settings = settings;
        _piecePixels = Math.Max(1, PieceFloats / settings.Channels);
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

    private protected override int ForwardPieces => checked((int)((Settings.Pixels + _piecePixels - 1) / _piecePixels));

    private protected override int BackwardPieces => ForwardPieces;

    private protected override void ForwardPiece(int index, float* scratch)
    {
        (long first, int count) = Pixels(index);
        ForwardPixels(first, count, scratch);
    }

    private protected override void BackwardPiece(int index, float* scratch)
    {
        (long first, int count) = Pixels(index);
        BackwardPixels(first, count, scratch);
    }

    /// <summary>Forward for some pixels.</summary>
    private protected abstract void ForwardPixels(long first, int count, float* scratch);

    /// <summary>Backward for some pixels.</summary>
    private protected abstract void BackwardPixels(long first, int count, float* scratch);

    private (long First, int Count) Pixels(int index)
    {
        long first = (long)index * _piecePixels;
        return (first, (int)Math.Min(_piecePixels, Settings.Pixels - first));
    }
}

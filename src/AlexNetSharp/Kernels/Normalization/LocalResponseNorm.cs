using AlexNetSharp.Simd;
using AlexNetSharp.Tensors;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Normalization;

/// <summary>Sizes and constants of a <see cref="LocalResponseNorm{V}"/>.</summary>
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
/// <para>Where |input| exceeds some 1e19 its square overflows and the result is NaN. Errors are those of rounding, some 1e-6.</para>
/// <para>Sources: A. Krizhevsky, I. Sutskever, G. Hinton 2012, section 3.3; TensorFlow's <c>tf.nn.local_response_normalization</c>.</para>
/// </remarks>
internal sealed unsafe class LocalResponseNorm<V> : Kernel
    where V : unmanaged, ISimd<V>
{
    /// <summary>Floats that a piece of work reads: 64 KiB.</summary>
    private const int PieceFloats = 1 << 14;

    /// <summary>Floats of a line; with what is saved of it, it stays in the first-level cache.</summary>
    private const int LineFloats = 2048;

    private readonly ResponseNormSettings _settings;
    private readonly ResponseNormLines _lines;
    private readonly int _piecePixels, _linePixels, _pieces;
    private readonly Job _forward, _backward;

    /// <summary>Prepares the operation.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The settings allow a denominator of 0, or a size is negative.</exception>
    public LocalResponseNorm(ResponseNormSettings settings)
    {
        settings.Check();
        _settings = settings;
        _lines = new ResponseNormLines(settings);
        _piecePixels = Math.Max(1, PieceFloats / settings.Channels);
        _linePixels = Math.Max(1, LineFloats / settings.Channels);
        _pieces = checked((int)((settings.Pixels + _piecePixels - 1) / _piecePixels));
        (_forward, _backward) = (ForwardPiece, BackwardPiece);
    }

    public override string Name => "normalization across channels";

    public override bool BackwardReadsInput => true;

    public override long ScratchLength(int threads) => threads * ScratchOfThread;

    public override void Forward() => Pool.Run(_forward, _pieces);

    public override void Backward(bool accumulate)
    {
        if (GradInput != null)
            Pool.Run(_backward, _pieces);
    }

    private long ScratchOfThread => (long)_linePixels * _lines.PaddedChannels + 3 * SavedLine;

    /// <summary>Floats from one saved line to the next; a cache line more than the values, so that they do not collide in the cache.</summary>
    private long SavedLine => AlignedBuffer.WholeLines((long)_linePixels * _settings.Channels) + AlignedBuffer.LineFloats;

    private (long First, int Count) Pixels(int index)
    {
        long first = (long)index * _piecePixels;
        return (first, (int)Math.Min(_piecePixels, _settings.Pixels - first));
    }

    private void ForwardPiece(int index, int worker)
    {
        (long first, int count) = Pixels(index);
        int channels = _settings.Channels;
        float* x = Input + first * channels, y = Output + first * channels, padded = Scratch + worker * ScratchOfThread;
        _lines.ClearPadded(padded, _linePixels);
        for (int done = 0; done < count; done += _linePixels)
            _lines.Forward<V>(x + (long)done * channels, y + (long)done * channels, null, null, Math.Min(_linePixels, count - done), padded);
    }

    private void BackwardPiece(int index, int worker)
    {
        (long first, int count) = Pixels(index);
        int channels = _settings.Channels;
        float* padded = Scratch + worker * ScratchOfThread;
        float* power = padded + (long)_linePixels * _lines.PaddedChannels, next = power + SavedLine, gradient = next + SavedLine;
        _lines.ClearPadded(padded, _linePixels);
        for (int done = 0; done < count; done += _linePixels)
        {
            int pixels = Math.Min(_linePixels, count - done);
            long offset = (first + done) * channels;
            float* x = Input + offset;
            // The normalized line is not needed; it goes where the gradient is copied next.
            _lines.Forward<V>(x, gradient, power, next, pixels, padded);
            new ReadOnlySpan<float>(GradOutput + offset, pixels * channels).CopyTo(new Span<float>(gradient, pixels * channels));
            _lines.Backward<V>(x, power, next, gradient, GradInput + offset, pixels, padded, relu: false);
        }
    }
}

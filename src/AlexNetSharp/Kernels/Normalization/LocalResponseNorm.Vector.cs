using AlexNetSharp.Simd;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Kernels.Normalization;

/// <summary><see cref="LocalResponseNorm"/> on vectors of channels, a line of pixels at a time.</summary>
internal sealed unsafe class LocalResponseNorm<V> : LocalResponseNorm
    where V : unmanaged, ISimd<V>
{
    /// <summary>Floats of a line; with what is saved of it, it stays in the first-level cache.</summary>
    private const int LineFloats = 2048;

    private readonly ResponseNormLines _lines;
    private readonly int _linePixels;

    /// <summary>Prepares the operation.</summary>
    public LocalResponseNorm(ResponseNormSettings settings)
        : base(settings)
    {
        _lines = new ResponseNormLines(settings);
        _linePixels = Math.Max(1, LineFloats / settings.Channels);
    }

    private protected override long ScratchOfThread => (long)_linePixels * _lines.PaddedChannels + 3 * SavedLine;

    /// <summary>Floats from one saved line to the next; a cache line more than the values, so that they do not collide in the cache.</summary>
    private long SavedLine => AlignedBuffer.WholeLines((long)_linePixels * Settings.Channels) + AlignedBuffer.LineFloats;

    private protected override void ForwardPixels(long first, int count, float* scratch)
    {
        int channels = Settings.Channels;
        float* x = Input + first * channels, y = Output + first * channels;
        _lines.ClearPadded(scratch, _linePixels);
        for (int done = 0; done < count; done += _linePixels)
            _lines.Forward<V>(x + (long)done * channels, y + (long)done * channels, null, null, Math.Min(_linePixels, count - done), scratch);
    }

    private protected override void BackwardPixels(long first, int count, float* scratch)
    {
        int channels = Settings.Channels;
        float* power = scratch + (long)_linePixels * _lines.PaddedChannels, next = power + SavedLine, gradient = next + SavedLine;
        _lines.ClearPadded(scratch, _linePixels);
        for (int done = 0; done < count; done += _linePixels)
        {
            int pixels = Math.Min(_linePixels, count - done);
            long offset = (first + done) * channels;
            float* x = Input + offset;
            // The normalized line is not needed; it goes where the gradient is copied next.
            _lines.Forward<V>(x, gradient, power, next, pixels, scratch);
            new ReadOnlySpan<float>(GradOutput + offset, pixels * channels).CopyTo(new Span<float>(gradient, pixels * channels));
            _lines.Backward<V>(x, power, next, gradient, GradInput + offset, pixels, scratch, relu: false);
        }
    }
}

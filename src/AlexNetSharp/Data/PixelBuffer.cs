using System.Runtime.InteropServices;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Data;

/// <summary>A reusable buffer for an image as 8-bit values [height, width, channels].</summary>
/// <remarks>
/// One buffer belongs to one thread. <see cref="Reset"/> keeps the memory when it suffices, so reading image after image into
/// the same buffer allocates nothing once the largest has been seen.
/// </remarks>
#pragma warning disable CA1001 // What nobody releases is given back by the finalizer of the memory.
public sealed class PixelBuffer
#pragma warning restore CA1001
{
    /// <summary>Bytes beyond which a buffer that returns its memory takes it from the system: an image of four million pixels.</summary>
    internal const int LargestManaged = 3 << 22;

    private byte[] _memory = [];
    private AlignedBuffer? _large;

    /// <summary>Rows.</summary>
    public int Height { get; private set; }

    /// <summary>Pixels in a row.</summary>
    public int Width { get; private set; }

    /// <summary>Values of a pixel: 3 (red, green, blue) or 1 (gray).</summary>
    public int Channels { get; private set; }

    /// <summary>The values, row after row, the channels of a pixel side by side.</summary>
    public Span<byte> Pixels => Padded[..(Height * Width * Channels)];

    /// <summary><see cref="Pixels"/> and at least <see cref="Resampler.Slack"/> bytes behind them, so that vectors may be loaded up to the end.</summary>
    internal Span<byte> Padded => _large is null ? _memory : MemoryMarshal.AsBytes(_large.Span);

    /// <summary>Whether <see cref="ReleaseLarge"/> gives the memory of large images back to the system at once, without the garbage collector.</summary>
    /// <remarks>If set, keep the buffer as long as its pixels are used: a span does not keep that memory alive.</remarks>
    internal bool ReturnsMemory { get; init; }

    /// <summary>Gives the memory of a large image back; the pixels are gone then.</summary>
    internal void ReleaseLarge()
    {
        if (_large is null)
            return;
        _large.Dispose();
        _large = null;
        Height = Width = Channels = 0;
    }

    /// <summary>Sets the shape; the content of <see cref="Pixels"/> is lost.</summary>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="width">Pixels in a row, at least 1.</param>
    /// <param name="channels">1 or 3.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is below 1, or <paramref name="channels"/> is neither 1 nor 3.</exception>
    /// <exception cref="OverflowException">The image has more values than an array can hold.</exception>
    public void Reset(int height, int width, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if (channels is not (1 or 3))
            throw new ArgumentOutOfRangeException(nameof(channels), channels, "An image has 1 or 3 channels.");
        int length = checked(height * width * channels + Resampler.Slack);
        if (ReturnsMemory && length > LargestManaged)
        {
            if (_large is null || _large.Length * sizeof(float) < length)
            {
                _large?.Dispose();
                _large = null;
                _large = new AlignedBuffer((length + sizeof(float) - 1L) / sizeof(float));
            }
        }
        else
        {
            ReleaseLarge();
            if (_memory.Length < length)
                _memory = GC.AllocateUninitializedArray<byte>(length);
        }
        Height = height;
        Width = width;
        Channels = channels;
    }
}

namespace AlexNetSharp.Data;

/// <summary>An image as 8-bit values [height, width, channels] in a buffer that is used again for the next image.</summary>
/// <remarks>
/// One buffer belongs to one thread. <see cref="Reset"/> keeps the memory when it suffices, so reading image after image into
/// the same buffer allocates nothing once the largest has been seen.
/// </remarks>
public sealed class PixelBuffer
{
    private byte[] _memory = [];

    /// <summary>Rows.</summary>
    public int Height { get; private set; }

    /// <summary>Pixels in a row.</summary>
    public int Width { get; private set; }

    /// <summary>Values of a pixel: 3 (red, green, blue) or 1 (gray).</summary>
    public int Channels { get; private set; }

    /// <summary>The values, row after row, the channels of a pixel side by side.</summary>
    public Span<byte> Pixels => _memory.AsSpan(0, Height * Width * Channels);

    /// <summary><see cref="Pixels"/> and at least <see cref="Resampler.Slack"/> bytes behind them, so that vectors may be loaded up to the end.</summary>
    internal Span<byte> Padded => _memory;

    /// <summary>Gives the buffer a shape; what <see cref="Pixels"/> held is lost.</summary>
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
        if (_memory.Length < length)
            _memory = GC.AllocateUninitializedArray<byte>(length);
        Height = height;
        Width = width;
        Channels = channels;
    }
}

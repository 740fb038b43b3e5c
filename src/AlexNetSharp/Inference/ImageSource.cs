using AlexNetSharp.Data;

namespace AlexNetSharp.Inference;

/// <summary>Where an image comes from: pixels where there are channels, else a file in memory, else a file.</summary>
internal readonly ref struct ImageSource(string name, bool inMemory, ReadOnlySpan<byte> bytes = default, int height = 0, int width = 0, int channels = 0)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>What to call the image in messages; empty for pixels.</summary>
    public string Name => name;

    /// <summary>Decodes or copies the pixels.</summary>
    public void Read(IImageDecoder? decoder, PixelBuffer target, CancellationToken cancellation)
    {
        if (channels > 0)
        {
            target.Reset(height, width, channels);
            _bytes.CopyTo(target.Pixels);
        }
        else if (inMemory)
        {
            decoder!.Decode(_bytes, target, name, cancellation);
        }
        else
        {
            decoder!.DecodeFile(name, target);
        }
    }
}

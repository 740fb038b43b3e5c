using AlexNetSharp.Data;

namespace AlexNetSharp.Tests.Data;

/// <summary>Images computed from their number; chosen ones fail.</summary>
internal sealed class SyntheticImages(int count, int height = 8, int width = 8, int channels = 3, int classes = 3) : IImageDataset
{
    public HashSet<int> Bad { get; } = [];
    private int _reads;
    public int Reads => _reads;
    public int Count => count;
    public IReadOnlyList<string> Classes { get; } = [.. Enumerable.Range(0, classes).Select(i => $"class{i}")];
    public int Label(int index) => index % classes;
    public string Name(int index) => $"image{index}.jpg";

    public void Read(int index, PixelBuffer target)
    {
        Interlocked.Increment(ref _reads);
        if (Bad.Contains(index))
            throw new InvalidDataException($"image{index}.jpg: truncated.");
        target.Reset(height, width, channels);
        for (int i = 0; i < target.Pixels.Length; i++)
            target.Pixels[i] = (byte)(index * 37 + i * 11 + i * i);
    }
}

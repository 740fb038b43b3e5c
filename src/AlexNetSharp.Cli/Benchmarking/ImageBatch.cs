using AlexNetSharp.Data;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Preprocessed images, ready to be copied into a batch.</summary>
internal sealed class ImageBatch
{
    private readonly List<float[]> _inputs = [];

    /// <summary>Decodes as many images as a batch needs, resized, center-cropped and normalized according to the preprocessing.</summary>
    /// <param name="path">An image or a folder of images.</param>
    /// <param name="preprocessing">Preprocessing from an image to the network's input.</param>
    /// <param name="batchSize">Images in a batch.</param>
    /// <param name="decoder">Decodes the images.</param>
    /// <exception cref="IOException"><paramref name="path"/> does not exist.</exception>
    /// <exception cref="InvalidDataException">A file cannot be read or is not an image, or the folder has none; the message names it.</exception>
    public ImageBatch(string path, Preprocessing preprocessing, int batchSize, IImageDecoder decoder)
    {
        var files = ImageFiles.Open([.. ImageFiles.Find(path).Take(batchSize)], decoder);
        using var loader = new DataLoader(files, preprocessing, new DataLoaderOptions { BatchSize = 8, Threads = Environment.ProcessorCount });
        foreach (Batch batch in loader.Read())
            for (int i = 0; i < batch.Count; i++)
                _inputs.Add(batch.Input.Slice(i * preprocessing.Length, preprocessing.Length).ToArray());
    }

    /// <summary>Number of images read; a batch repeats them as needed.</summary>
    public int Count => _inputs.Count;

    /// <summary>Fills a batch, [batch, height, width, 3].</summary>
    public void Fill(Span<float> batch)
    {
        int length = _inputs[0].Length;
        for (int n = 0; n < batch.Length / length; n++)
            _inputs[n % Count].CopyTo(batch.Slice(n * length, length));
    }
}

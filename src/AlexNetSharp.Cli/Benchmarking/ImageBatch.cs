using AlexNetSharp.Data;
using AlexNetSharp.Images;
using AlexNetSharp.Models;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Images as a network wants them, ready to be copied into a batch.</summary>
internal sealed class ImageBatch
{
    private readonly List<float[]> _inputs = [];

    /// <summary>Decodes as many images as a batch needs: resized, cropped from the middle and normalized as the network states.</summary>
    /// <param name="path">An image or a folder of images.</param>
    /// <param name="network">Name of the network whose preprocessing is applied.</param>
    /// <param name="imageSize">Height and width of the network's input; the size before the crop grows and shrinks with it.</param>
    /// <param name="batchSize">Images in a batch.</param>
    /// <exception cref="IOException">A file is missing or cannot be read; the message names it.</exception>
    /// <exception cref="InvalidDataException">A file is not an image or damaged, or the folder holds none; the message names it.</exception>
    public ImageBatch(string path, string network, int imageSize, int batchSize)
    {
        var preprocessor = new Preprocessor(NetworkCatalog.Get(network).Preprocessing.For(imageSize));
        var decoder = new ImageDecoder();
        var pixels = new PixelBuffer();
        foreach (string file in ImageFiles.Find(path).Take(batchSize))
        {
            decoder.DecodeFile(file, pixels);
            var input = new float[preprocessor.Settings.Length];
            preprocessor.Apply(pixels, input);
            _inputs.Add(input);
        }
    }

    /// <summary>Images read; a batch repeats them as needed.</summary>
    public int Count => _inputs.Count;

    /// <summary>Fills a batch, [batch, height, width, 3].</summary>
    public void Fill(Span<float> batch)
    {
        int length = _inputs[0].Length;
        for (int n = 0; n < batch.Length / length; n++)
            _inputs[n % Count].CopyTo(batch.Slice(n * length, length));
    }
}

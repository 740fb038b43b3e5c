using AlexNetSharp.Data;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests.Formats;

namespace AlexNetSharp.Tests.Inference;

/// <summary>Models with the layers, sizes and preprocessing of the known networks, but few channels; and images for them.</summary>
internal static class InferenceModels
{
    public static string[] Names { get; } = ["tensorflow", "torchvision", "paper", "caffe", "caffenet", "overfeat", "zfnet"];

    /// <summary>A narrow network with random weights, and the preprocessing of the full one.</summary>
    public static Model Narrow(string name, int classes = 7)
    {
        Network network = NarrowNetworks.Narrow(NetworkCatalog.Get(name).Build(classes), [8, 16, 24, 16, 16], 32);
        return new Model(NarrowNetworks.RandomWeights(network, seed: 5), NetworkCatalog.Get(name).Preprocessing);
    }

    /// <summary>cifar10-quick, the fastest network there is here, for images of any size.</summary>
    public static Model Small(int classes = 6)
    {
        Network network = CudaConvnet.Quick(classes);
        ClassName[] names = [.. Enumerable.Range(0, classes).Select(i => new ClassName($"id{i}", $"name {i}"))];
        return new Model(NarrowNetworks.RandomWeights(network, seed: 6), SmallPreprocessing, names);
    }

    /// <summary>What <see cref="Small"/> wants done to images.</summary>
    public static Preprocessing SmallPreprocessing { get; } = new()
    {
        Resize = ResizeMode.ShorterSide,
        ResizeTo = 36,
        CropHeight = 32,
        CropWidth = 32,
        Scale = 1f / 255,
        Mean = [0.5f, 0.4f, 0.3f],
    };

    /// <summary>An image: waves and some noise, different for every seed.</summary>
    public static byte[] Image(int height, int width, int seed, int channels = 3)
    {
        var random = new System.Random(seed);
        var pixels = new byte[height * width * channels];
        double a = 1 + random.NextDouble() * 20, b = 1 + random.NextDouble() * 20;
        for (int y = 0, i = 0; y < height; y++)
            for (int x = 0; x < width; x++)
                for (int c = 0; c < channels; c++, i++)
                    pixels[i] = (byte)Math.Clamp(128 + 90 * Math.Sin(y / a + c * seed) * Math.Cos(x / b + c) + random.Next(-30, 30), 0, 255);
        return pixels;
    }

    /// <summary>The same image in the buffer that a preprocessor takes.</summary>
    public static PixelBuffer Buffer(byte[] pixels, int height, int width, int channels = 3)
    {
        var buffer = new PixelBuffer();
        buffer.Reset(height, width, channels);
        pixels.CopyTo(buffer.Pixels);
        return buffer;
    }
}

using AlexNetSharp.Data;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Random;
using AlexNetSharp.Tensors;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Training;

/// <summary>A network of four layers and a few hundred generated images that it can learn in seconds.</summary>
internal static class SmallTraining
{
    public const int Classes = 4;

    public static Shape Shape { get; } = new(12, 12, 3);

    public static ClassName[] ClassNames { get; } = [.. "abcd".Select(c => new ClassName(c.ToString(), $"class {c}"))];

    public static Network Network(float dropout = 0) => new(
        "small",
        Shape,
        [
            new Conv2d("conv1", 8, 3, padding: Padding.All(1)),
            new ReLU("relu1"),
            new MaxPool2d("pool1", 3, stride: 2),
            new Flatten("flatten"),
            new Linear("fc1", 32),
            new ReLU("relu2"),
            .. dropout > 0 ? new Layer[] { new Dropout("drop", dropout) } : [],
            new Linear("fc2", Classes),
        ]);

    /// <summary>Noise with a bright bar: horizontal, vertical, or one of the two diagonals, at a random place.</summary>
    public static IBatchSource Images(int count, int batchSize, ulong seed, ulong? orderSeed = null)
    {
        int length = (int)Shape.Length;
        var images = new float[count * length];
        var labels = new int[count];
        new Philox(seed).FillNormal(images, deviation: 0.3f);
        for (int i = 0; i < count; i++)
        {
            labels[i] = i % Classes;
            int place = new Philox(seed, 1).Integer(i, 8) + 2;
            for (int t = 0; t < Shape.Width; t++)
            {
                (int y, int x) = labels[i] switch
                {
                    0 => (place, t),
                    1 => (t, place),
                    2 => (t, (t + place) % Shape.Width),
                    _ => (t, (2 * Shape.Width - t + place) % Shape.Width),
                };
                images.AsSpan(i * length + (y * Shape.Width + x) * Shape.Channels, Shape.Channels).Fill(1.5f);
            }
        }
        return new MemoryBatches(Shape, images, labels, batchSize, orderSeed);
    }

    public static float[] Values(ParameterSet parameters)
    {
        var values = new List<float>();
        foreach (Parameter parameter in parameters.Parameters)
        {
            var dense = new float[parameter.Spec.Length];
            parameter.CopyTo(dense);
            values.AddRange(dense);
        }
        return [.. values];
    }
}

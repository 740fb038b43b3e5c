using System.Globalization;

namespace AlexNetSharp.Tensors;

/// <summary>The sizes of one image's activations: height × width × channels, or a vector of features. The batch is not part of it.</summary>
/// <remarks>The memory layout is NHWC: the channels of a pixel are adjacent, then come pixels, rows and images.</remarks>
public readonly record struct Shape
{
    /// <summary>A map of <paramref name="height"/> × <paramref name="width"/> pixels with <paramref name="channels"/> values each.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is smaller than 1.</exception>
    public Shape(int height, int width, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(channels, 1);
        (Height, Width, Channels) = (height, width, channels);
    }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Columns.</summary>
    public int Width { get; }

    /// <summary>Channels of a pixel, or features of a vector.</summary>
    public int Channels { get; }

    /// <summary>Whether this is a vector of features rather than a map.</summary>
    public bool IsVector { get; private init; }

    /// <summary>Values of one image.</summary>
    public long Length => (long)Height * Width * Channels;

    /// <summary>A vector of <paramref name="features"/> values.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="features"/> is smaller than 1.</exception>
    public static Shape Vector(int features) => new(1, 1, features) { IsVector = true };

    /// <summary>The shape of a batch as TensorFlow prints it: <c>[32, 56, 56, 64]</c> or <c>[32, 4096]</c>.</summary>
    public string ToString(int batch) => IsVector
        ? string.Create(CultureInfo.InvariantCulture, $"[{batch}, {Channels}]")
        : string.Create(CultureInfo.InvariantCulture, $"[{batch}, {Height}, {Width}, {Channels}]");

    /// <summary>The shape of one image: <c>[56, 56, 64]</c> or <c>[4096]</c>.</summary>
    public override string ToString() => IsVector
        ? string.Create(CultureInfo.InvariantCulture, $"[{Channels}]")
        : string.Create(CultureInfo.InvariantCulture, $"[{Height}, {Width}, {Channels}]");
}

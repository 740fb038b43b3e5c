using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Training;

/// <summary>The kernels of a network's first convolution as one image: what the network looks for in the pixels (figure 3 of the 2012 paper).</summary>
/// <param name="Width">Pixels in a row.</param>
/// <param name="Height">Rows.</param>
/// <param name="Channels">3 where the network sees three channels, otherwise 1.</param>
/// <param name="Pixels">[height, width, channels].</param>
public sealed record FilterImage(int Width, int Height, int Channels, byte[] Pixels)
{
    /// <summary>Draws the kernels in a grid, enlarged where they are small; the largest absolute weight becomes black or white, 0 gray.</summary>
    /// <param name="parameters">The weights.</param>
    /// <param name="columns">Kernels in a row at most; 0 for a grid that is about square.</param>
    /// <param name="smallestSide">Pixels that a kernel gets at least, as a whole multiple of its size.</param>
    /// <returns>The image, or null if the network has no convolution.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative, or the side is above 1024.</exception>
    public static FilterImage? Of(ParameterSet parameters, int columns = 0, int smallestSide = 24)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        ArgumentOutOfRangeException.ThrowIfNegative(smallestSide);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(smallestSide, 1024);
        Parameter? weight = parameters.Parameters.FirstOrDefault(p => p.Spec.Role == ParameterRole.ConvolutionWeight);
        if (weight is null)
            return null;
        (int kh, int kw, int ic, int oc) = (weight.Spec.Dimensions[0], weight.Spec.Dimensions[1], weight.Spec.Dimensions[2], weight.Spec.Dimensions[3]);
        int channels = ic == 3 ? 3 : 1;
        columns = columns == 0 ? (int)Math.Ceiling(Math.Sqrt(oc)) : Math.Min(columns, oc);
        int rows = (oc + columns - 1) / columns;
        int zoom = Math.Max(1, (smallestSide + Math.Max(kh, kw) - 1) / Math.Max(kh, kw));
        // One line between the kernels and around them.
        (int cellHeight, int cellWidth) = (kh * zoom + 1, kw * zoom + 1);
        (int height, int width) = (rows * cellHeight + 1, columns * cellWidth + 1);
        var pixels = new byte[height * width * channels];
        ReadOnlySpan<float> values = weight.Storage;
        float largest = 0;
        foreach (float value in values)
            largest = Math.Max(largest, Math.Abs(value));
        float scale = largest > 0 ? 127.5f / largest : 0;
        for (int o = 0; o < oc; o++)
            for (int y = 0; y < kh * zoom; y++)
                for (int x = 0; x < kw * zoom; x++)
                    for (int c = 0; c < channels; c++)
                    {
                        float value = values[((y / zoom * kw + x / zoom) * ic + c) * oc + o];
                        int at = ((o / columns * cellHeight + 1 + y) * width + o % columns * cellWidth + 1 + x) * channels + c;
                        pixels[at] = (byte)Math.Clamp(127.5f + scale * value, 0, 255);
                    }
        return new FilterImage(width, height, channels, pixels);
    }

    /// <summary>The image as a PNG file.</summary>
    public byte[] ToPng() => Png.Encode(Width, Height, Channels, Pixels);
}

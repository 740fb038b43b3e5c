using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Studio.Api;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Studio.Analysis;

/// <summary>Converts the values of a network to bytes that a page draws.</summary>
internal static class MapPicture
{
    private const int MostMaps = 1024, Bins = 48;

    /// <summary>The feature maps of a layer as bytes, scaled from 0 to the layer's largest value; the strongest (largest mean) first.</summary>
    public static MapSheet Maps(string layer, Shape shape, ReadOnlySpan<float> values)
    {
        int places = shape.Height * shape.Width, channels = shape.Channels, count = Math.Min(channels, MostMaps);
        var strength = new float[channels];
        float least = float.PositiveInfinity, most = float.NegativeInfinity;
        for (int i = 0; i < values.Length; i++)
        {
            float value = values[i];
            strength[i % channels] += value / places;
            least = Math.Min(least, value);
            most = Math.Max(most, value);
        }
        int[] order = [.. Enumerable.Range(0, channels).OrderByDescending(c => strength[c]).ThenBy(c => c).Take(count)];
        // Maps after a ReLU start at 0, which must be dark even if no value is 0.
        float low = Math.Min(0, least), scale = most > low ? 255 / (most - low) : 0;
        var data = new byte[count * places];
        for (int m = 0; m < count; m++)
            for (int i = 0; i < places; i++)
                data[m * places + i] = (byte)Math.Clamp((values[i * channels + order[m]] - low) * scale + 0.5f, 0, 255);
        var histogram = new int[Bins];
        foreach (float value in values)
            histogram[most > least ? Math.Min(Bins - 1, (int)((value - least) / (most - least) * Bins)) : 0]++;
        return new MapSheet(layer, shape.Height, shape.Width, count, order, [.. order.Select(c => strength[c])], Convert.ToBase64String(data), least, most, histogram);
    }

    /// <summary>The filters of the first convolution as colors around gray, each scaled to its own largest value.</summary>
    public static FilterSheet Filters(Conv2d layer, int inputChannels, ParameterSet parameters, bool isBgr)
    {
        Parameter weight = parameters[$"{layer.Name}.weight"];
        var values = new float[weight.Spec.Length];
        weight.CopyTo(values);
        // [ky, kx, c, o]
        int size = layer.KernelSize, count = layer.OutputChannels, area = size * size;
        var data = new byte[count * area * 3];
        for (int o = 0; o < count; o++)
        {
            float most = 0;
            for (int i = 0; i < area * inputChannels; i++)
                most = Math.Max(most, Math.Abs(values[i * count + o]));
            for (int i = 0; i < area; i++)
                for (int c = 0; c < 3; c++)
                {
                    int channel = inputChannels == 1 ? 0 : isBgr ? 2 - c : c;
                    data[(o * area + i) * 3 + c] = (byte)Math.Clamp(128 + 127 * (most > 0 ? values[(i * inputChannels + channel) * count + o] / most : 0), 0, 255);
                }
        }
        return new FilterSheet(layer.Name, size, count, Convert.ToBase64String(data));
    }

    /// <summary>Evidence as signed bytes, scaled so that the largest magnitude is 127.</summary>
    public static string Signed(ReadOnlySpan<float> values)
    {
        float most = 0;
        foreach (float value in values)
            most = Math.Max(most, Math.Abs(value));
        var data = new byte[values.Length];
        for (int i = 0; i < data.Length; i++)
            data[i] = (byte)(sbyte)Math.Clamp(MathF.Round(most > 0 ? 127 * values[i] / most : 0), -127, 127);
        return Convert.ToBase64String(data);
    }

    /// <summary>The crop as RGBA bytes, with alpha 255.</summary>
    public static byte[] Rgba(ReadOnlySpan<float> pixels, int channels, bool isBgr)
    {
        var data = new byte[pixels.Length / channels * 4];
        for (int i = 0; i < data.Length / 4; i++)
        {
            for (int c = 0; c < 3; c++)
                data[4 * i + c] = (byte)Math.Clamp(pixels[i * channels + (channels == 1 ? 0 : isBgr ? 2 - c : c)] + 0.5f, 0, 255);
            data[4 * i + 3] = 255;
        }
        return data;
    }
}

using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using SkiaSharp;

namespace AlexNetSharp.Cli.Plots;

/// <summary>The kernels of a network's first convolution in a grid: what the network looks for in the pixels (figure 3 of the 2012 paper).</summary>
internal static class FiltersPlot
{
    private const int Gap = 2;

    /// <summary>Draws the kernels as PNG, enlarged where they are small; the largest absolute weight becomes black or white, 0 gray.</summary>
    /// <param name="parameters">The weights.</param>
    /// <param name="columns">Kernels in a row at most; 0 for a grid that is about square.</param>
    /// <param name="smallestSide">Pixels that a kernel gets at least, as a whole multiple of its size.</param>
    /// <returns>The image, in color where the network sees three channels; null if the network has no convolution.</returns>
    public static byte[]? ToPng(ParameterSet parameters, int columns = 0, int smallestSide = 24)
    {
        if (parameters.Parameters.FirstOrDefault(p => p.Spec.Role == ParameterRole.ConvolutionWeight) is not { } weight)
            return null;
        (int kh, int kw, int ic, int oc) = (weight.Spec.Dimensions[0], weight.Spec.Dimensions[1], weight.Spec.Dimensions[2], weight.Spec.Dimensions[3]);
        columns = columns == 0 ? (int)Math.Ceiling(Math.Sqrt(oc)) : Math.Min(columns, oc);
        int rows = (oc + columns - 1) / columns;
        int zoom = Math.Max(1, (smallestSide + Math.Max(kh, kw) - 1) / Math.Max(kh, kw));
        var values = new float[weight.Spec.Length];
        weight.CopyTo(values);
        float largest = values.Max(Math.Abs), scale = largest > 0 ? 127.5f / largest : 0;
        // Other numbers of channels than three have no colors: the first channel is shown.
        byte Value(int y, int x, int channel, int o) =>
            (byte)Math.Clamp(127.5f + scale * values[((y * kw + x) * ic + (ic == 3 ? channel : 0)) * oc + o], 0, 255);
        (int cellWidth, int cellHeight) = (kw * zoom + Gap, kh * zoom + Gap);
        return PlotStyle.ToPng(columns * cellWidth + Gap, rows * cellHeight + Gap, canvas =>
        {
            using var paint = new SKPaint();
            for (int o = 0; o < oc; o++)
                for (int y = 0; y < kh; y++)
                    for (int x = 0; x < kw; x++)
                    {
                        paint.Color = new SKColor(Value(y, x, 0, o), Value(y, x, 1, o), Value(y, x, 2, o));
                        canvas.DrawRect(SKRect.Create(o % columns * cellWidth + Gap + x * zoom, o / columns * cellHeight + Gap + y * zoom, zoom, zoom), paint);
                    }
        });
    }
}

using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using SkiaSharp;

namespace AlexNetSharp.Cli.Plots;

/// <summary>The kernels of a network's first convolution in a grid: what the network looks for in the pixels (figure 3 of the 2012 paper).</summary>
internal static class FiltersPlot
{
    private const int Gap = 2;

    /// <summary>Draws the kernels as a PNG, enlarged if they are small; the largest absolute weight becomes black or white, 0 becomes gray.</summary>
    /// <param name="parameters">The weights.</param>
    /// <param name="columns">Maximum number of kernels per row; 0 for a roughly square grid.</param>
    /// <param name="smallestSide">Minimum side of a kernel in pixels; kernels are enlarged by an integer factor.</param>
    /// <returns>The image, in color if the network has three input channels; null if the network has no convolution.</returns>
    public static byte[]? ToPng(ParameterSet parameters, int columns = 0, int smallestSide = 24)
    {
        if (parameters.Parameters.FirstOrDefault(p => p.Spec.Dimensions.Count == 4) is not { } weight)
            return null;
        (int kh, int kw, int ic, int oc) = (weight.Spec.Dimensions[0], weight.Spec.Dimensions[1], weight.Spec.Dimensions[2], weight.Spec.Dimensions[3]);
        columns = columns == 0 ? (int)Math.Ceiling(Math.Sqrt(oc)) : Math.Min(columns, oc);
        int rows = (oc + columns - 1) / columns;
        int zoom = Math.Max(1, (smallestSide + Math.Max(kh, kw) - 1) / Math.Max(kh, kw));
        var values = new float[weight.Spec.Length];
        weight.CopyTo(values);
        float largest = values.Max(Math.Abs), scale = largest > 0 ? 127.5f / largest : 0;
        // Unless there are three channels, only the first one is shown.
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

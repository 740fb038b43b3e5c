using System.Globalization;
using AlexNetSharp.Cli.Plots;
using SkiaSharp;

namespace AlexNetSharp.Figures;

/// <summary>Test error over the number of images: median and range of the draws.</summary>
internal static class FineTuningChart
{
    private static readonly (string Key, string Name)[] Variants =
    [
        ("all-but-last", "last layer"), ("conv", "fully connected layers"), ("none", "everything"), ("scratch", "from nothing"), ("random", "random frozen convolutions"),
    ];

    /// <summary>Draws what reproduce/finetune.sh measured.</summary>
    /// <param name="path">A file with lines of variant, images per class, index of the draw, error in percent.</param>
    public static byte[] Draw(string path)
    {
        (string Variant, double Images, double Error)[] rows = [.. File.ReadLines(path).Select(line => line.Split(','))
            .Select(cells => (cells[0], double.Parse(cells[1], CultureInfo.InvariantCulture), double.Parse(cells[3], CultureInfo.InvariantCulture)))];
        Curve[] curves = [.. Variants.Select(variant =>
        {
            (double Images, double[] Errors)[] sizes = [.. rows.Where(row => row.Variant == variant.Key)
                .GroupBy(row => row.Images, row => row.Error).OrderBy(size => size.Key).Select(size => (size.Key, size.Order().ToArray()))];
            return new Curve(variant.Name, [.. sizes.Select(size => (size.Images, size.Errors[(size.Errors.Length - 1) / 2]))])
            {
                Band = [.. sizes.Select(size => (size.Images, size.Errors[0], size.Errors[^1]))],
            };
        })];
        return Canvas.Png(760, 460, canvas => new LineChart("Test error in percent: median and range of the draws", "images per class", curves, XAxis.Doubling)
            .Draw(canvas, SKRect.Create(0, 0, 760, 460)));
    }
}

using AlexNetSharp.Cli.Plots;
using AlexNetSharp.Random;
using SkiaSharp;

namespace AlexNetSharp.Figures;

/// <summary>Figures with axes: response normalization and the truncated normal distribution.</summary>
internal static class Curves
{
    /// <summary>The notebook's local response normalization of a value, for different neighbors.</summary>
    public static byte[] LocalResponseNorm()
    {
        const double alpha = 0.001 / 9, beta = 0.75;
        return Chart("Local response normalization, α = 0.001/9, β = 0.75", "input", [
            new Curve("no normalization", Points(x => x, last: 100)),
            new Curve("neighbors are 0", Points(x => x / Math.Pow(1 + alpha * x * x, beta))),
            new Curve("8 neighbors like it", Points(x => x / Math.Pow(1 + alpha * 9 * x * x, beta))),
            new Curve("8 neighbors of 100", Points(x => x / Math.Pow(1 + alpha * (x * x + 8 * 100 * 100), beta))),
        ]);

        static List<(double, double)> Points(Func<double, double> f, int last = 120) => [.. Enumerable.Range(0, last + 1).Select(i => ((double)i, f(i)))];
    }

    /// <summary>Densities of numbers from the library's own generator.</summary>
    public static byte[] TruncatedNormal()
    {
        var numbers = new float[4_000_000];
        new Philox(seed: 1).FillNormal(numbers);
        List<(double, double)> normal = Density(numbers);
        new Philox(seed: 1).FillTruncatedNormal(numbers);
        return Chart("Density of four million numbers each", "value, in standard deviations", [new Curve("normal", normal), new Curve("truncated normal", Density(numbers))]);
    }

    private static List<(double X, double Y)> Density(float[] numbers)
    {
        const int bins = 80;
        const double from = -4, width = 0.1;
        var counts = new int[bins];
        foreach (float number in numbers)
            if ((int)Math.Floor((number - from) / width) is var bin && bin is >= 0 and < bins)
                counts[bin]++;
        // Steps, not slopes: the truncated distribution ends abruptly at ±2.
        return [.. counts.SelectMany((count, i) =>
        {
            double density = count / (numbers.Length * width);
            return ((double X, double Y)[])[(from + i * width, density), (from + (i + 1) * width, density)];
        })];
    }

    private static byte[] Chart(string title, string xTitle, IReadOnlyList<Curve> curves) =>
        Canvas.Png(760, 380, canvas => new LineChart(title, xTitle, curves).Draw(canvas, SKRect.Create(0, 0, 760, 380)));
}

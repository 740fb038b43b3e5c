using System.Globalization;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>The lines that TensorFlow's AlexNet notebook prints, character for character, for scripts that parse them.</summary>
internal static class NotebookFormat
{
    /// <summary><c>conv1   [32, 56, 56, 64]</c>.</summary>
    /// <remarks>Three spaces: the notebook prints the name, a space and the shape as three arguments, which Python joins with spaces.</remarks>
    public static string Shape(string layer, Shape shape, int batchSize) => $"{layer}   {shape.ToString(batchSize)}";

    /// <summary><c>2026-01-31 18:06:53.690444: step:0. duration = 0.030</c>.</summary>
    public static string Step(DateTimeOffset now, int step, double seconds) =>
        string.Create(CultureInfo.InvariantCulture, $"{Time(now)}: step:{step}. duration = {seconds:0.000}");

    /// <summary><c>2026-01-31 18:06:56.677482: forward across 100 steps, 0.030 +/- 0.000 sec / batch</c>.</summary>
    public static string Summary(DateTimeOffset now, string name, DurationStatistics durations) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Time(now)}: {name} across {durations.Count} steps, {durations.Mean:0.000} +/- {durations.Deviation:0.000} sec / batch");

    /// <summary>The convolution and pooling layers, one line each.</summary>
    public static IEnumerable<string> Shapes(Network network, int batchSize)
    {
        for (int i = 0; i < network.Layers.Count; i++)
            if (network.Layers[i] is Conv2d or MaxPool2d or AvgPool2d or AdaptiveAvgPool2d)
                yield return Shape(network.Layers[i].Name, network.OutputOf(i), batchSize);
    }

    private static string Time(DateTimeOffset now) => now.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture);
}

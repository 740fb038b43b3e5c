using System.Globalization;
using AlexNetSharp.Benchmarks;
using AlexNetSharp.Cli.Benchmarking;
using Microsoft.ML.OnnxRuntime;

namespace AlexNetSharp.Serving;

/// <summary>Finds the rival's best settings, then measures both services alternately.</summary>
/// <param name="model">The model file.</param>
/// <param name="modelName">Name of the model.</param>
/// <param name="images">The images to send, in turn.</param>
/// <param name="progress">Receives progress messages.</param>
internal sealed class Comparison(string model, string modelName, byte[][] images, Action<string> progress)
{
    private const double WarmUp = 1, TryingSeconds = 3;

    /// <summary>Maximum difference between the services' probabilities, relative to the difference between two images.</summary>
    private const double Agreement = 1e-3;

    private static readonly int[] s_connections = [1, 8, 32];

    /// <summary>Runs the measurement, and returns the table with its notes.</summary>
    public string Run(int rounds, int seconds)
    {
        using var ours = new ServiceProcess(model, null, images[0]);
        progress("warming up");
        foreach (int connections in s_connections)
            ours.Measure(images, connections, WarmUp, TryingSeconds);
        (Trial[] trials, double difference) = Try(ours);
        Trial[] best = [.. s_connections.Select((_, c) => trials.MaxBy(trial => trial.Rates[c])!)];
        var rivals = best.Distinct().ToDictionary(trial => trial, trial => new ServiceProcess(model, trial.Settings, images[0]));
        try
        {
            var quiet = new QuietRounds(Environment.ProcessorCount, rounds);
            var loads = new (Load Ours, Load Rivals)[rounds, s_connections.Length];
            for (int round = 0; round < rounds; round++)
            {
                quiet.Begin();
                progress(FormattableString.Invariant($"round {round + 1} of {rounds}"));
                for (int c = 0; c < s_connections.Length; c++)
                {
                    ServiceProcess rival = rivals[best[c]];
                    // The services take turns going first.
                    Load first = (round % 2 == 0 ? ours : rival).Measure(images, s_connections[c], WarmUp, seconds);
                    Load second = (round % 2 == 0 ? rival : ours).Measure(images, s_connections[c], WarmUp, seconds);
                    loads[round, c] = round % 2 == 0 ? (first, second) : (second, first);
                }
                quiet.End();
            }
            (int[] counted, string noise) = quiet.Result();
            Row[] rows = [.. s_connections.Select((connections, c) => new Row(
                connections, Load.Middle(counted.Select(r => loads[r, c].Ours)), Load.Middle(counted.Select(r => loads[r, c].Rivals)), best[c].Settings))];
            double oursPeak = ours.PeakMemory / 1e6, rivalsPeak = rivals[best[^1]].PeakMemory / 1e6;
            return string.Join("\n",
            [
                .. Table(rows), "",
                Invariant($"{images.Length} images of {images.Average(image => image.Length) / 1000:0} kB on average; medians of {rounds} rounds of {seconds} s{(noise.Length > 0 ? "; " + noise : "")}. ")
                    + Invariant($"Answers differ by {difference:0.0e-0} of what two images differ by. Largest memory: {oursPeak:0} MB, with ONNX Runtime (at 32 connections) {rivalsPeak:0} MB."),
                "", .. Tried(trials),
            ]) + "\n";
        }
        finally
        {
            foreach (ServiceProcess rival in rivals.Values)
                rival.Dispose();
        }
    }

    /// <summary>Tries all settings of the rival for a short time each, after comparing its responses with ours.</summary>
    private (Trial[] Trials, double Difference) Try(ServiceProcess ours)
    {
        float[][] expected = [.. images.Select(ours.Ask)];
        double worst = 0;
        var trials = new List<Trial>();
        foreach (OnnxSettings settings in OnnxSettings.Tried(Environment.ProcessorCount))
        {
            progress($"ONNX Runtime: {settings}");
            using var rival = new ServiceProcess(model, settings, images[0]);
            worst = Math.Max(worst, Difference(expected, [.. images.Select(rival.Ask)]));
            trials.Add(new Trial(settings, [.. s_connections.Select(connections => rival.Measure(images, connections, WarmUp, TryingSeconds).Rate)]));
        }
        return ([.. trials], worst);
    }

    /// <summary>Returns the largest difference between the services' probabilities, relative to the largest difference between two images.</summary>
    private static double Difference(float[][] ours, float[][] rivals)
    {
        double between = ours.Max(image => Largest(image, ours[0])), difference = ours.Zip(rivals).Max(pair => Largest(pair.First, pair.Second)), part = difference / between;
        return part <= Agreement ? part : throw new InvalidOperationException(Invariant(
            $"the services do not agree: their probabilities differ by {difference:0.0e-0}, those of two images by {between:0.0e-0}"));

        static double Largest(float[] a, float[] b) => a.Zip(b).Max(pair => Math.Abs((double)pair.First - pair.Second));
    }

    private IEnumerable<string> Table(Row[] rows)
    {
        string version = OrtEnv.Instance().GetVersionString();
        yield return Invariant($"{Machine.Current.Describe(Environment.ProcessorCount)}, {DateTime.UtcNow:yyyy-MM-dd}; ONNX Runtime {version}. {modelName} in float32, images sent by a client that takes its share of the processors.");
        yield return "";
        yield return "| connections | requests/s | ONNX Runtime | ratio | p50 ms | ONNX Runtime | p99 ms | ONNX Runtime | ONNX Runtime's best settings |";
        yield return "|---|---|---|---|---|---|---|---|---|";
        foreach (Row row in rows)
            yield return Invariant($"| {row.Connections} | {row.Ours.Rate:0} | {row.Rivals.Rate:0} | **{row.Ours.Rate / row.Rivals.Rate:0.00}** ")
                + Invariant($"| {row.Ours.P50 * 1e3:0.0} | {row.Rivals.P50 * 1e3:0.0} | {row.Ours.P99 * 1e3:0.0} | {row.Rivals.P99 * 1e3:0.0} | {row.Settings} |");
    }

    private static IEnumerable<string> Tried(Trial[] trials)
    {
        yield return $"Tried on ONNX Runtime, requests a second at {string.Join(", ", s_connections)} connections:";
        yield return "";
        foreach (Trial trial in trials)
            yield return $"- {trial.Settings}: {string.Join(", ", trial.Rates.Select(rate => rate.ToString("0", CultureInfo.InvariantCulture)))}";
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    /// <summary>Settings of the rival, and its responses per second for each number of connections.</summary>
    private sealed record Trial(OnnxSettings Settings, double[] Rates);

    /// <summary>A row of the table.</summary>
    private sealed record Row(int Connections, Load Ours, Load Rivals, OnnxSettings Settings);
}

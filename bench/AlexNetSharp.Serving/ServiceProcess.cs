using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using AlexNetSharp.AspNetCore;

namespace AlexNetSharp.Serving;

/// <summary>A service in its own process, and the client that sends requests to it.</summary>
internal sealed class ServiceProcess : IDisposable
{
    private static readonly TimeSpan s_start = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly HttpClient _client = new();

    /// <summary>Starts the service and waits until it responds.</summary>
    public ServiceProcess(string model, OnnxSettings? settings, byte[] image)
    {
        var info = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true, ArgumentList = { "--serve", settings?.ToArgument() ?? "ours", model } };
        _process = Process.Start(info) ?? throw new InvalidOperationException("the program cannot start itself");
        string address = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("a service exited before it started");
        _client.BaseAddress = new Uri(address);
        for (long start = Stopwatch.GetTimestamp(); ; Thread.Sleep(100))
        {
            using HttpResponseMessage answer = SendAsync(image, 1).GetAwaiter().GetResult();
            if (answer.IsSuccessStatusCode)
                return;
            if (answer.StatusCode != HttpStatusCode.ServiceUnavailable || Stopwatch.GetElapsedTime(start) > s_start)
                throw new InvalidOperationException(FormattableString.Invariant($"a service does not respond correctly: status {(int)answer.StatusCode}"));
        }
    }

    /// <summary>Peak memory of the service, in bytes.</summary>
    public long PeakMemory => long.Parse(
        File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith("VmHWM", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2],
        CultureInfo.InvariantCulture) * 1024;

    /// <summary>Requests the probabilities of all classes for an image.</summary>
    public float[] Ask(byte[] image)
    {
        using HttpResponseMessage answer = SendAsync(image, int.MaxValue).GetAwaiter().GetResult().EnsureSuccessStatusCode();
        ClassPrediction[] classes = JsonSerializer.Deserialize(answer.Content.ReadAsStream(), AnswerJson.Default.ClassPredictionArray)!;
        float[] probabilities = new float[classes.Length];
        foreach (ClassPrediction each in classes)
            probabilities[each.Index] = each.Probability;
        return probabilities;
    }

    /// <summary>Sends images over several connections; each sends the next image once it has its response.</summary>
    /// <param name="images">Images to send, in turn.</param>
    /// <param name="connections">Number of connections.</param>
    /// <param name="warmUp">Warm-up time in seconds.</param>
    /// <param name="seconds">Measured time in seconds.</param>
    /// <exception cref="InvalidOperationException">A request failed.</exception>
    public Load Measure(IReadOnlyList<byte[]> images, int connections, double warmUp, double seconds)
    {
        int next = 0;
        long start = Stopwatch.GetTimestamp();
        double[][] times = Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(ClientAsync))).GetAwaiter().GetResult();
        return Load.Of([.. times.SelectMany(each => each)], seconds);

        async Task<double[]> ClientAsync()
        {
            var counted = new List<double>();
            while (true)
            {
                long sent = Stopwatch.GetTimestamp();
                using HttpResponseMessage answer = await SendAsync(images[(int)((uint)Interlocked.Increment(ref next) % images.Count)], 5);
                if (!answer.IsSuccessStatusCode)
                    throw new InvalidOperationException(FormattableString.Invariant($"a request was answered with {(int)answer.StatusCode}"));
                double now = Stopwatch.GetElapsedTime(start).TotalSeconds;
                if (now > warmUp + seconds)
                    return [.. counted];
                if (now > warmUp)
                    counted.Add(Stopwatch.GetElapsedTime(sent).TotalSeconds);
            }
        }
    }

    public void Dispose()
    {
        _client.Dispose();
        _process.StandardInput.Close();
        if (!_process.WaitForExit(s_start))
            _process.Kill();
        _process.Dispose();
    }

    private async Task<HttpResponseMessage> SendAsync(byte[] image, int top)
    {
        using var content = new ByteArrayContent(image) { Headers = { ContentType = new MediaTypeHeaderValue("image/jpeg") } };
        return await _client.PostAsync(new Uri(string.Create(CultureInfo.InvariantCulture, $"/classify?top={top}"), UriKind.Relative), content);
    }
}

/// <summary>Latency and throughput seen by the clients.</summary>
/// <param name="Rate">Responses per second.</param>
/// <param name="P50">Median latency in seconds.</param>
/// <param name="P99">99th percentile of the latency in seconds.</param>
internal sealed record Load(double Rate, double P50, double P99)
{
    public static Load Of(double[] times, double seconds)
    {
        if (times.Length == 0)
            throw new InvalidOperationException("no response arrived in time; use more --seconds");
        Array.Sort(times);
        return new Load(times.Length / seconds, At(0.5), At(0.99));

        double At(double part) => times[Math.Min(times.Length - 1, (int)(part * times.Length))];
    }

    /// <summary>Returns the median of each number.</summary>
    public static Load Middle(IEnumerable<Load> rounds)
    {
        Load[] all = [.. rounds];
        return new Load(Of(load => load.Rate), Of(load => load.P50), Of(load => load.P99));

        double Of(Func<Load, double> number)
        {
            double[] sorted = [.. all.Select(number).Order()];
            return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        }
    }
}

using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Runs;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>Result of a <see cref="ScalingBenchmark"/>; times are those of the slowest process.</summary>
/// <param name="Network">Name of the network.</param>
/// <param name="Processes">Number of processes.</param>
/// <param name="ImagesOfProcess">Images per process and step.</param>
/// <param name="Threads">Threads per process.</param>
/// <param name="Steps">Number of measured steps.</param>
/// <param name="ComputeSeconds">Median time of forward and backward with all gradients, with all processes computing and nothing sent.</param>
/// <param name="StepSeconds">Median time of the same with the exchange.</param>
/// <param name="BusySeconds">Mean time per step during which gradients were in flight.</param>
/// <param name="WaitedSeconds">Mean time per step spent waiting for the exchange after the backward pass.</param>
/// <param name="BytesSent">Bytes sent per process and step.</param>
/// <param name="GradientBytes">Size of all gradients, in bytes.</param>
/// <param name="AllocatedBytes">Managed memory that the compute and communication threads allocate per step, the maximum over 95 % of the steps: the runtime may allocate occasionally.</param>
/// <param name="BandwidthBytes">Measured bandwidth between neighbors, in bytes per second.</param>
/// <param name="PeakMemoryBytes">Peak memory of the first process.</param>
/// <param name="Layers">How the gradients of fully connected layers are exchanged.</param>
internal sealed record ScalingReport(
    string Network, int Processes, int ImagesOfProcess, int Threads, int Steps, double ComputeSeconds, double StepSeconds, double BusySeconds, double WaitedSeconds,
    long BytesSent, long GradientBytes, long AllocatedBytes, double BandwidthBytes, long PeakMemoryBytes, IReadOnlyList<LayerExchange> Layers)
{
    /// <summary>Minimum number of bytes that a process sends to exchange all gradients.</summary>
    public double LeastBytes => 2.0 * (Processes - 1) / Processes * GradientBytes;

    /// <summary>Fraction of the exchange time hidden behind the backward pass.</summary>
    public double Hidden => BusySeconds > 0 ? Math.Clamp(1 - WaitedSeconds / BusySeconds, 0, 1) : 1;

    /// <summary>Returns the report as JSON.</summary>
    public byte[] ToJson()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("network", Network);
        json.WriteNumber("processes", Processes);
        json.WriteNumber("images_of_process", ImagesOfProcess);
        json.WriteNumber("threads", Threads);
        json.WriteNumber("steps", Steps);
        json.WriteNumber("compute_seconds", ComputeSeconds);
        json.WriteNumber("step_seconds", StepSeconds);
        json.WriteNumber("busy_seconds", BusySeconds);
        json.WriteNumber("waited_seconds", WaitedSeconds);
        json.WriteNumber("hidden", Hidden);
        json.WriteNumber("bytes_sent", BytesSent);
        json.WriteNumber("least_bytes", LeastBytes);
        json.WriteNumber("gradient_bytes", GradientBytes);
        json.WriteNumber("allocated_bytes", AllocatedBytes);
        if (double.IsFinite(BandwidthBytes))
            json.WriteNumber("bandwidth", BandwidthBytes);
        json.WriteNumber("peak_memory_bytes", PeakMemoryBytes);
        json.WriteStartArray("layers");
        foreach (LayerExchange layer in Layers)
        {
            json.WriteStartObject();
            json.WriteString("layer", layer.Layer);
            json.WriteBoolean("factors", layer.Factors);
            json.WriteNumber("gradient_bytes", layer.DenseBytes);
            json.WriteNumber("factor_bytes", layer.FactorBytes);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Returns the report as lines of text.</summary>
    public IEnumerable<string> ToLines()
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        yield return string.Create(
            invariant, $"compute {ComputeSeconds:0.000} s per step, with exchange {StepSeconds:0.000} s: {Processes * ImagesOfProcess / StepSeconds:0.0} images/s in total, {100 * ComputeSeconds / StepSeconds:0.0} % of the throughput without exchange");
        if (Processes == 1)
            yield break;
        yield return string.Create(
            invariant, $"gradients in flight for {BusySeconds:0.000} s, waited for {WaitedSeconds:0.000} s: {100 * Hidden:0} % hidden behind the backward pass");
        yield return string.Create(
            invariant, $"each process sends {BytesSent / 1e6:0.00} MB per step; gradients are {GradientBytes / 1e6:0.00} MB, of which any exchange sends at least {LeastBytes / 1e6:0.00} MB; {BandwidthBytes / 1e9:0.00} GB/s between neighbors");
        yield return string.Create(invariant, $"peak memory {PeakMemoryBytes / 1e9:0.00} GB per process, {AllocatedBytes} bytes of managed memory allocated per step");
    }
}

/// <summary>Measures how training scales across processes: forward and backward alone, and with the gradient exchange.</summary>
/// <param name="network">The network.</param>
/// <param name="options">Options of each process's plan; the batch is what one process computes per step.</param>
/// <param name="burnIn">Number of warm-up steps.</param>
/// <param name="batches">Number of measured steps.</param>
/// <param name="exchange"><c>auto</c>, <c>dense</c> or <c>factors</c>.</param>
internal sealed class ScalingBenchmark(Network network, PlanOptions options, int burnIn, int batches, string exchange)
{
    /// <summary>Runs the benchmark.</summary>
    public ScalingReport Run(CommandContext context, ProcessJob job, NotebookBenchmark.ImageSource images)
    {
        int processes = job.Group.Count;
        int threads = options.Threads == 0 ? Environment.ProcessorCount : options.Threads;
        double bandwidth = job.MeasureBandwidth();
        bool? always = exchange switch { "dense" => false, "factors" => true, _ => null };
        IReadOnlyList<LayerExchange> layers = new ExchangeModel(bandwidth, threads)
            .Choose(network, options.Gradients, options.BatchSize * processes, options.BatchSize, processes, always);
        using ParameterSet parameters = ParameterSet.Initialize(network, options.Seed);
        using var alone = new Plan(network, parameters, options);
        using var plan = new Plan(network, parameters, new PlanOptions
        {
            BatchSize = options.BatchSize,
            Threads = options.Threads,
            Gradients = options.Gradients,
            Precise = options.Precise,
            Seed = options.Seed,
            FactorLayers = [.. layers.Where(layer => layer.Factors).Select(layer => layer.Layer)],
        });
        using var shared = new GradientExchange(job.Group, plan, options.BatchSize * processes);
        foreach (Plan each in (Plan[])[alone, plan])
        {
            images(each.Input);
            each.OutputGradient.Fill(1e-3f);
        }
        int step = 0;
        // One delegate for all steps, so that a step allocates nothing.
        Action<int> forward = _ => plan.Forward(training: true, (ulong)step);
        double[] compute = new double[batches], seconds = new double[batches], allocated = new double[batches];
        (TimeSpan busy, TimeSpan waited, long sent) = (default, default, 0);
        // Alternate between the two, so that other work on the machine disturbs both alike.
        for (int i = 0; i < burnIn + batches; i++)
        {
            step = i;
            double one = Time(() => ComputeAlone(alone, step));
            if (i == burnIn)
                (busy, waited) = (shared.Busy, shared.Waited);
            job.Group.Barrier();
            (long sentBefore, long allocatedBefore) = (job.BytesSent, Allocated(shared));
            long start = Stopwatch.GetTimestamp();
            parameters.MarkChanged();
            shared.Backward(processes, forward);
            double other = Stopwatch.GetElapsedTime(start).TotalSeconds;
            if (i >= burnIn)
            {
                allocated[i - burnIn] = Allocated(shared) - allocatedBefore;
                sent += job.BytesSent - sentBefore;
                (compute[i - burnIn], seconds[i - burnIn]) = (one, other);
            }
            job.Group.Barrier();
            context.Progress.Show("forward-backward", i + 1, burnIn + batches);
        }
        double[] slowest = Slowest(job, [
            Median(compute), Median(seconds), (shared.Busy - busy).TotalSeconds / batches, (shared.Waited - waited).TotalSeconds / batches,
            sent / (double)batches, MostOf95Percent(allocated)]);
        return new ScalingReport(
            network.Name, processes, options.BatchSize, threads, batches, slowest[0], slowest[1], slowest[2], slowest[3],
            (long)slowest[4], plan.Gradients!.Parameters.Sum(gradient => gradient.Spec.Length) * sizeof(float), (long)slowest[5], bandwidth, Machine.PeakMemoryBytes, layers);
    }

    /// <summary>Bytes that this thread and the exchange thread have allocated.</summary>
    private static long Allocated(GradientExchange shared) => GC.GetAllocatedBytesForCurrentThread() + shared.AllocatedBytes;

    private static void ComputeAlone(Plan plan, int step)
    {
        plan.Parameters.MarkChanged();
        plan.Forward(training: true, (ulong)step);
        plan.Backward();
    }

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double[] Slowest(ProcessJob job, double[] own)
    {
        var all = new double[own.Length * job.Group.Count];
        job.Group.AllGather<double>(own, all);
        return [.. Enumerable.Range(0, own.Length).Select(i => Enumerable.Range(0, job.Group.Count).Max(rank => all[rank * own.Length + i]))];
    }

    private static double MostOf95Percent(double[] values) => values.Order().ElementAt(values.Length - 1 - values.Length / 20);

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

using System.Diagnostics;

namespace AlexNetSharp.Data;

/// <summary>How fast images come, with nothing else to do.</summary>
/// <param name="Images">Images counted.</param>
/// <param name="Seconds">Time they took.</param>
/// <param name="ProcessorSeconds">Time that all threads of the process computed in it: what a training that runs beside the loader loses.</param>
/// <param name="AllocatedBytesPerImage">Managed memory that each left to the garbage collector, in the whole process.</param>
public sealed record LoaderSpeed(long Images, double Seconds, double ProcessorSeconds, double AllocatedBytesPerImage)
{
    /// <summary>Images a second.</summary>
    public double ImagesPerSecond => Images / Seconds;

    /// <summary>Takes batches from a loader as fast as it makes them, and drops them.</summary>
    /// <param name="loader">The loader; its epochs are read one after the other, from the first on.</param>
    /// <param name="burnIn">Batches that are taken first and not counted; at least those that lie ready.</param>
    /// <param name="batches">Batches to measure, at least 1.</param>
    /// <param name="cancellation">Stops the measurement.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was canceled.</exception>
    public static LoaderSpeed Measure(DataLoader loader, int burnIn, int batches, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(loader);
        ArgumentOutOfRangeException.ThrowIfNegative(burnIn);
        ArgumentOutOfRangeException.ThrowIfLessThan(batches, 1);
        using IEnumerator<Batch> reading = Epochs(loader, cancellation).GetEnumerator();
        // What is ready was made before the clock starts, and the first images of each thread fill its buffers.
        reading.MoveNext();
        for (int i = Math.Max(burnIn, loader.Ready + 1); i > 0; i--)
            reading.MoveNext();
        long images = 0, allocated = GC.GetTotalAllocatedBytes(), start = Stopwatch.GetTimestamp();
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        for (int i = 0; i < batches && reading.MoveNext(); i++)
            images += reading.Current.Count;
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        cancellation.ThrowIfCancellationRequested();
        return new LoaderSpeed(
            images, seconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds, (GC.GetTotalAllocatedBytes() - allocated) / (double)images);
    }

    private static IEnumerable<Batch> Epochs(DataLoader loader, CancellationToken cancellation)
    {
        for (int epoch = 0; !cancellation.IsCancellationRequested; epoch++)
            foreach (Batch batch in loader.Read(epoch, 0, cancellation))
                yield return batch;
    }
}

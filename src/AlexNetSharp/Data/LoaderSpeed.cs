using System.Diagnostics;

namespace AlexNetSharp.Data;

/// <summary>How fast pictures come, with nothing else to do.</summary>
/// <param name="Pictures">Pictures counted.</param>
/// <param name="Seconds">Time they took.</param>
/// <param name="AllocatedBytesPerPicture">Managed memory that each left to the garbage collector, in the whole process.</param>
public sealed record LoaderSpeed(long Pictures, double Seconds, double AllocatedBytesPerPicture)
{
    /// <summary>Pictures a second.</summary>
    public double PicturesPerSecond => Pictures / Seconds;

    /// <summary>Takes batches from a loader as fast as it makes them, and drops them.</summary>
    /// <param name="loader">The loader; it is used up to where the measurement ends.</param>
    /// <param name="duration">How long to measure. The batches that were prepared beforehand are taken first and not counted.</param>
    /// <param name="cancellation">Stops the measurement.</param>
    /// <exception cref="InvalidOperationException">The loader's epochs end before anything could be measured.</exception>
    public static LoaderSpeed Measure(DataLoader loader, TimeSpan duration, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(loader);
        // What is ready was made before the clock starts, and the first pictures of each thread fill its buffers.
        for (int warm = loader.Ready + 2; warm > 0; warm--)
            loader.Next(cancellation);
        long pictures = 0, start = Stopwatch.GetTimestamp(), allocated = GC.GetTotalAllocatedBytes();
        while (Stopwatch.GetElapsedTime(start) < duration && loader.Next(cancellation) is { } batch)
            pictures += batch.Count;
        if (pictures == 0)
            throw new InvalidOperationException("The loader ended before anything could be measured; give it more epochs.");
        return new LoaderSpeed(pictures, Stopwatch.GetElapsedTime(start).TotalSeconds, (GC.GetTotalAllocatedBytes() - allocated) / (double)pictures);
    }
}

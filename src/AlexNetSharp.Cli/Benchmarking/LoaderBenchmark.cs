using System.Diagnostics;
using System.Globalization;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Runs;
using AlexNetSharp.Data;
using AlexNetSharp.Networks;
using Spectre.Console;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>The benchmark of <c>alexnet bench --data</c>: how fast the loader produces batches, with nothing else running.</summary>
/// <param name="path">Path of the dataset.</param>
/// <param name="network">The network that determines input size and preprocessing.</param>
/// <param name="imageSize">Height and width of the input; null to choose by network and images.</param>
/// <param name="options">Batch size, threads and seed.</param>
/// <param name="burnIn">Number of warm-up batches.</param>
/// <param name="batches">Number of measured batches.</param>
/// <param name="decoder">Decodes the images.</param>
internal sealed class LoaderBenchmark(string path, string network, int? imageSize, DataLoaderOptions options, int burnIn, int batches, IImageDecoder decoder)
{
    /// <summary>Number of images kept in memory: too many for any CPU cache, few enough to be decoded in seconds.</summary>
    private const int KeptImages = 1000;
    private const long KeptBytes = 2000L << 20;

    /// <summary>Measures every combination: files and memory, plain and augmented, one thread and all.</summary>
    /// <exception cref="InvalidDataException">The dataset, or an image in it, cannot be read.</exception>
    public LoaderReport Run(CommandContext context)
    {
        DatasetPair pair = DatasetReader.Open(path, new DatasetOptions { Decoder = decoder });
        IImageDataset files = pair.Train;
        (IImageDataset memory, ImageSizeRange sizes) = Keep(files, context);
        Preprocessing plain = ImageSizes.Of(network, sizes, imageSize, "auto", null);
        TrainingStatistics statistics = TrainingStatistics.Compute(memory, plain, options.Threads, null, context.Cancellation);
        plain = plain with { Mean = statistics.ChannelMean, StandardDeviation = statistics.ChannelDeviation };
        var augmentation = new Augmentation
        {
            RandomResizedCrop = new RandomResizedCrop(),
            HorizontalFlip = true,
            ColorPca = statistics.Colors,
        };
        var runs = new List<LoaderRun>();
        int[] threads = options.Threads == 1 ? [1] : [1, options.Threads];
        foreach (bool fromMemory in (bool[])[false, true])
            foreach (Augmentation? changes in (Augmentation?[])[null, augmentation])
                foreach (int count in threads)
                {
                    context.Progress.Show("loading", runs.Count, 4 * threads.Length);
                    using var loader = new DataLoader(
                        fromMemory ? memory : files, plain, new DataLoaderOptions
                        {
                            BatchSize = options.BatchSize,
                            Seed = options.Seed,
                            Threads = count,
                            Shuffle = true,
                            Augmentation = changes,
                        });
                    runs.Add(LoaderRun.Measure(
                        fromMemory ? "memory" : "files", changes is not null, count, loader, burnIn, batches, context.Cancellation));
                }
        return new LoaderReport(
            path, pair.Description, files.Count, network, options.BatchSize, plain.CropHeight, Machine.Current, runs);
    }

    /// <summary>Decodes and keeps images sampled evenly from the whole set, and returns their sizes.</summary>
    private (CachedImages Images, ImageSizeRange Sizes) Keep(IImageDataset files, CommandContext context)
    {
        int count = Math.Min(files.Count, KeptImages);
        int[] chosen = [.. Enumerable.Range(0, count).Select(i => (int)((long)i * files.Count / count))];
        var memory = new CachedImages(ImageSubset.Of(files, chosen), KeptBytes);
        DatasetCheck check = DatasetCheck.Run(memory, options.Threads, null, context.Cancellation);
        if (check.Bad is [var bad, ..])
            throw new InvalidDataException(bad.Reason);
        return (memory, check.Sizes ?? throw new InvalidDataException($"{path}: there are no images"));
    }
}

/// <summary>The report that <c>alexnet bench --data --json</c> writes.</summary>
internal sealed record LoaderReport(
    string Data, string Description, int Images, string Network, int BatchSize, int ImageSize, Machine Machine, IReadOnlyList<LoaderRun> Runs)
{
    /// <summary>The report as indented JSON in UTF-8 with a trailing line feed.</summary>
    public byte[] ToJson() => BenchReport.ToJson(this);

    /// <summary>Formats the runs as a table.</summary>
    public Table ToTable()
    {
        Table table = Tables.Create("images from", "changes", ">threads", ">images/s", ">CPU µs per image", ">bytes allocated per image");
        foreach (LoaderRun run in Runs)
            table.Row(
                run.From, run.Augmented ? "random resized crop, flip, color PCA" : "none", Text(run.Threads, "0"), Text(run.ImagesPerSecond, "0"),
                Text(1e6 * run.ProcessorSecondsPerImage, "0.0"), Text(run.AllocatedBytesPerImage, "0"));
        return table;
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}

/// <summary>Result of one way to load images.</summary>
/// <param name="From"><c>files</c>: read and decoded each time; <c>memory</c>: decoded once and kept in memory.</param>
/// <param name="Augmented">Whether random resized crop, flip and color PCA are applied; otherwise resize and center crop.</param>
/// <param name="Threads">Number of loader threads.</param>
/// <param name="Images">Number of measured images.</param>
/// <param name="Seconds">Time for these images.</param>
/// <param name="ImagesPerSecond">Throughput in images per second.</param>
/// <param name="ProcessorSecondsPerImage">CPU time of all threads per image.</param>
/// <param name="AllocatedBytesPerImage">Managed memory allocated per image.</param>
internal sealed record LoaderRun(
    string From, bool Augmented, int Threads, long Images, double Seconds, double ImagesPerSecond, double ProcessorSecondsPerImage,
    double AllocatedBytesPerImage)
{
    /// <summary>Consumes batches from a loader as fast as it produces them.</summary>
    /// <param name="from">See <see cref="From"/>.</param>
    /// <param name="augmented">See <see cref="Augmented"/>.</param>
    /// <param name="threads">See <see cref="Threads"/>.</param>
    /// <param name="loader">The loader; it is consumed up to the end of the measurement.</param>
    /// <param name="burnIn">Number of warm-up batches; at least as many as are already prepared.</param>
    /// <param name="batches">Number of batches to measure.</param>
    /// <param name="cancellation">Stops the measurement.</param>
    /// <exception cref="OperationCanceledException">The measurement was stopped.</exception>
    public static LoaderRun Measure(
        string from, bool augmented, int threads, DataLoader loader, int burnIn, int batches, CancellationToken cancellation)
    {
        using IEnumerator<Batch> reading = Epochs(loader, cancellation).GetEnumerator();
        // Batches that are ready were prepared before the clock starts, and the first images of each thread allocate its buffers.
        reading.MoveNext();
        for (int i = Math.Max(burnIn, loader.Ready + 1); i > 0; i--)
            reading.MoveNext();
        long images = 0, allocated = GC.GetTotalAllocatedBytes(), start = Stopwatch.GetTimestamp();
        TimeSpan processor = Environment.CpuUsage.TotalTime;
        for (int i = 0; i < batches && reading.MoveNext(); i++)
            images += reading.Current.Count;
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        cancellation.ThrowIfCancellationRequested();
        return new LoaderRun(
            from, augmented, threads, images, seconds, images / seconds, (Environment.CpuUsage.TotalTime - processor).TotalSeconds / images,
            (GC.GetTotalAllocatedBytes() - allocated) / (double)images);
    }

    private static IEnumerable<Batch> Epochs(DataLoader loader, CancellationToken cancellation)
    {
        for (int epoch = 0; !cancellation.IsCancellationRequested; epoch++)
            foreach (Batch batch in loader.Read(epoch, 0, cancellation))
                yield return batch;
    }
}

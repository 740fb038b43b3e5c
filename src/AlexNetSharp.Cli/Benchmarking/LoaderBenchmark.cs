using System.Globalization;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Runs;
using AlexNetSharp.Data;
using AlexNetSharp.Images;
using Spectre.Console;

namespace AlexNetSharp.Cli.Benchmarking;

/// <summary>What <c>alexnet bench --data</c> measures: how fast the loader makes batches, with nothing else to do.</summary>
/// <param name="path">The data set.</param>
/// <param name="network">Whose input size and preprocessing.</param>
/// <param name="imageSize">Height and width of the input; null for what suits network and pictures.</param>
/// <param name="options">Batch size, threads and seed.</param>
/// <param name="burnIn">Batches before the first that counts.</param>
/// <param name="batches">Batches that count.</param>
internal sealed class LoaderBenchmark(string path, string network, int? imageSize, DataLoaderOptions options, int burnIn, int batches)
{
    /// <summary>Pictures that are read from memory: enough that no processor cache holds them, few enough to be decoded in seconds.</summary>
    private const int KeptPictures = 1000;
    private const long KeptBytes = 2000L << 20;

    /// <summary>Measures every combination: files and memory, plain and augmented, one thread and all.</summary>
    /// <exception cref="InvalidDataException">The data set, or a picture in it, cannot be read.</exception>
    public LoaderReport Run(CommandContext context)
    {
        DatasetPair pair = DatasetReader.Open(path, new DatasetOptions { Decoder = new PictureDecoder() });
        IPictureDataset files = pair.Train;
        (IPictureDataset memory, PictureSizeRange sizes) = Keep(files, context);
        Data.Preprocessing plain = PictureSizes.Of(network, sizes, imageSize, "auto", null);
        TrainingStatistics statistics = TrainingStatistics.Compute(memory, plain, options.Threads, null, context.Cancellation);
        plain = plain with { Mean = statistics.ChannelMean, Deviation = statistics.ChannelDeviation };
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
                        fromMemory ? memory : files, plain, options with { Threads = count, Shuffle = true, Augmentation = changes });
                    runs.Add(LoaderRun.Of(
                        fromMemory ? "memory" : "files", changes is not null, count, LoaderSpeed.Measure(loader, burnIn, batches, context.Cancellation)));
                }
        return new LoaderReport(
            path, pair.Description, files.Count, network, options.BatchSize, plain.CropHeight, Machine.Current, runs);
    }

    /// <summary>Some pictures, evenly from the whole set, decoded and kept, and their sizes.</summary>
    private (CachedPictures Pictures, PictureSizeRange Sizes) Keep(IPictureDataset files, CommandContext context)
    {
        int count = Math.Min(files.Count, KeptPictures);
        int[] chosen = [.. Enumerable.Range(0, count).Select(i => (int)((long)i * files.Count / count))];
        var memory = new CachedPictures(new PictureSubset(files, chosen), KeptBytes);
        (IReadOnlyList<BadPicture> bad, PictureSizeRange? sizes) = DatasetCheck.Run(memory, options.Threads, null, context.Cancellation);
        if (bad.Count > 0)
            throw new InvalidDataException(bad[0].Reason);
        return (memory, sizes ?? throw new InvalidDataException($"{path}: there are no pictures"));
    }
}

/// <summary>What <c>alexnet bench --data --json</c> writes.</summary>
internal sealed record LoaderReport(
    string Data, string Description, int Pictures, string Network, int BatchSize, int ImageSize, Machine Machine, IReadOnlyList<LoaderRun> Runs)
{
    /// <summary>The report as indented JSON in UTF-8 with a line feed at its end.</summary>
    public byte[] ToJson() => BenchReport.ToJson(this);

    /// <summary>The runs as a table.</summary>
    public Table ToTable()
    {
        Table table = Tables.Create("pictures from", "changes", ">threads", ">pictures/s", ">µs of processor a picture", ">bytes of garbage a picture");
        foreach (LoaderRun run in Runs)
            table.Row(
                run.From, run.Augmented ? "random resized crop, flip, colour PCA" : "none", Text(run.Threads, "0"), Text(run.PicturesPerSecond, "0"),
                Text(1e6 * run.ProcessorSecondsPerPicture, "0.0"), Text(run.AllocatedBytesPerPicture, "0"));
        return table;
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}

/// <summary>One way to load.</summary>
/// <param name="From"><c>files</c>: read and decoded each time; <c>memory</c>: kept there, decoded.</param>
/// <param name="Augmented">Whether with random resized crop, flip and colour PCA; otherwise resized and cropped from the middle.</param>
/// <param name="Threads">Threads that load.</param>
/// <param name="Pictures">Pictures counted.</param>
/// <param name="Seconds">Time they took.</param>
/// <param name="PicturesPerSecond">Their quotient.</param>
/// <param name="ProcessorSecondsPerPicture">Processor time of all threads for a picture.</param>
/// <param name="AllocatedBytesPerPicture">Managed memory that a picture leaves to the garbage collector.</param>
internal sealed record LoaderRun(
    string From, bool Augmented, int Threads, long Pictures, double Seconds, double PicturesPerSecond, double ProcessorSecondsPerPicture,
    double AllocatedBytesPerPicture)
{
    /// <summary>From a measurement.</summary>
    public static LoaderRun Of(string from, bool augmented, int threads, LoaderSpeed speed) => new(
        from, augmented, threads, speed.Pictures, speed.Seconds, speed.PicturesPerSecond, speed.ProcessorSeconds / speed.Pictures,
        speed.AllocatedBytesPerPicture);
}

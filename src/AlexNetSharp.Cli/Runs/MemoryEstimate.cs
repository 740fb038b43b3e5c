using System.Diagnostics;
using System.Globalization;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Data;
using AlexNetSharp.Diagnostics;
using AlexNetSharp.Execution;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Runs;

/// <summary>
/// What a training, a stage of it, or an evaluation will hold in memory beyond what the process holds already, told before any of it is taken: the system promises
/// memory freely, and ends the process when it is written and not there.
/// </summary>
internal sealed class MemoryEstimate
{
    /// <summary>What compiled code, buffers for files and the runtime's own heap grow by.</summary>
    private const long Growth = 40L << 20;

    /// <summary>What a cache gives back beyond what is missing.</summary>
    private const long Slack = 16L << 20;

    private readonly List<(string What, long Bytes)> _parts = [];

    /// <summary>Bytes that are still to come.</summary>
    public long Bytes => _parts.Sum(part => part.Bytes) + Growth;

    /// <summary>A plan, without the parameters of its network.</summary>
    public MemoryEstimate Plan(Network network, PlanOptions options) =>
        Add("plan", Execution.Plan.EstimateMemory(network, options) - ParametersOf(network));

    /// <summary>The parameters of a network.</summary>
    public MemoryEstimate Parameters(Network network) => Add("parameters", ParametersOf(network));

    /// <summary>What an optimizer remembers of each parameter that learns.</summary>
    /// <param name="network">The network.</param>
    /// <param name="learning">The parameters that learn.</param>
    /// <param name="values">Values for each value: 1 for SGD, 2 for AdamW.</param>
    public MemoryEstimate Optimizer(Network network, GradientScope learning, int values) => Add("optimizer", values * LearningOf(network, learning));

    /// <summary>The best epoch's parameters and optimizer, where they wait in memory for the file.</summary>
    public MemoryEstimate BestEpoch(Network network, GradientScope learning, int values) => Add("best epoch", (1 + values) * LearningOf(network, learning));

    /// <summary>What the gradients of several processes are added in.</summary>
    public MemoryEstimate Exchange(Network network, GradientScope learning) => Add("exchange", 2 * LearningOf(network, learning));

    /// <summary>The batches that a loader prepares, as far as images come to lie in them, and the images that its threads decode.</summary>
    /// <param name="count">Images of the dataset.</param>
    /// <param name="shape">Shape of an image as the network takes it.</param>
    /// <param name="options">The loader's options.</param>
    /// <param name="epochs">Epochs that it reads without a pause.</param>
    /// <param name="largest">Pixels of the largest image; 0 if they are not known.</param>
    public MemoryEstimate Loader(int count, Shape shape, DataLoaderOptions options, int epochs, long largest)
    {
        // A decoded image, what the decoder makes it from, and the file.
        const int decoding = 3 + 4 + 1;
        long steps = (count + options.BatchSize - 1L) / options.BatchSize;
        long batches = Math.Min(options.Prefetch + 1, Math.Min(steps, int.MaxValue) * epochs);
        Add("batches", checked(batches * Math.Min(count, options.ImagesPerBatch) * (options.TenCrop ? Preprocessor.TenCropViews : 1) * shape.Length * sizeof(float)));
        return Add("decoding", options.Threads * decoding * largest);
    }

    /// <summary>Features that are kept in memory.</summary>
    public MemoryEstimate Features(Shape shape, long images) => Add("features", checked(shape.Length * images * sizeof(float)));

    /// <summary>
    /// Makes sure that the system has the memory; where the cache of decoded images stands in the way, it gives back what is missing, and a note says so.
    /// </summary>
    /// <param name="what">What needs it.</param>
    /// <param name="advice">What to do where there is not enough.</param>
    /// <param name="context">For the note.</param>
    /// <param name="data">The images that may be in a cache; null for none.</param>
    /// <exception cref="InsufficientMemoryException">There is not enough.</exception>
    public void Require(string what, string advice, CommandContext context, TrainData? data = null)
    {
        long missing = Bytes - SystemMemory.AvailableBytes, cached = data?.CachedBytes ?? 0;
        if (missing > 0 && cached >= missing)
        {
            // What the runtime gives back it gives back in pieces, and not all at once.
            for (int round = 0; round < 3 && missing > 0 && data!.CachedBytes > 0; round++)
            {
                data.Shrink(Math.Max(0, data.CachedBytes - missing - Slack));
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                missing = Bytes - SystemMemory.AvailableBytes;
            }
            context.Note(string.Create(
                CultureInfo.InvariantCulture,
                $"memory: the cache of decoded images shrinks from {cached / 1e9:0.00} to {data!.CachedBytes / 1e9:0.00} GB, so that the training fits; the other images are decoded in each epoch"));
        }
        if (missing > 0)
            throw new InsufficientMemoryException(string.Create(
                CultureInfo.InvariantCulture,
                $"{what} needs {Bytes / 1e9:0.0} GB of memory ({Shares()}), but {SystemMemory.AvailableBytes / 1e9:0.0} GB are available; {advice}"));
    }

    /// <summary>The most that the process will have held, in bytes, if this is all that comes.</summary>
    public long Peak()
    {
        using var process = Process.GetCurrentProcess();
        return Math.Max(process.PeakWorkingSet64, process.WorkingSet64 + Bytes);
    }

    /// <summary>The parts that count, the largest first: <c>plan 1.2, batches 0.4</c>.</summary>
    public string Shares() => string.Join(", ", _parts
        .GroupBy(part => part.What, part => part.Bytes).Select(group => (What: group.Key, Bytes: group.Sum()))
        .Where(part => part.Bytes >= 5_000_000).OrderByDescending(part => part.Bytes)
        .Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.What} {part.Bytes / 1e9:0.00}")).DefaultIfEmpty("little of everything"));

    private MemoryEstimate Add(string what, long bytes)
    {
        _parts.Add((what, bytes));
        return this;
    }

    private static long ParametersOf(Network network) => network.Parameters.Sum(parameter => parameter.Length) * sizeof(float);

    private static long LearningOf(Network network, GradientScope learning) => learning.In(network).Sum(parameter => parameter.Length) * sizeof(float);
}

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
/// Estimates the memory that training, a stage of it, or an evaluation will need beyond what the process already holds, before any of it is allocated: the system
/// overcommits memory, and kills the process when memory that it does not have is written to.
/// </summary>
internal sealed class MemoryEstimate
{
    /// <summary>Allowance for growth of compiled code, file buffers and the runtime's own heap.</summary>
    private const long Growth = 40L << 20;

    /// <summary>Memory that a cache releases beyond what is missing.</summary>
    private const long Slack = 16L << 20;

    private readonly List<(string What, long Bytes)> _parts = [];

    /// <summary>Estimated memory, in bytes.</summary>
    public long Bytes => _parts.Sum(part => part.Bytes) + Growth;

    /// <summary>Adds a plan, without the parameters of its network.</summary>
    public MemoryEstimate Plan(Network network, PlanOptions options) =>
        Add("plan", Execution.Plan.EstimateMemory(network, options) - ParametersOf(network));

    /// <summary>Adds the parameters of a network.</summary>
    public MemoryEstimate Parameters(Network network) => Add("parameters", ParametersOf(network));

    /// <summary>Adds the optimizer state of all trained parameters.</summary>
    /// <param name="network">The network.</param>
    /// <param name="learning">The trained parameters.</param>
    /// <param name="values">State values per parameter value: 1 for SGD, 2 for AdamW.</param>
    public MemoryEstimate Optimizer(Network network, GradientScope learning, int values) => Add("optimizer", values * LearningOf(network, learning));

    /// <summary>Adds the best epoch's parameters and optimizer state, held in memory until they are written.</summary>
    public MemoryEstimate BestEpoch(Network network, GradientScope learning, int values) => Add("best epoch", (1 + values) * LearningOf(network, learning));

    /// <summary>Adds the buffers in which the gradients of several processes are summed.</summary>
    public MemoryEstimate Exchange(Network network, GradientScope learning) => Add("exchange", 2 * LearningOf(network, learning));

    /// <summary>Adds the batches that a loader prepares, as far as they are filled, and the images that its threads decode.</summary>
    /// <param name="count">Number of images in the dataset.</param>
    /// <param name="shape">Shape of the network's input.</param>
    /// <param name="options">The loader's options.</param>
    /// <param name="epochs">Number of epochs that it reads without a pause.</param>
    /// <param name="largest">Pixels of the largest image; 0 if unknown.</param>
    public MemoryEstimate Loader(int count, Shape shape, DataLoaderOptions options, int epochs, long largest)
    {
        // The decoded image, the decoder's buffer, and the file.
        const int decoding = 3 + 4 + 1;
        long steps = (count + options.BatchSize - 1L) / options.BatchSize;
        long batches = Math.Min(options.Prefetch + 1, Math.Min(steps, int.MaxValue) * epochs);
        Add("batches", checked(batches * Math.Min(count, options.ImagesPerBatch) * (options.TenCrop ? Preprocessor.TenCropViews : 1) * shape.Length * sizeof(float)));
        return Add("decoding", options.Threads * decoding * largest);
    }

    /// <summary>Adds features that are kept in memory.</summary>
    public MemoryEstimate Features(Shape shape, long images) => Add("features", checked(shape.Length * images * sizeof(float)));

    /// <summary>
    /// Ensures that the system has the memory; if necessary, shrinks the cache of decoded images and reports it.
    /// </summary>
    /// <param name="what">What needs the memory.</param>
    /// <param name="advice">What to do if there is not enough.</param>
    /// <param name="context">Receives the note.</param>
    /// <param name="data">The images that may be in a cache; null for none.</param>
    /// <exception cref="InsufficientMemoryException">There is not enough memory.</exception>
    public void Require(string what, string advice, CommandContext context, TrainData? data = null)
    {
        long missing = Bytes - SystemMemory.AvailableBytes, cached = data?.CachedBytes ?? 0;
        if (missing > 0 && cached >= missing)
        {
            // The runtime returns memory in pieces, not all at once.
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

    /// <summary>Returns the estimated peak memory of the process, in bytes.</summary>
    public long Peak()
    {
        using var process = Process.GetCurrentProcess();
        return Math.Max(process.PeakWorkingSet64, process.WorkingSet64 + Bytes);
    }

    /// <summary>Lists the significant parts, largest first: <c>plan 1.2, batches 0.4</c>.</summary>
    public string Shares() => string.Join(", ", _parts
        .GroupBy(part => part.What, part => part.Bytes).Select(group => (What: group.Key, Bytes: group.Sum()))
        .Where(part => part.Bytes >= 5_000_000).OrderByDescending(part => part.Bytes)
        .Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.What} {part.Bytes / 1e9:0.00}")).DefaultIfEmpty("many small parts"));

    private MemoryEstimate Add(string what, long bytes)
    {
        _parts.Add((what, bytes));
        return this;
    }

    private static long ParametersOf(Network network) => network.Parameters.Sum(parameter => parameter.Length) * sizeof(float);

    private static long LearningOf(Network network, GradientScope learning) => learning.In(network).Sum(parameter => parameter.Length) * sizeof(float);
}

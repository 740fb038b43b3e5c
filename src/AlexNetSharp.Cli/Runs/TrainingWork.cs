using System.Globalization;
using System.Runtime.InteropServices;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Runs;

/// <summary>The working parts of a run: parameters, plan, optimizer, batches and trainer, from scratch or from a model.</summary>
internal sealed class TrainingWork : IDisposable
{
    private const int Prefetch = 3;

    /// <summary>Ratio of class sizes above which classes are weighted by default.</summary>
    private const double Unequal = 1.5;

    private const string MemoryAdvice = "use a smaller --batch-size, --micro-batch to compute a batch in parts, or smaller images";

    private readonly List<IDisposable> _owned = [];
    private readonly TrainData _data;
    private long _stateBytes;
    private readonly string _run;
    private readonly CommandContext _context;
    private readonly ProcessJob _job;
    private readonly (int Rank, int Count)? _shares;

    /// <summary>Creates all parts; continues from the checkpoint if there is one.</summary>
    /// <param name="settings">The settings of the run.</param>
    /// <param name="run">The run folder.</param>
    /// <param name="data">The images.</param>
    /// <param name="checkpoint">The checkpoint to continue from; null for a new run.</param>
    /// <param name="start">The starting point or checkpoint of fine-tuning; null to train from scratch.</param>
    /// <param name="context">Provides progress, tables and cancellation.</param>
    /// <param name="job">The processes that train together.</param>
    /// <param name="network">The network of a run that continues, if another process has its checkpoint; null otherwise.</param>
    public TrainingWork(
        TrainSettings settings, string run, TrainData data, Checkpoint? checkpoint, SharedModel? start, CommandContext context, ProcessJob job, Network? network = null)
    {
        (Settings, _run, _data, _context, _job) = (settings, run, data, context, job);
        _shares = settings.PartSize == 0 ? null : (job.Group.Rank, job.Group.Count);
        try
        {
            Network part;
            ParameterSet values;
            IReadOnlyList<ParameterGroup> groups;
            IBatchSource training, validation;
            if (start is null)
            {
                part = network ?? checkpoint?.Network ?? CreateNetwork();
                groups = TrainingRecipe.For(settings.Network).Groups;
                RequireMemory(part, groups, new MemoryEstimate().Parameters(part), features: false);
                Parameters = values = Own(ParameterSet.Initialize(part, settings.Seed));
                (training, validation) = (Loader = OwnLoader(data.Training, learning: true), data.Validation is null ? null! : OwnLoader(data.Validation, learning: false));
            }
            else
            {
                var tuned = Own(new StartingModel(
                    settings, start.Model, data.Training.Classes, data.Training.Count, data.Augmentation is not null, start.Continued));
                if (!start.Continued)
                    tuned.Print(context, settings.From!);
                // The needed parts of the starting model have been copied.
                start.Dispose();
                Settings = Settings with { Freeze = tuned.Freeze, NewHead = tuned.HasNewHead };
                Parameters = tuned.Parameters;
                bool once = data.Augmentation is null && tuned.Boundary > 0;
                part = once ? tuned.Network.From(tuned.Boundary) : tuned.Network;
                values = once ? Parameters.Of(part) : Parameters;
                groups = tuned.GroupsOf(part);
                RequireMemory(part, groups, new MemoryEstimate(), once);
                (training, validation) = once ? Features(tuned)
                    : (Loader = OwnLoader(data.Training, learning: true), data.Validation is null ? null! : OwnLoader(data.Validation, learning: false));
                if (Settings.LearningRate == 0)
                    Settings = Settings with { LearningRate = RateFor(tuned, training as FeatureBatches) };
            }
            Threads = settings.Threads == 0 ? Environment.ProcessorCount : settings.Threads;
            GradientScope learning = GradientScope.Learning(groups);
            if (settings.PartSize > 0)
                Layers = ChooseExchange(job, part, learning);
            Plan plan = Own(new Plan(part, values, PlanOptions(learning)));
            IOptimizer optimizer = Own<IOptimizer>(settings.Optimizer == "adamw"
                ? new AdamW(plan, groups) { WeightDecay = (float)settings.WeightDecay }
                : new Sgd(plan, groups) { Momentum = (float)settings.Momentum, WeightDecay = (float)settings.WeightDecay });
            if (settings.PartSize > 0)
                Exchange = Own(new GradientExchange(job.Group, plan, settings.BatchSize));
            Trainer = Own(new Trainer(plan, optimizer, training, validation, Options(), Exchange));
            checkpoint?.Restore(Trainer, Parameters);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The settings, with open ones filled in.</summary>
    public TrainSettings Settings { get; private set; }

    /// <summary>The parameters of the whole network.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>The trainer.</summary>
    public Trainer Trainer { get; }

    /// <summary>The loader of the images; null if features are computed in advance.</summary>
    public DataLoader? Loader { get; private set; }

    /// <summary>Number of compute threads.</summary>
    public int Threads { get; }

    /// <summary>Sums the gradients of parts; null if all are computed at once.</summary>
    public GradientExchange? Exchange { get; }

    /// <summary>How the gradients of fully connected layers are exchanged; empty if none are.</summary>
    public IReadOnlyList<LayerExchange> Layers { get; } = [];

    /// <summary>Estimated peak memory of the process, in bytes.</summary>
    public long PeakMemory { get; private set; }

    /// <summary>The significant parts of the memory to be allocated.</summary>
    public string MemoryShares { get; private set; } = "";

    /// <summary>Size of a checkpoint, in bytes: all parameters, and the optimizer's state of those that learn.</summary>
    public long CheckpointBytes => Parameters.Network.ParameterCount * sizeof(float) + _stateBytes;

    /// <summary>Number of images that the plan computes at once.</summary>
    private int ImagesAtOnce => Settings.PartSize > 0 ? Settings.PartSize
        : Settings.MicroBatch == 0 ? Settings.BatchSize : Math.Min(Settings.MicroBatch, Settings.BatchSize);

    /// <summary>The classes, in the order of the outputs.</summary>
    public ClassName[] ClassNames => [.. _data.Training.Classes.Select(name => new ClassName(name, name))];

    /// <summary>Frees everything in reverse order.</summary>
    public void Dispose()
    {
        for (int i = _owned.Count - 1; i >= 0; i--)
            _owned[i].Dispose();
    }

    private T Own<T>(T part)
        where T : IDisposable
    {
        _owned.Add(part);
        return part;
    }

    private Network CreateNetwork()
    {
        Preprocessing preprocessing = _data.Preprocessing;
        Network network;
        try
        {
            network = NetworkChoice.Build(
                NetworkChoice.Find(Settings.Network), _data.Training.Classes.Count, new Shape(preprocessing.CropHeight, preprocessing.CropWidth, preprocessing.Channels));
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            throw new UsageException(e.Message, e);
        }
        return Settings.Initial switch
        {
            "notebook" => Initialization.Notebook(network),
            "paper" => Initialization.Paper(network),
            "he" => Initialization.He(network),
            _ => network,
        };
    }

    private PlanOptions PlanOptions(GradientScope learning) => new()
    {
        BatchSize = ImagesAtOnce,
        Threads = Settings.Threads,
        Gradients = learning,
        Seed = Settings.Seed,
        FactorLayers = [.. Layers.Where(layer => layer.Factors).Select(layer => layer.Layer)],
    };

    /// <summary>Rejects a run that needs more memory than is available, before its first allocation.</summary>
    /// <param name="part">The network or part to train.</param>
    /// <param name="groups">Its parameter groups.</param>
    /// <param name="memory">The memory needed besides what is added here.</param>
    /// <param name="features">Whether the features of the frozen layers are computed in advance.</param>
    private void RequireMemory(Network part, IReadOnlyList<ParameterGroup> groups, MemoryEstimate memory, bool features)
    {
        GradientScope learning = GradientScope.Learning(groups);
        int state = Settings.Optimizer == "adamw" ? 2 : 1;
        memory.Plan(part, PlanOptions(learning)).Optimizer(part, learning, state);
        _stateBytes = state * sizeof(float) * learning.In(part).Sum(parameter => parameter.Length);
        if (Settings.PartSize > 0)
            memory.Exchange(part, learning);
        if (Settings.From is not null)
            memory.BestEpoch(part, learning, state);
        foreach ((IImageDataset? images, bool learns) in (ReadOnlySpan<(IImageDataset?, bool)>)[(_data.Training, true), (_data.Validation, false)])
            if (images is not null && features)
                memory.Features(part.InputShape, images.Count + Math.Min(Settings.BatchSize, images.Count));
            else if (images is not null)
                memory.Loader(
                    images.Count, part.InputShape, LoaderOptions(learns, learns || _shares is null ? Settings.BatchSize : Settings.PartSize),
                    learns ? Settings.Epochs : 1, _data.LargestPixels);
        memory.Require(FormattableString.Invariant($"training {part.Name} on {part.InputShape} in batches of {Settings.BatchSize}"), MemoryAdvice, _context, _data);
        PeakMemory = Math.Max(PeakMemory, memory.Peak());
        MemoryShares = memory.Shares();
    }

    private DataLoader OwnLoader(IImageDataset images, bool learning) =>
        Own(NewLoader(images, learning, learning || _shares is null ? Settings.BatchSize : Settings.PartSize));

    /// <summary>Chooses the exchange by the measured bandwidth and typical compute speeds; the choice of the first process applies to all.</summary>
    private IReadOnlyList<LayerExchange> ChooseExchange(ProcessJob job, Network network, GradientScope learning)
    {
        double[] speeds = [job.MeasureBandwidth(), Threads];
        job.Group.Broadcast(MemoryMarshal.AsBytes(speeds.AsSpan()));
        var model = new ExchangeModel(speeds[0], (int)speeds[1]);
        bool? always = Settings.Exchange switch { "dense" => false, "factors" => true, _ => null };
        return model.Choose(network, learning, Settings.BatchSize, Settings.PartSize, job.Group.Count, always);
    }

    private DataLoader NewLoader(IImageDataset images, bool learning, int batchSize) => new(images, _data.Preprocessing, LoaderOptions(learning, batchSize));

    private DataLoaderOptions LoaderOptions(bool learning, int batchSize) => new()
    {
        BatchSize = batchSize,
        Threads = Math.Max(1, Settings.Threads),
        Prefetch = Prefetch,
        Shuffle = learning,
        Augmentation = learning ? _data.Augmentation : null,
        Seed = Settings.Seed,
        Epochs = Settings.Epochs,
        Share = _shares is not var (rank, count) ? null
            : learning ? BatchShare.OfEachBatch(rank, count, Settings.BatchSize, Settings.PartSize)
            : BatchShare.OfBatches(rank, count),
    };

    /// <summary>Returns the features of training and validation images before the boundary, from the cache or computed once.</summary>
    private (IBatchSource Training, IBatchSource Validation) Features(StartingModel start)
    {
        Network front = start.Network.Until(start.Boundary);
        var options = new PlanOptions { BatchSize = Settings.BatchSize, Threads = Settings.Threads };
        MemoryEstimate memory = new MemoryEstimate().Plan(front, options)
            .Loader(_data.Training.Count, front.InputShape, LoaderOptions(learning: false, Settings.BatchSize), 1, _data.LargestPixels)
            .Features(front.OutputShape, _data.Training.Count + (_data.Validation?.Count ?? 0));
        memory.Require($"computing the features of all images with {front.Name}", MemoryAdvice, _context, _data);
        if (memory.Peak() is var peak && peak > PeakMemory)
            (PeakMemory, MemoryShares) = (peak, memory.Shares());
        using var plan = new Plan(front, Parameters, options);
        return (Of(_data.Training, "training", Settings.Seed), _data.Validation is null ? null! : Of(_data.Validation, "validation", null));

        FeatureBatches Of(IImageDataset images, string what, ulong? seed)
        {
            using DataLoader loader = NewLoader(images, learning: false, Settings.BatchSize);
            if (_job.Group.Count == 1)
                return Own(Find(images, what, seed, loader, out string place, out string ownKey) ?? Keep(Compute(images, what, seed, loader), images, seed, loader, place, ownKey));
            // Only the first process looks for cached features, and saves them in its run folder.
            string path = "", key = "";
            FeatureBatches? found = _job.IsFirst ? Find(images, what, seed, loader, out path, out key) : null;
            if (_job.Group.BroadcastMessage([(byte)(found is null ? 0 : 1)])[0] != 0)
            {
                if (found is not null)
                    Own(found);
                FeatureBatches shared = FeatureBatches.Broadcast(found, front.OutputShape, loader, _job.Group, Settings.BatchSize, seed);
                return found ?? Own(shared);
            }
            FeatureBatches computed = Compute(images, what, seed, loader);
            return Own(_job.IsFirst ? Keep(computed, images, seed, loader, path, key) : computed);
        }

        FeatureBatches Compute(IImageDataset images, string what, ulong? seed, DataLoader loader)
        {
            bool shared = _job.Group.Count > 1;
            try
            {
                return FeatureBatches.Compute(
                    plan, loader, Settings.BatchSize, seed, done => Show(what, done, images), shared ? _job.Group : null, _context.Cancellation);
            }
            catch (OperationCanceledException) when (shared)
            {
                _job.StopsTogether = true;
                throw;
            }
        }

        void Show(string what, int done, IImageDataset images) => _context.Progress.Show($"features of {what} images", done, images.Count);

        FeatureBatches? Find(IImageDataset images, string what, ulong? seed, DataLoader loader, out string path, out string key)
        {
            key = start.FeatureKey(_data.Preprocessing, images);
            string name = $"{key[..32]}.features";
            path = Path.Combine(_run, "features", name);
            foreach (string folder in Directory.EnumerateDirectories(Path.GetDirectoryName(Path.GetFullPath(_run))!).Prepend(_run))
                if (FeatureBatches.Open(Path.Combine(folder, "features", name), key, front.OutputShape, loader, Settings.BatchSize, seed) is { } found)
                {
                    _context.Note(FormattableString.Invariant($"features of {images.Count} {what} images found in {folder}"));
                    return found;
                }
            return null;
        }

        FeatureBatches Keep(FeatureBatches features, IImageDataset images, ulong? seed, DataLoader loader, string path, string key)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            features.Save(path, key);
            if (front.OutputShape.Length * images.Count * sizeof(float) <= Settings.CacheMegabytes << 20)
                return features;
            features.Dispose();
            return FeatureBatches.Open(path, key, front.OutputShape, loader, Settings.BatchSize, seed)
                ?? throw new IOException($"{path}: the file just written cannot be read back");
        }
    }

    /// <summary>
    /// Chooses the learning rate if none is given: <see cref="Sgd.RateOfHead"/> for the last layer alone; otherwise, the standard rate.
    /// </summary>
    private double RateFor(StartingModel start, FeatureBatches? features)
    {
        double rate = Settings.Optimizer == "adamw" ? (start.HeadOnly ? 1e-3 : 1e-4)
            : start.HeadOnly && features is not null ? Sgd.RateOfHead(features.MeanSquaredNorm(), Settings.Momentum)
            : 1e-3;
        _context.Note(string.Create(CultureInfo.InvariantCulture, $"learning rate {rate:g3} (--learning-rate)"));
        return rate;
    }

    private TrainerOptions Options() => new()
    {
        Epochs = Settings.Epochs,
        ValidationEpochs = Settings.ValidationEpochs,
        Schedule = Settings.CreateSchedule(),
        Patience = Settings.StopPatience,
        ClipNorm = Settings.ClipNorm,
        LabelSmoothing = Settings.LabelSmoothing,
        ClassWeights = ClassWeights(),
    };

    private IReadOnlyList<float>? ClassWeights()
    {
        IImageDataset images = _data.Training;
        var counts = new int[images.Classes.Count];
        for (int i = 0; i < images.Count; i++)
            counts[images.Label(i)]++;
        if (Settings.ClassWeights == "none" || counts.Min() == 0 || (Settings.ClassWeights == "auto" && counts.Max() <= Unequal * counts.Min()))
            return null;
        _context.Note(FormattableString.Invariant($"classes have {counts.Min()} to {counts.Max()} images: weighted so that each class counts equally (turn off with --class-weights none)"));
        return TrainerOptions.EqualClassWeights(counts);
    }
}

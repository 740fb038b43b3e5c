using System.Globalization;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Runs;

/// <summary>What a training computes with: parameters, plan, optimizer, batches and trainer, from nothing or from a model.</summary>
internal sealed class TrainingWork : IDisposable
{
    private const int Prefetch = 3;

    /// <summary>Classes whose numbers of images differ by more than this factor get weights, unless the command line says otherwise.</summary>
    private const double Unequal = 1.5;

    private readonly List<IDisposable> _owned = [];
    private readonly TrainData _data;
    private readonly string _run;
    private readonly CommandContext _context;
    private readonly (int Rank, int Count)? _shares;

    /// <summary>Puts everything together; continues from the checkpoint where there is one.</summary>
    /// <param name="settings">The settings of the run.</param>
    /// <param name="run">The run folder.</param>
    /// <param name="data">The images.</param>
    /// <param name="checkpoint">Where the run stood; null for a new one.</param>
    /// <param name="model">What fine-tuning starts from; null from nothing, and where the run continues.</param>
    /// <param name="context">For progress, tables and cancellation.</param>
    /// <param name="job">The processes that train together.</param>
    /// <param name="network">The network of a run that continues, where another process has its checkpoint; null otherwise.</param>
    public TrainingWork(
        TrainSettings settings, string run, TrainData data, Checkpoint? checkpoint, Model? model, CommandContext context, ProcessJob job, Network? network = null)
    {
        (Settings, _run, _data, _context) = (settings, run, data, context);
        _shares = settings.PartSize == 0 ? null : (job.Group.Rank, job.Group.Count);
        try
        {
            Network part;
            ParameterSet values;
            IReadOnlyList<ParameterGroup> groups;
            IBatchSource training, validation;
            if (settings.From is null)
            {
                part = network ?? checkpoint?.Network ?? CreateNetwork();
                Parameters = values = Own(ParameterSet.Initialize(part, settings.Seed));
                groups = TrainingRecipe.For(settings.Network).Groups;
                (training, validation) = (Loader = OwnLoader(data.Training, learning: true), data.Validation is null ? null! : OwnLoader(data.Validation, learning: false));
            }
            else
            {
                using Model? continued = checkpoint is null ? null : ModelFile.Load(checkpoint.Path);
                var start = Own(new StartingModel(
                    settings, continued ?? model!, data.Training.Classes, data.Training.Count, data.Augmentation is not null, continued is not null));
                if (continued is null)
                    start.Print(context, settings.From);
                Settings = Settings with { Freeze = start.Freeze, NewHead = start.HasNewHead };
                Parameters = start.Parameters;
                bool once = data.Augmentation is null && start.Boundary > 0;
                part = once ? start.Network.From(start.Boundary) : start.Network;
                values = once ? Parameters.Of(part) : Parameters;
                groups = start.GroupsOf(part);
                (training, validation) = once ? Features(start)
                    : (Loader = OwnLoader(data.Training, learning: true), data.Validation is null ? null! : OwnLoader(data.Validation, learning: false));
                if (Settings.LearningRate == 0)
                    Settings = Settings with { LearningRate = RateFor(start, training as FeatureBatches) };
            }
            Threads = settings.Threads == 0 ? Environment.ProcessorCount : settings.Threads;
            GradientScope learning = GradientScope.Learning(groups);
            if (settings.PartSize > 0)
                Layers = ChooseExchange(job, part, learning);
            Plan plan = Own(new Plan(part, values, new PlanOptions
            {
                BatchSize = ImagesAtOnce,
                Threads = settings.Threads,
                Gradients = learning,
                FactorLayers = [.. Layers.Where(layer => layer.Factors).Select(layer => layer.Layer)],
                Seed = settings.Seed,
            }));
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

    /// <summary>The settings, with what was found for those that were open.</summary>
    public TrainSettings Settings { get; private set; }

    /// <summary>The parameters of the whole network.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>What trains.</summary>
    public Trainer Trainer { get; }

    /// <summary>Where images come from during the training; null where their features were computed before it.</summary>
    public DataLoader? Loader { get; private set; }

    /// <summary>Threads that compute.</summary>
    public int Threads { get; }

    /// <summary>What adds the gradients of parts; null where all are computed at once.</summary>
    public GradientExchange? Exchange { get; }

    /// <summary>How the gradients of fully connected layers travel; empty where none do.</summary>
    public IReadOnlyList<LayerExchange> Layers { get; } = [];

    /// <summary>Images that the plan takes.</summary>
    private int ImagesAtOnce => Settings.PartSize > 0 ? Settings.PartSize
        : Settings.MicroBatch == 0 ? Settings.BatchSize : Math.Min(Settings.MicroBatch, Settings.BatchSize);

    /// <summary>The classes in the order of the outputs.</summary>
    public ClassName[] ClassNames => [.. _data.Training.Classes.Select(name => new ClassName(name, name))];

    /// <summary>Frees everything, the last first.</summary>
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

    private DataLoader OwnLoader(IImageDataset images, bool learning) =>
        Own(NewLoader(images, learning, learning || _shares is null ? Settings.BatchSize : Settings.PartSize));

    /// <summary>The bandwidth is measured, the rest is usual; the first process decides for all.</summary>
    private IReadOnlyList<LayerExchange> ChooseExchange(ProcessJob job, Network network, GradientScope learning)
    {
        var model = new ExchangeModel(job.MeasureBandwidth(), Threads * ExchangeModel.RateOfThread, ExchangeModel.UsualMemory);
        bool? always = Settings.Exchange switch { "dense" => false, "factors" => true, _ => null };
        IReadOnlyList<LayerExchange> layers = model.Choose(network, learning, Settings.BatchSize, Settings.PartSize, job.Group.Count, always);
        byte[] chosen = job.Group.BroadcastMessage([.. layers.Select(layer => (byte)(layer.Factors ? 1 : 0))]);
        return [.. layers.Select((layer, i) => layer with { Factors = chosen[i] != 0 })];
    }

    private DataLoader NewLoader(IImageDataset images, bool learning, int batchSize) => new(images, _data.Preprocessing, new DataLoaderOptions
    {
        BatchSize = batchSize,
        Threads = Math.Max(1, Settings.Threads),
        Prefetch = Prefetch,
        Shuffle = learning,
        Augmentation = learning ? _data.Augmentation : null,
        Seed = Settings.Seed,
        Epochs = Settings.Epochs,
        Share = learning && _shares is var (rank, count) ? ShareOf(rank, count) : null,
        Turn = !learning && _shares is var (first, every) ? new BatchTurn(first, every) : null,
    });

    /// <summary>The images of each batch that a process computes.</summary>
    private BatchShare ShareOf(int rank, int count) => BatchShare.Of(rank, count, Settings.BatchSize, Settings.PartSize);

    /// <summary>The features of training and validation images in front of the boundary: found, or computed once.</summary>
    private (IBatchSource Training, IBatchSource Validation) Features(StartingModel start)
    {
        Network front = start.Network.Until(start.Boundary);
        using var plan = new Plan(front, Parameters, new PlanOptions { BatchSize = Settings.BatchSize, Threads = Settings.Threads });
        return (Of(_data.Training, "training", Settings.Seed), _data.Validation is null ? null! : Of(_data.Validation, "validation", null));

        FeatureBatches Of(IImageDataset images, string what, ulong? seed)
        {
            using DataLoader loader = NewLoader(images, learning: false, Settings.BatchSize);
            string key = start.FeatureKey(_data.Preprocessing, images), name = $"{key[..32]}.features";
            foreach (string folder in Directory.EnumerateDirectories(Path.GetDirectoryName(Path.GetFullPath(_run))!).Prepend(_run))
                if (FeatureBatches.Open(Path.Combine(folder, "features", name), key, front.OutputShape, loader, Settings.BatchSize, seed) is { } found)
                {
                    _context.Note(FormattableString.Invariant($"features of {images.Count} {what} images found in {folder}"));
                    return Own(found);
                }
            FeatureBatches features = FeatureBatches.Compute(
                plan, loader, Settings.BatchSize, seed, done => _context.Progress.Show($"features of {what} images", done, images.Count), _context.Cancellation);
            string path = Path.Combine(_run, "features", name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            features.Save(path, key);
            if (FeatureBatches.BytesOf(front.OutputShape, images.Count) <= Settings.CacheMegabytes << 20)
                return Own(features);
            features.Dispose();
            return Own(FeatureBatches.Open(path, key, front.OutputShape, loader, Settings.BatchSize, seed)
                ?? throw new IOException($"{path}: the file just written cannot be read back"));
        }
    }

    /// <summary>
    /// The learning rate where none is given: <see cref="Sgd.RateOfHead"/> for the last layer alone; AdamW and deeper training have the usual rates.
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
        _context.Note(FormattableString.Invariant($"classes have {counts.Min()} to {counts.Max()} images: weighted so that each counts the same (turn off with --class-weights none)"));
        return TrainerOptions.EqualClassWeights(counts);
    }
}

using System.Diagnostics;
using System.Numerics.Tensors;
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Studio.Api;
using AlexNetSharp.Training;

namespace AlexNetSharp.Studio.Teaching;

/// <summary>
/// Training of a last layer on the features of the layers before it: what <c>alexnet train --from</c> does with all but the last layer
/// frozen. The same images in the same order give bitwise identical results.
/// </summary>
internal sealed class HeadTraining : IDisposable
{
    private const int LargestBatch = 32, Seed = 1, HeldOutOf = 5, Mistakes = 8;
    private const float Momentum = 0.9f, WeightDecay = 5e-4f;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(120);

    private readonly Model _model;
    private readonly Network _network;
    private readonly int _epochs, _threads;
    private readonly IBatchSource _training;
    private readonly IBatchSource? _validation;
    private readonly IBatchSource _asked;
    private readonly int[] _shown;
    private readonly double _rate;
    private readonly IReadOnlyList<float> _classWeights;
    private readonly ParameterSet _values;
    private Plan? _single;
    private int _epochsDone;

    /// <summary>Prepares training; nothing is learned yet.</summary>
    /// <exception cref="InvalidOperationException">The network's last layer cannot be replaced.</exception>
    public HeadTraining(Model model, IReadOnlyList<TaughtImage> images, IReadOnlyList<TaughtClass> classes, int epochs, int threads)
    {
        (_model, _epochs, _threads) = (model, epochs, threads);
        Classes = [.. classes.Select(c => new ClassName(c.Name, c.Name))];
        _network = model.Network.WithHead(classes.Count);
        Network part = Head;
        FeatureLength = (int)part.InputShape.Length;
        // Every fifth image of a class is held out for validation.
        var learned = new List<(TaughtImage Image, int Label)>();
        var heldOut = new List<(TaughtImage Image, int Label)>();
        for (int label = 0; label < classes.Count; label++)
        {
            int seen = 0;
            foreach (TaughtImage image in images.Where(image => image.Class == classes[label].Number))
                (++seen % HeldOutOf == 0 ? heldOut : learned).Add((image, label));
        }
        _training = BatchesOf(learned, part, Seed);
        _validation = heldOut.Count > 0 ? BatchesOf(heldOut, part, null) : null;
        _asked = _validation ?? BatchesOf(learned, part, null);
        _shown = [.. (heldOut.Count > 0 ? heldOut : learned).Select(item => item.Image.Id)];
        _rate = Sgd.RateOfHead(learned.Average(item => TensorPrimitives.SumOfSquares<float>(item.Image.Features)), Momentum);
        _classWeights = TrainerOptions.EqualClassWeights([.. Enumerable.Range(0, classes.Count).Select(label => learned.Count(item => item.Label == label))]);
        _values = ParameterSet.Initialize(part, Seed);
    }

    /// <summary>The classes, in the order of the outputs.</summary>
    public IReadOnlyList<ClassName> Classes { get; }

    /// <summary>Number of features of an image.</summary>
    public int FeatureLength { get; }

    private Network Head => _network.From(_network.HeadIndex);

    /// <summary>Returns the name of the layer whose output a new last layer is trained on.</summary>
    /// <exception cref="InvalidOperationException">The network's last layer cannot be replaced, or is its only one.</exception>
    public static string LayerBefore(Network network) => network.HeadIndex > 0 ? network.Layers[network.HeadIndex - 1].Name
        : throw new InvalidOperationException($"network '{network.Name}' has no layer before the classes");

    /// <summary>Runs the training.</summary>
    /// <param name="report">Receives the state of the training, several times a second.</param>
    /// <param name="stopping">Stops training after the current epoch.</param>
    /// <exception cref="OperationCanceledException">Training was stopped before the first epoch completed.</exception>
    public void Run(Action<TeachState> report, CancellationToken stopping) => Train(_values, null, _epochs, report, stopping);

    /// <summary>Returns the class probabilities for the features of an image. Not thread-safe.</summary>
    public float[] Classify(ReadOnlySpan<float> features)
    {
        _single ??= new Plan(Head, _values, new PlanOptions { Threads = 1 });
        features.CopyTo(_single.Input);
        _single.Forward();
        var probabilities = new float[Classes.Count];
        TensorPrimitives.SoftMax(_single.Output, probabilities);
        return probabilities;
    }

    /// <summary>Saves the complete model as .safetensors or .onnx.</summary>
    public void Save(string path)
    {
        using ParameterSet whole = Whole(_values);
        using var model = new Model(whole, _model.Preprocessing, Classes);
        ModelFile.Save(path, model);
    }

    /// <summary>Repeats the training, with bitwise identical results, as a run with checkpoints and tables.</summary>
    /// <param name="path">A folder that does not exist yet.</param>
    public void SaveRun(string path)
    {
        Network part = Head;
        using ParameterSet first = ParameterSet.Initialize(part, Seed), whole = Whole(first);
        using var folder = new RunFolder(path) { CheckpointInterval = TimeSpan.FromSeconds(10) };
        Train(whole.Of(part), (folder, whole), _epochsDone, _ => { }, CancellationToken.None);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _single?.Dispose();
        _values.Dispose();
    }

    private static MemoryBatches BatchesOf(List<(TaughtImage Image, int Label)> items, Network part, ulong? seed)
    {
        int length = (int)part.InputShape.Length;
        var features = new float[items.Count * length];
        for (int i = 0; i < items.Count; i++)
            items[i].Image.Features.CopyTo(features, i * length);
        return new MemoryBatches(part.InputShape, features, items.Select(item => item.Label).ToArray(), Math.Min(LargestBatch, items.Count), seed);
    }

    /// <summary>All parameters: the model's, and those of the given last layer.</summary>
    private ParameterSet Whole(ParameterSet head)
    {
        var whole = new ParameterSet(_network);
        whole.CopyMatching(_model.Parameters, except: [.. head.Parameters.Select(parameter => parameter.Name)]);
        whole.Of(Head).CopyMatching(head);
        return whole;
    }

    private void Train(ParameterSet values, (RunFolder Folder, ParameterSet Whole)? run, int until, Action<TeachState> report, CancellationToken stopping)
    {
        using var plan = new Plan(values.Network, values, new PlanOptions { BatchSize = _training.BatchSize, Gradients = GradientScope.All, Threads = _threads, Seed = Seed });
        using var optimizer = new Sgd(plan) { Momentum = Momentum, WeightDecay = WeightDecay };
        using var trainer = new Trainer(plan, optimizer, _training, _validation, new TrainerOptions
        {
            Epochs = _epochs,
            Schedule = LearningRateSchedule.Cosine(_rate, _epochs),
            ClassWeights = _classWeights,
        });
        run?.Folder.Attach(trainer, _model.Preprocessing, Classes, run.Value.Whole);
        using var end = new CancellationTokenSource();
        var state = new TeachState("training") { Epochs = _epochs, Classes = [.. Classes.Select(c => c.Name)], HeldOut = _validation?.Count ?? 0, Learned = _training.Count };
        long begun = Stopwatch.GetTimestamp(), told = begun;
        trainer.EpochDone += epoch =>
        {
            _epochsDone = epoch.Epoch;
            if (stopping.IsCancellationRequested || epoch.Epoch >= until)
                end.Cancel();
            if (run is not null || (!trainer.IsDone && !end.IsCancellationRequested && epoch.Epoch > 1 && Stopwatch.GetElapsedTime(told) < s_pause))
                return;
            told = Stopwatch.GetTimestamp();
            state = state with { Epoch = epoch.Epoch, Seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds, History = [.. trainer.History.Select(Point)] };
            report(Asked(state, plan));
        };
        try
        {
            trainer.Run(end.Token);
        }
        catch (OperationCanceledException) when (_epochsDone > 0)
        {
            // Stopped by the user after an epoch; a saved run keeps its state as the last checkpoint.
            run?.Folder.SaveLast(trainer);
        }
    }

    /// <summary>Adds the confusion matrix and the mistakes to a state.</summary>
    private TeachState Asked(TeachState state, Plan plan)
    {
        Evaluation evaluation = Evaluation.Run(plan, _asked, [.. Classes.Select(c => c.Name)], mistakes: Mistakes);
        int n = Classes.Count;
        return state with
        {
            Confusion = [.. Enumerable.Range(0, n * n).Select(i => evaluation.Confusion[i / n, i % n])],
            Mistakes = [.. evaluation.Mistakes.Select(mistake => new TeachMistake(_shown[mistake.Index], mistake.Label, mistake.Predicted, mistake.Probability))],
        };
    }

    private static TeachPoint Point(EpochMetrics epoch) =>
        new(epoch.Epoch, epoch.Training.Loss, epoch.Training.Top1, epoch.Validation?.Loss, epoch.Validation?.Top1);
}

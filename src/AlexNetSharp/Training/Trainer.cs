using System.Diagnostics;
using System.Globalization;
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Elementwise;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Simd;
using AlexNetSharp.Tensors;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Training;

/// <summary>Trains a network with softmax cross-entropy: epochs of steps, with validation after epochs.</summary>
/// <remarks>
/// <para>
/// <see cref="Run(CancellationToken)"/> can be canceled after any step and called again; together with <see cref="Checkpoint"/> it continues in
/// another process with bit-identical results. A step allocates no managed memory.
/// </para>
/// <para>
/// A step: an executor computes the gradients, in parts where the batch is larger than the executor's; an exchange may add them to those
/// of other processes; they are clipped; the optimizer updates the parameters. Executor, optimizer and parameters belong to the
/// caller. A trainer is not thread-safe.
/// </para>
/// </remarks>
public sealed unsafe partial class Trainer : IDisposable
{
    private readonly IExecutor _executor;
    private readonly ParameterSet _gradients;
    private readonly IGradientExchange? _exchange;
    private readonly Action<Parameter>? _gradientReady;
    private readonly WorkerPool _pool;
    private readonly bool _ownsPool;
    private readonly SumOfSquares _squares = KernelSet.Best.SumOfSquares();
    private readonly IBatchSource _training;
    private readonly IBatchSource? _validation;
    private readonly SoftmaxCrossEntropy _loss;
    private readonly List<EpochMetrics> _history = [];
    private double[] _losses = [];
    private readonly Tally[] _tallies;
    private bool _stop;
    private long _timestamp;

    /// <summary>Creates a trainer.</summary>
    /// <param name="executor">
    /// Computes gradients and evaluates. The outputs of its network are logits, without ReLU or softmax at the end. If its batch size is
    /// smaller than that of the training images, batches are computed in parts whose gradients are accumulated: less memory, the same result
    /// up to rounding (dropout masks differ).
    /// </param>
    /// <param name="optimizer">Updates the executor's parameters.</param>
    /// <param name="training">The training images.</param>
    /// <param name="validation">The validation images, or null.</param>
    /// <param name="options">The options.</param>
    /// <param name="exchange">
    /// What adds the gradients of the parts of a batch, which other processes may compute; null: this process computes all, each part's added to
    /// those before as backward computes them.
    /// </param>
    /// <exception cref="ArgumentException">
    /// Images and network do not fit, an option is out of range, the executor computes no gradients, or the optimizer updates other parameters.
    /// </exception>
    public Trainer(
        IExecutor executor, IOptimizer optimizer, IBatchSource training, IBatchSource? validation, TrainerOptions options,
        GradientExchange? exchange = null)
        : this(executor, optimizer, training, validation, options, (IGradientExchange?)exchange)
    {
    }

    /// <summary>Puts a training together with any exchange.</summary>
    internal Trainer(
        IExecutor executor, IOptimizer optimizer, IBatchSource training, IBatchSource? validation, TrainerOptions options, IGradientExchange? exchange)
    {
        ArgumentNullException.ThrowIfNull(executor);
        ArgumentNullException.ThrowIfNull(optimizer);
        ArgumentNullException.ThrowIfNull(training);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Network network = executor.Network;
        ForwardPass.CheckShape(network, training);
        if (validation is not null)
            ForwardPass.CheckShape(network, validation);
        if (network.Layers[^1] is ReLU { Name: var name })
            throw new ArgumentException($"network '{network.Name}' ends in the ReLU '{name}', which would cut off the logits; train it without");
        _gradients = executor.Gradients ?? throw new ArgumentException("the executor computes no gradients; set ExecutorOptions.Gradients", nameof(executor));
        if (optimizer.Parameters != executor.Parameters)
            throw new ArgumentException("the optimizer updates other parameters than those of the executor", nameof(optimizer));
        Options = options;
        Optimizer = optimizer;
        _executor = executor;
        _exchange = exchange;
        _gradientReady = exchange is null ? null : exchange.Ready;
        _tallies = new Tally[exchange is null ? 0 : exchange.EndPart - exchange.FirstPart];
        _training = training;
        _validation = validation;
        _ownsPool = executor.Pool is null;
        _pool = executor.Pool ?? new WorkerPool(Environment.ProcessorCount);
        _loss = new SoftmaxCrossEntropy(_pool, executor.BatchSize, network.OutputShape.Channels, (float)options.LabelSmoothing, options.ClassWeights);
    }

    /// <summary>Called after each step, on the training thread.</summary>
    public event Action<StepMetrics>? StepDone;

    /// <summary>Called after each epoch with its validation, on the training thread.</summary>
    public event Action<EpochMetrics>? EpochDone;

    /// <summary>The options.</summary>
    public TrainerOptions Options { get; }

    /// <summary>The network.</summary>
    public Network Network => _executor.Network;

    /// <summary>The values that are trained.</summary>
    internal ParameterSet Parameters => _executor.Parameters;

    /// <summary>The optimizer with its state.</summary>
    internal IOptimizer Optimizer { get; }

    /// <summary>What computes.</summary>
    internal IExecutor Executor => _executor;

    /// <summary>Steps per epoch.</summary>
    public int StepsPerEpoch => (_training.Count + _training.BatchSize - 1) / _training.BatchSize;

    /// <summary>Where the training stands. Set it, with the parameters and the optimizer's state, to continue another one.</summary>
    /// <exception cref="ArgumentException">The state belongs to a training with other epochs, or contradicts itself.</exception>
    internal TrainingState State
    {
        get => new()
        {
            Epoch = _history.Count,
            StepInEpoch = StepInEpoch,
            Step = Step,
            FirstLoss = FirstLoss,
            Running = Running,
            RunningSeconds = RunningSeconds,
            History = [.. _history],
        };
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            if (Refusal(value) is { } refusal)
                throw new ArgumentException(refusal);
            (StepInEpoch, Step, FirstLoss, Running, RunningSeconds) =
                (value.StepInEpoch, value.Step, value.FirstLoss, value.Running, value.RunningSeconds);
            _history.Clear();
            _history.AddRange(value.History);
            _losses = [.. _history.Where(IsDecisive).Select(e => e.DecisiveLoss)];
        }
    }

    /// <summary>The results of the finished epochs, in order.</summary>
    public IReadOnlyList<EpochMetrics> History => _history;

    /// <summary>Steps done in the unfinished epoch.</summary>
    public int StepInEpoch { get; private set; }

    /// <summary>Steps done in all epochs.</summary>
    internal long Step { get; private set; }

    /// <summary>What the training learns from, as checkpoints keep it.</summary>
    internal CheckpointImages Images => new(_training.Count, _training.BatchSize, _executor.BatchSize, _training.Fingerprint);

    /// <summary>Why a state cannot be that of this training; null if it can.</summary>
    internal string? Refusal(TrainingState state) => state.Contradiction
        ?? (state.StepInEpoch <= StepsPerEpoch && state.Step == (long)state.Epoch * StepsPerEpoch + state.StepInEpoch ? null : FormattableString.Invariant(
            $"the state stands at step {state.StepInEpoch} after {state.Epoch} epochs and at step {state.Step} in all, but an epoch has {StepsPerEpoch} steps here; use the same images and batch size as before"));

    /// <summary>Whether an epoch's results count for schedules and for the best checkpoint: it was validated, or no epoch is.</summary>
    internal bool IsDecisive(EpochMetrics epoch) => _validation is null || epoch.Validation is not null;

    private double FirstLoss { get; set; } = double.NaN;

    private Tally Running { get; set; }

    private double RunningSeconds { get; set; }

    /// <summary>Whether all epochs are done, or <see cref="TrainerOptions.Patience"/> is exhausted.</summary>
    public bool IsDone => _history.Count >= Options.Epochs || (Options.Patience > 0 && _losses.Length > Options.Patience
        && _losses[..^Options.Patience].Min() <= _losses[^Options.Patience..].Min());

    /// <summary>Trains until all epochs are done, or until <see cref="TrainerOptions.Patience"/> is exhausted.</summary>
    /// <param name="cancellationToken">Stops after the current step.</param>
    /// <exception cref="OperationCanceledException">The token was canceled; <see cref="State"/> is that after the last step.</exception>
    /// <exception cref="TrainingDivergedException">The loss is NaN or grew without bound.</exception>
    /// <exception cref="InvalidDataException">An image cannot be read or used; the message begins with its name.</exception>
    /// <exception cref="IOException">What a handler of <see cref="EpochDone"/> writes (<see cref="RunFolder"/>) cannot be written.</exception>
    /// <exception cref="OutOfMemoryException">The source's batches need more memory than the system has.</exception>
    public void Run(CancellationToken cancellationToken = default)
    {
        while (!IsDone)
        {
            _timestamp = Stopwatch.GetTimestamp();
            // Where several processes train, they stop after the same step.
            foreach (Batch batch in _training.Read(_history.Count, StepInEpoch, _exchange is null ? cancellationToken : CancellationToken.None))
            {
                _stop = cancellationToken.IsCancellationRequested;
                TrainStep(batch);
                ThrowIfStopped(cancellationToken);
            }
            if (_exchange is null)
                cancellationToken.ThrowIfCancellationRequested();
            if (StepInEpoch != StepsPerEpoch)
                throw new InvalidOperationException(FormattableString.Invariant(
                    $"the training images ended after {StepInEpoch} of {StepsPerEpoch} batches"));
            FinishEpoch(cancellationToken);
        }
    }

    /// <summary>Trains and reports progress, after the handlers of <see cref="StepDone"/> and <see cref="EpochDone"/>.</summary>
    /// <param name="steps">Receives the metrics of each step; null for nobody.</param>
    /// <param name="epochs">Receives the metrics of each epoch with its validation; null for nobody.</param>
    /// <param name="cancellationToken">Stops after the current step.</param>
    /// <inheritdoc cref="Run(CancellationToken)"/>
    public void Run(IProgress<StepMetrics>? steps, IProgress<EpochMetrics>? epochs, CancellationToken cancellationToken = default)
    {
        Action<StepMetrics>? stepDone = steps is null ? null : steps.Report;
        Action<EpochMetrics>? epochDone = epochs is null ? null : epochs.Report;
        (StepDone, EpochDone) = (StepDone + stepDone, EpochDone + epochDone);
        try
        {
            Run(cancellationToken);
        }
        finally
        {
            (StepDone, EpochDone) = (StepDone - stepDone, EpochDone - epochDone);
        }
    }

    /// <summary>Loss and hits of <paramref name="source"/> with the current parameters, without dropout.</summary>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    /// <exception cref="InvalidDataException">An image cannot be read or used; the message begins with its name.</exception>
    /// <exception cref="OutOfMemoryException">The source's batches need more memory than the system has.</exception>
    internal Tally Evaluate(IBatchSource source, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ForwardPass.CheckShape(Network, source);
        return _exchange is null ? Evaluation.Measure(_executor, source, views: 1, cancellationToken)
            : SharedEvaluation.Measure(_executor, source, _exchange.Processes, cancellationToken);
    }

    /// <summary>Stops the trainer's own threads; executor, optimizer and parameters stay.</summary>
    public void Dispose()
    {
        if (_ownsPool)
            _pool.Dispose();
    }

    /// <summary>One update from one batch.</summary>
    private void TrainStep(Batch batch)
    {
        // Whoever disposes of a part of the training meanwhile, on another thread, lets the step end.
        using AlignedBuffer.Lease executor = _executor.Hold(), gradients = _gradients.Hold(), images = batch.Hold();
        int parts = (_training.BatchSize + _executor.BatchSize - 1) / _executor.BatchSize;
        Tally tally = _exchange is null ? ComputeAll(batch, parts) : ComputeShare(batch, parts, _exchange);
        double rate = Options.Schedule.Rate(Step, _history.Count + (double)StepInEpoch / StepsPerEpoch, _losses);
        CheckLoss(tally.Loss, rate);
        _exchange?.Complete(_gradients);
        Update(rate);
        Step++;
        StepInEpoch++;
        Running = Running.Plus(tally);
        RunningSeconds += Lap();
        StepDone?.Invoke(new(_history.Count + 1, StepInEpoch, StepsPerEpoch, Step, rate, tally, Running));
    }

    /// <summary>The gradients of a batch, parts added one after the other.</summary>
    private Tally ComputeAll(Batch batch, int parts)
    {
        Tally tally = default;
        for (int first = 0, part = 0; first < batch.Count; first += _executor.BatchSize, part++)
        {
            ReadOnlySpan<int> labels = Load(batch, first);
            _executor.Forward(training: true, (ulong)(Step * parts + part));
            tally = tally.Plus(Measure(labels, scale: (float)labels.Length / batch.Count));
            _executor.Backward(accumulate: part > 0);
        }
        return tally;
    }

    /// <summary>The gradients of this process's parts of a batch; the exchange gets each, and adds them.</summary>
    private Tally ComputeShare(Batch batch, int parts, IGradientExchange exchange)
    {
        int size = _executor.BatchSize, whole = Math.Min(_training.BatchSize, _training.Count - StepInEpoch * _training.BatchSize);
        int used = (whole + size - 1) / size, end = Math.Min(exchange.EndPart, used), done = 0;
        exchange.Begin(used);
        for (int part = exchange.FirstPart; part < end; part++)
        {
            // A source may have read the whole batch, or this process's images alone.
            ReadOnlySpan<int> labels = Load(batch, part * size - batch.First);
            _executor.Input[(labels.Length * (int)Network.InputShape.Length)..].Clear();
            _executor.Forward(training: true, (ulong)(Step * parts + part));
            _tallies[done++] = Measure(labels, scale: (float)labels.Length / whole);
            exchange.BeginPart(part);
            _executor.Backward(accumulate: false, _gradientReady);
        }
        return exchange.Agree(_tallies.AsSpan(0, done), ref _stop);
    }

    private void ThrowIfStopped(CancellationToken cancellationToken)
    {
        if (_exchange is null)
            cancellationToken.ThrowIfCancellationRequested();
        else if (_stop)
            throw new OperationCanceledException(cancellationToken);
    }

    private void Update(double rate)
    {
        float scale = 1;
        if (Options.ClipNorm > 0)
        {
            double norm = Norm(_gradients);
            if (!double.IsFinite(norm))
                throw Diverged("the gradients are not finite", rate);
            if (norm > Options.ClipNorm)
                scale = (float)(Options.ClipNorm / norm);
        }
        Optimizer.Step(_gradients, (float)rate, scale);
    }

    /// <summary>The Euclidean norm of all values together.</summary>
    private double Norm(ParameterSet values)
    {
        double squares = 0;
        using AlignedBuffer.Lease lease = values.Hold();
        for (int i = 0; i < values.Parameters.Count; i++)
            squares += _squares.Run(_pool, values.Parameters[i].Pointer, values.Parameters[i].StorageLength);
        return Math.Sqrt(squares);
    }

    private double LastRate() =>
        Options.Schedule.Rate(Math.Max(Step - 1, 0), _history.Count + Math.Max(StepInEpoch - 1.0, 0) / StepsPerEpoch, _losses);

    private void FinishEpoch(CancellationToken cancellationToken)
    {
        int epoch = _history.Count + 1;
        double rate = LastRate();
        RequireFiniteWeights();
        Tally? validation = null;
        if (_validation is not null && (epoch % Options.ValidationEpochs == 0 || epoch == Options.Epochs))
        {
            validation = Evaluate(_validation, cancellationToken);
            if (!double.IsFinite(validation.Value.Loss))
                throw Diverged(string.Create(CultureInfo.InvariantCulture, $"the validation loss is {validation.Value.Loss}"), rate);
        }
        double trainingSeconds = RunningSeconds;
        RunningSeconds += Lap();
        var metrics = new EpochMetrics(epoch, Step, rate, Running, validation, RunningSeconds, Running.Count / trainingSeconds);
        _history.Add(metrics);
        if (IsDecisive(metrics))
            _losses = [.. _losses, metrics.DecisiveLoss];
        (StepInEpoch, Running, RunningSeconds) = (0, default, 0);
        EpochDone?.Invoke(metrics);
    }

    /// <summary>Copies a part of a batch into the executor; the rest of its batch keeps old images, whose gradient is set to 0.</summary>
    private ReadOnlySpan<int> Load(Batch batch, int first)
    {
        int count = Math.Min(batch.Count - first, _executor.BatchSize);
        int length = (int)Network.InputShape.Length;
        batch.Input.Slice(first * length, count * length).CopyTo(_executor.Input);
        return batch.Labels.Slice(first, count);
    }

    /// <summary>Smoothed loss and hits of the images in the executor, and the gradient of scale times their mean loss.</summary>
    private Tally Measure(ReadOnlySpan<int> labels, float scale)
    {
        ReadOnlySpan<float> logits = _executor.Output[..(labels.Length * Network.OutputShape.Channels)];
        Span<float> gradient = _executor.OutputGradient;
        double loss = _loss.Compute(logits, labels, gradient[..logits.Length], scale);
        gradient[logits.Length..].Clear();
        return Tally.Of(logits, labels, loss * labels.Length);
    }

    private double Lap()
    {
        long now = Stopwatch.GetTimestamp();
        double seconds = Stopwatch.GetElapsedTime(_timestamp, now).TotalSeconds;
        _timestamp = now;
        return seconds;
    }
}

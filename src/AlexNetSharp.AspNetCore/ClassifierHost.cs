using System.Diagnostics;
using System.Diagnostics.Metrics;
using AlexNetSharp.Execution;
using AlexNetSharp.Images;
using AlexNetSharp.Inference;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AlexNetSharp.AspNetCore;

/// <summary>A classifier of a service, which may still be loading, and the state shared by its requests.</summary>
internal sealed class ClassifierHost : IDisposable
{
    private readonly Lazy<Task<Classifier>> _loading;
    private int _requests;
    private long _lastRequest = Stopwatch.GetTimestamp();

    /// <summary>Creates the host; loads nothing yet.</summary>
    public ClassifierHost(string name, IOptionsMonitor<AlexNetClassifierOptions> options, IMeterFactory meters, ILogger<ClassifierHost> logger)
    {
        (Name, Options, Logger) = (name, options.Get(name), logger);
        Bodies = new ByteBudget(
            Options.BodyBytes > 0 ? Options.BodyBytes : Math.Min(128 << 20, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8));
        Refusals = new RefusalPace(Options.RefusalsPerSecond, TimeProvider.System);
        Telemetry = new ClassifierTelemetry(meters, name, () => Ready?.Waiting ?? 0);
        _loading = new Lazy<Task<Classifier>>(() => Task.Run(Load));
    }

    /// <summary>Name of the classifier.</summary>
    public string Name { get; }

    /// <summary>Options of the classifier.</summary>
    public AlexNetClassifierOptions Options { get; }

    /// <summary>Log of the classifier.</summary>
    public ILogger Logger { get; }

    /// <summary>Memory budget for the bodies of all requests.</summary>
    public ByteBudget Bodies { get; }

    /// <summary>Pace of the answers to refused requests.</summary>
    public RefusalPace Refusals { get; }

    /// <summary>Metrics and traces of the classifier.</summary>
    public ClassifierTelemetry Telemetry { get; }

    /// <summary>The classifier, once it is loaded and warmed up; the first access starts loading.</summary>
    public Task<Classifier> Loading => _loading.Value;

    /// <summary>The classifier, or null until it is loaded.</summary>
    public Classifier? Ready => _loading is { IsValueCreated: true, Value: { IsCompletedSuccessfully: true } task } ? task.Result : null;

    /// <summary>Time since the last request; zero while one is in progress.</summary>
    public TimeSpan Idle => Volatile.Read(ref _requests) > 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(Volatile.Read(ref _lastRequest));

    /// <summary>Registers a request, unless there are too many.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _requests) <= Options.MaxRequests)
            return true;
        Interlocked.Decrement(ref _requests);
        return false;
    }

    /// <summary>Unregisters a request.</summary>
    public void Leave()
    {
        Volatile.Write(ref _lastRequest, Stopwatch.GetTimestamp());
        Interlocked.Decrement(ref _requests);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Telemetry.Dispose();
        Ready?.Dispose();
    }

    private Classifier Load()
    {
        ClassifierLog.Loading(Logger, Options.ModelPath);
        long start = Stopwatch.GetTimestamp();
        var inference = new InferenceOptions
        {
            BatchSize = Options.BatchSize,
            Threads = Options.Threads,
            Precision = Options.BFloat16 ? Precision.BFloat16 : Precision.Float32,
            DecodingBytes = Options.DecodingBytes,
            MaxStreamBytes = Options.MaxImageBytes,
            Completed = Telemetry.Completed,
        };
        Classifier classifier = Classifier.Load(Options.ModelPath, new ImageDecoder(Options.DecoderOptions()), inference, Options.Network);
        try
        {
            classifier.WarmUp();
            if (Options.BatchSize > 1)
                classifier.WarmUp(Options.BatchSize);
        }
        catch
        {
            classifier.Dispose();
            throw;
        }
        ClassifierLog.Ready(
            Logger, Options.ModelPath, classifier.Model.Network.Name, classifier.Classes.Count, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        return classifier;
    }
}

using System.Diagnostics;
using System.Diagnostics.Metrics;
using AlexNetSharp.Inference;

namespace AlexNetSharp.AspNetCore;

/// <summary>Metrics and traces of a classifier, for OpenTelemetry and other listeners.</summary>
internal sealed class ClassifierTelemetry : IDisposable
{
    /// <summary>Source of the traces.</summary>
    public static readonly ActivitySource Activities = new(AlexNetTelemetry.ActivitySourceName);

    private static readonly InstrumentAdvice<double> s_seconds = new()
    {
        HistogramBucketBoundaries = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
    };

    private static readonly InstrumentAdvice<int> s_images = new() { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64] };

    private readonly Meter _meter;
    private readonly Histogram<double> _queue, _decode, _prepare, _wait, _compute;
    private readonly Histogram<int> _batch;
    private readonly Counter<long> _refused;
    private readonly KeyValuePair<string, object?> _name;

    /// <summary>Creates the instruments.</summary>
    /// <param name="meters">Creates the meter.</param>
    /// <param name="name">Name of the classifier.</param>
    /// <param name="queueLength">Returns the number of waiting images.</param>
    public ClassifierTelemetry(IMeterFactory meters, string name, Func<int> queueLength)
    {
        _name = new("alexnet.classifier.name", name);
        _meter = meters.Create(AlexNetTelemetry.MeterName, version: null, tags: [_name]);
        _meter.CreateObservableUpDownCounter("alexnet.classifier.queue.length", queueLength, "{image}", "Images waiting for the decoder or the network.");
        _batch = _meter.CreateHistogram("alexnet.classifier.batch.size", "{image}", "Images in a batch.", tags: null, s_images);
        _queue = Seconds("queue", "Waiting for memory to decode.");
        _decode = Seconds("decode", "Decoding the image file.");
        _prepare = Seconds("prepare", "Resizing, cropping and normalizing.");
        _wait = Seconds("wait", "Waiting for the network.");
        _compute = Seconds("compute", "The forward pass.");
        _refused = _meter.CreateCounter<long>("alexnet.classifier.refused", "{request}", "Refused requests, by reason.");
    }

    /// <summary>Records a classified image.</summary>
    public void Completed(InferenceTimings timings)
    {
        _batch.Record(timings.BatchSize);
        _queue.Record(timings.Queued.TotalSeconds);
        _decode.Record(timings.Decoding.TotalSeconds);
        _prepare.Record(timings.Preparing.TotalSeconds);
        _wait.Record(timings.Waiting.TotalSeconds);
        _compute.Record(timings.Computing.TotalSeconds);
    }

    /// <summary>Records a refused request.</summary>
    public void Refused(string reason) => _refused.Add(1, new KeyValuePair<string, object?>("error.type", reason));

    /// <summary>Starts the activity of a request.</summary>
    public Activity? Begin()
    {
        Activity? activity = Activities.StartActivity("classify image");
        activity?.SetTag(_name.Key, _name.Value);
        return activity;
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private Histogram<double> Seconds(string what, string description) =>
        _meter.CreateHistogram($"alexnet.classifier.{what}.duration", "s", description, tags: null, s_seconds);
}

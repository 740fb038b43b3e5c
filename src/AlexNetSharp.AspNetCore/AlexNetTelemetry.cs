namespace AlexNetSharp.AspNetCore;

/// <summary>Names under which metrics and traces are collected: <c>metrics.AddMeter(AlexNetTelemetry.MeterName)</c>.</summary>
public static class AlexNetTelemetry
{
    /// <summary>
    /// Name of the meter, tagged <c>alexnet.classifier.name</c>. Instruments: <c>alexnet.classifier.queue.length</c>,
    /// <c>alexnet.classifier.batch.size</c>, the durations in seconds <c>alexnet.classifier.queue.duration</c>, <c>….decode.duration</c>,
    /// <c>….prepare.duration</c>, <c>….wait.duration</c> and <c>….compute.duration</c>, and <c>alexnet.classifier.refused</c> with the tag <c>error.type</c>.
    /// </summary>
    public const string MeterName = "AlexNetSharp";

    /// <summary>Name of the activity source: one <c>classify image</c> activity per request, with the size of the image in bytes and the times in milliseconds.</summary>
    public const string ActivitySourceName = "AlexNetSharp";
}

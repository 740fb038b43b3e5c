namespace AlexNetSharp.AspNetCore;

/// <summary>Names for those who collect metrics and traces: <c>metrics.AddMeter(AlexNetTelemetry.MeterName)</c>.</summary>
public static class AlexNetTelemetry
{
    /// <summary>
    /// The meter, with the tag <c>alexnet.classifier.name</c>. Its instruments: <c>alexnet.classifier.queue.length</c>,
    /// <c>alexnet.classifier.batch.size</c>, the durations in seconds <c>alexnet.classifier.queue.duration</c>, <c>….decode.duration</c>,
    /// <c>….prepare.duration</c>, <c>….wait.duration</c> and <c>….compute.duration</c>, and <c>alexnet.classifier.refused</c> with the tag <c>error.type</c>.
    /// </summary>
    public const string MeterName = "AlexNetSharp";

    /// <summary>The source of activities: <c>classify image</c> for each request, with the bytes of the image and the times in milliseconds.</summary>
    public const string ActivitySourceName = "AlexNetSharp";
}

namespace AlexNetSharp.Inference;

/// <summary>How long each stage took for one image.</summary>
public readonly struct InferenceTimings
{
    internal InferenceTimings(TimeSpan queued, TimeSpan decoding, TimeSpan preparing, TimeSpan waiting, TimeSpan computing, int batchSize) =>
        (Queued, Decoding, Preparing, Waiting, Computing, BatchSize) = (queued, decoding, preparing, waiting, computing, batchSize);

    /// <summary>Waiting to start: for memory to decode into, or because <see cref="InferenceOptions.MaxConcurrency"/> calls are running.</summary>
    public TimeSpan Queued { get; }

    /// <summary>Decoding the image file into pixels.</summary>
    public TimeSpan Decoding { get; }

    /// <summary>Preprocessing: resizing, cropping, normalization.</summary>
    public TimeSpan Preparing { get; }

    /// <summary>Waiting for earlier forward passes.</summary>
    public TimeSpan Waiting { get; }

    /// <summary>The forward pass.</summary>
    public TimeSpan Computing { get; }

    /// <summary>Number of inputs in the same forward pass, this one included.</summary>
    public int BatchSize { get; }

    /// <summary>The sum of all stages.</summary>
    public TimeSpan Total => Queued + Decoding + Preparing + Waiting + Computing;
}

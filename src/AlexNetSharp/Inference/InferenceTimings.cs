namespace AlexNetSharp.Inference;

/// <summary>Where the time of one image went.</summary>
/// <param name="Queued">Waiting for a place: for memory to decode, or because <see cref="InferenceOptions.MaxConcurrency"/> calls are under way.</param>
/// <param name="Decoding">From the bytes of an image file to pixels.</param>
/// <param name="Preparing">From pixels to the network's input: resizing, cropping, normalization.</param>
/// <param name="Waiting">Waiting for the forward pass of others.</param>
/// <param name="Computing">The forward pass.</param>
/// <param name="BatchSize">Inputs that were computed together with this one, itself included.</param>
public readonly record struct InferenceTimings(
    TimeSpan Queued, TimeSpan Decoding, TimeSpan Preparing, TimeSpan Waiting, TimeSpan Computing, int BatchSize)
{
    /// <summary>All of it.</summary>
    public TimeSpan Total => Queued + Decoding + Preparing + Waiting + Computing;
}

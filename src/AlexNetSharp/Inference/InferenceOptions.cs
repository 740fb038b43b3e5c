using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Inference;

/// <summary>Options of a <see cref="Classifier"/> or <see cref="FeatureExtractor"/>.</summary>
public sealed class InferenceOptions
{
    /// <summary>How images are preprocessed; null for what the model states, or otherwise for the usual one of its network.</summary>
    public Preprocessing? Preprocessing { get; init; }

    /// <summary>
    /// The most inputs in one forward pass. Calls that wait at the same time share a batch, which takes about a third of
    /// the time of as many single inputs; more than 32 gains nothing.
    /// </summary>
    public int BatchSize { get; init; } = 8;

    /// <summary>The device to compute on; null for the CPU, with <see cref="Threads"/>.</summary>
    internal IBackend? Backend { get; init; }

    /// <summary>Threads to compute with on the CPU; 0 for one per processor.</summary>
    public int Threads { get; init; }

    /// <summary>
    /// Whether each image is looked at in ten views (four corners, the middle, and their mirror images) whose results are averaged, as in
    /// section 4.1 of the 2012 paper: a little more accurate, ten times the work.
    /// </summary>
    public bool TenCrop { get; init; }

    /// <summary>
    /// Number format of the computation. With <see cref="Execution.Precision.BFloat16"/> single images come faster, outputs differ
    /// by about 1 %, and the memory for the copy of the weights comes on top of them.
    /// </summary>
    public Precision Precision { get; init; }

    /// <summary>
    /// The most calls that prepare their image or wait for the network at the same time; further ones queue up. A stream is read before its call
    /// takes one of these places, so that slow senders keep none: the memory for encoded images is bounded by <see cref="MaxStreamBytes"/>
    /// and by the number of requests that the server lets in.
    /// </summary>
    public int MaxConcurrency { get; init; } = 32;

    /// <summary>
    /// The most bytes that are read from a stream; 64 MiB unless set. A call holds up to three times as many while it reads. Files are
    /// limited by the decoder.
    /// </summary>
    public int MaxStreamBytes { get; init; } = 64 << 20;

    /// <summary>
    /// Memory, in bytes, for all images that are decoded at the same time; 0 for a quarter of what the process may use (in a container, of its
    /// limit), at most 256 MiB and 32 MiB for each processor. An image that needs more than three quarters of it is refused with
    /// <see cref="ImageTooLargeException"/>. It holds for streams and images in memory, which may come from strangers, and with a decoder that
    /// tells what an image costs (<see cref="IImageDecoder.CostOf"/>).
    /// </summary>
    public long DecodingBytes { get; init; }

    /// <summary>Called with the timings of each image, on the thread of its call. It must not throw.</summary>
    public Action<InferenceTimings>? Completed { get; init; }

    /// <summary>Views of each image: 1 or 10.</summary>
    internal int Views => TenCrop ? 10 : 1;

    /// <summary>Checks the numbers.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One is out of range.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConcurrency, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxStreamBytes, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(Threads);
        ArgumentOutOfRangeException.ThrowIfNegative(DecodingBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Threads, 1024);
    }
}

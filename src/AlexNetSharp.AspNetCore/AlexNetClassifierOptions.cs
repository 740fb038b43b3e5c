using AlexNetSharp.Images;
using AlexNetSharp.Inference;

namespace AlexNetSharp.AspNetCore;

/// <summary>Options of a classifier in a service: its model, and the limits on untrusted requests.</summary>
/// <remarks>All options are validated when the host starts. The defaults suit a container with at least 1 GB of memory.</remarks>
public sealed class AlexNetClassifierOptions
{
    /// <summary>The model: .safetensors, PyTorch's .pth or .pt, .caffemodel, .onnx, or a run folder.</summary>
    public string ModelPath { get; set; } = "";

    /// <summary>For model files that do not state their network, its name or a file that describes it (JSON, prototxt, ONNX); null to detect it.</summary>
    public string? Network { get; set; }

    /// <summary>Maximum number of images in a batch; see <see cref="InferenceOptions.BatchSize"/>.</summary>
    public int BatchSize { get; set; } = 8;

    /// <summary>Number of compute threads; 0 for one per CPU.</summary>
    public int Threads { get; set; }

    /// <summary>Whether fully connected weights are read as bfloat16: lower latency for single images; outputs differ by about 1 %.</summary>
    public bool BFloat16 { get; set; }

    /// <summary>Number of classes in a response when the request does not specify it. The default is 5.</summary>
    public int DefaultTop { get; set; } = 5;

    /// <summary>Maximum number of classes in a response. The default is 100.</summary>
    public int MaxTop { get; set; } = 100;

    /// <summary>Maximum size of an image file, in bytes. The default is 10 MiB. Larger files are refused with 413.</summary>
    public int MaxImageBytes { get; set; } = 10 << 20;

    /// <summary>Maximum width × height; see <see cref="ImageDecoderOptions.MaxPixels"/>. The default is 50,000,000. Larger images are refused with 413.</summary>
    public int MaxPixels { get; set; } = 50_000_000;

    /// <summary>Maximum pixels × scans of an image, which decoding time is proportional to. The default is 2²⁸, about a second. More is refused with 413.</summary>
    public long MaxPixelScans { get; set; } = 1 << 28;

    /// <summary>JPEGs with more pixels are decoded at a half, a quarter or an eighth of their size; see <see cref="ImageDecoderOptions.ReduceBeyond"/>. The default is 4,000,000.</summary>
    public int ReduceBeyond { get; set; } = 4_000_000;

    /// <summary>Memory, in bytes, for all images being decoded at the same time; 0 for a share of the container's limit, see <see cref="InferenceOptions.DecodingBytes"/>.</summary>
    public long DecodingBytes { get; set; }

    /// <summary>Memory, in bytes, for all request bodies together; 0 for an eighth of what the process may use, at most 128 MiB. Requests beyond it are refused with 503.</summary>
    public long BodyBytes { get; set; }

    /// <summary>Maximum number of concurrent requests. The default is 512. Further requests are refused with 503.</summary>
    public int MaxRequests { get; set; } = 512;

    /// <summary>Time limit for receiving a request's body. The default is 30 s. Slower bodies are refused with 408.</summary>
    public TimeSpan BodyTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Minimum rate of a body, in bytes per second, after <see cref="BodyGrace"/>. The default is 8192. Slower bodies are refused with 408.</summary>
    public int MinBodyBytesPerSecond { get; set; } = 8192;

    /// <summary>Time before <see cref="MinBodyBytesPerSecond"/> applies. The default is 5 s.</summary>
    public TimeSpan BodyGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Time limit from the last byte of the body to the response. The default is 10 s. Late requests are abandoned with 503.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Number of requests per second that are refused at once with 4xx; 0 for any number. The default is 20. Where more must be refused, their clients wait for the
    /// answer, at most one second each.
    /// </summary>
    public int RefusalsPerSecond { get; set; } = 20;

    /// <summary>Idle time after which memory is returned to the system. The default is 15 s.</summary>
    public TimeSpan TrimAfter { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The decoder options that follow from these limits.</summary>
    internal ImageDecoderOptions DecoderOptions() => new()
    {
        MaxFileBytes = MaxImageBytes,
        MaxPixels = MaxPixels,
        MaxPixelScans = MaxPixelScans,
        ReduceBeyond = ReduceBeyond,
    };
}

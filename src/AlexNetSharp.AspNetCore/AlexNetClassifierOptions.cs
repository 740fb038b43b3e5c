using AlexNetSharp.Images;
using AlexNetSharp.Inference;

namespace AlexNetSharp.AspNetCore;

/// <summary>A classifier in a service: its model, and what the service takes from strangers.</summary>
/// <remarks>All of it is checked when the host starts. The defaults suit a container with 1 GB of memory and more.</remarks>
public sealed class AlexNetClassifierOptions
{
    /// <summary>The model: .safetensors, PyTorch's .pth or .pt, .caffemodel, .onnx, or a run folder.</summary>
    public string ModelPath { get; set; } = "";

    /// <summary>Name of the network, where the file does not tell; null to recognize it.</summary>
    public string? Network { get; set; }

    /// <summary>Images that the network computes together at most; see <see cref="InferenceOptions.BatchSize"/>.</summary>
    public int BatchSize { get; set; } = 8;

    /// <summary>Threads that compute; 0: one per CPU.</summary>
    public int Threads { get; set; }

    /// <summary>Whether fully connected weights are read as bfloat16: single images come faster, outputs differ by about 1 %.</summary>
    public bool BFloat16 { get; set; }

    /// <summary>Classes in an answer unless the request says otherwise; 5 unless set.</summary>
    public int DefaultTop { get; set; } = 5;

    /// <summary>The most classes in an answer; 100 unless set.</summary>
    public int MaxTop { get; set; } = 100;

    /// <summary>The largest image file, in bytes; 10 MiB unless set. Larger ones are refused with 413.</summary>
    public int MaxImageBytes { get; set; } = 10 << 20;

    /// <summary>The largest width × height; see <see cref="ImageDecoderOptions.MaxPixels"/>. 50,000,000 unless set. Larger ones are refused with 413.</summary>
    public int MaxPixels { get; set; } = 50_000_000;

    /// <summary>The most pixels × scans of an image, which its time is proportional to; 2²⁸ unless set, about a second. More is refused with 413.</summary>
    public long MaxPixelScans { get; set; } = 1 << 28;

    /// <summary>JPEGs of more pixels are decoded at a half, a quarter or an eighth of their size; see <see cref="ImageDecoderOptions.ReduceBeyond"/>. 4,000,000 unless set.</summary>
    public int ReduceBeyond { get; set; } = 4_000_000;

    /// <summary>Memory, in bytes, for all images that are decoded at the same time; 0 for a part of the container's limit, see <see cref="InferenceOptions.DecodingBytes"/>.</summary>
    public long DecodingBytes { get; set; }

    /// <summary>Memory, in bytes, for all request bodies together; 0 for an eighth of what the process may use, at most 128 MiB. Beyond it requests are refused with 503.</summary>
    public long BodyBytes { get; set; }

    /// <summary>Requests that may be under way at the same time; 512 unless set. Further ones are refused with 503.</summary>
    public int MaxRequests { get; set; } = 512;

    /// <summary>Time for a request's body; 30 s unless set. Slower ones are refused with 408.</summary>
    public TimeSpan BodyTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes that a body brings in a second at least, after <see cref="BodyGrace"/>; 8192 unless set. Slower ones are refused with 408.</summary>
    public int MinBodyBytesPerSecond { get; set; } = 8192;

    /// <summary>Time before a body's rate counts; 5 s unless set.</summary>
    public TimeSpan BodyGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Time from the last byte of the body to the answer; 10 s unless set. What takes longer is given up and answered with 503.</summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Time without requests after which memory is given back to the system; 15 s unless set.</summary>
    public TimeSpan TrimAfter { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>The decoder that these limits make.</summary>
    internal ImageDecoderOptions DecoderOptions() => new()
    {
        MaxFileBytes = MaxImageBytes,
        MaxPixels = MaxPixels,
        MaxPixelScans = MaxPixelScans,
        ReduceBeyond = ReduceBeyond,
    };
}

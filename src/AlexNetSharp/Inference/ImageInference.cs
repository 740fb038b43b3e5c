using System.Globalization;
using System.Numerics.Tensors;
using AlexNetSharp.Data;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Inference;

/// <summary>Brings images in any form through a network: what <see cref="Classifier"/> and <see cref="FeatureExtractor"/> have in common.</summary>
/// <remarks>
/// Decoding and preprocessing happen on the caller's thread, the network on the engine's. Memory is kept for as many calls as were ever
/// under way together, at most <see cref="InferenceOptions.MaxConcurrency"/>.
/// </remarks>
internal sealed partial class ImageInference : IDisposable
{
    private readonly IImageDecoder? _decoder;
    private readonly Preprocessing _preprocessing;
    private readonly Shape _input;
    private readonly InferenceEngine _engine;
    private readonly SemaphoreSlim _room;
    private readonly DecodingGate _decoding;
    private readonly Action<InferenceTimings>? _completed;
    private readonly Stack<InferenceCall> _calls = new();
    private readonly Stack<ImageReader> _readers = new();
    private readonly int _maxStreamBytes, _threads;
    private volatile bool _disposed;

    /// <summary>Checks that everything fits together, and starts the engine.</summary>
    /// <param name="model">The model: its weights and its preprocessing.</param>
    /// <param name="network">The model's network, or the layers that it begins with.</param>
    /// <param name="decoder">Decodes files and streams; null for pixels and tensors alone.</param>
    /// <param name="options">Options; null for the defaults.</param>
    /// <exception cref="InvalidDataException">The model states no preprocessing, or one that does not fit its network.</exception>
    public ImageInference(Model model, Network network, IImageDecoder? decoder, InferenceOptions options)
    {
        options.Validate();
        _decoder = decoder;
        _preprocessing = model.RequirePreprocessing(options.Preprocessing);
        _input = network.InputShape;
        Views = options.Views;
        BatchSize = options.BatchSize;
        // One byte less than an array can have, so that a stream's end is seen.
        _maxStreamBytes = Math.Min(options.MaxStreamBytes, Array.MaxLength - 1);
        _threads = options.Threads == 0 ? Environment.ProcessorCount : options.Threads;
        _room = new SemaphoreSlim(options.MaxConcurrency);
        _decoding = new DecodingGate(options.DecodingBytes == 0 ? DecodingGate.UsualBytes : options.DecodingBytes, Environment.ProcessorCount);
        _completed = options.Completed;
        _engine = new InferenceEngine(network, model.Parameters, options);
    }

    /// <summary>How images are preprocessed.</summary>
    public Preprocessing Preprocessing => _preprocessing;

    /// <summary>Inputs made of each image: 1 or 10.</summary>
    public int Views { get; }

    /// <summary>Inputs that the network computes together.</summary>
    public int BatchSize { get; }

    /// <summary>Floats of one output.</summary>
    public int OutputLength => _engine.OutputLength;

    /// <summary>Calls that wait: for memory to decode, or for the network.</summary>
    public int Waiting => _decoding.Waiting + _engine.Waiting;

    /// <summary>All inputs of a tensor, a batch at a time.</summary>
    /// <param name="images">[n, height, width, channels], checked.</param>
    /// <param name="outputs">Receives [n, output], without gaps.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    public void RunTensors(in ReadOnlyTensorSpan<float> images, in TensorSpan<float> outputs, CancellationToken cancellation)
    {
        for (int first = 0; first < images.Lengths[0];)
        {
            using Lease lease = Run(images, first, cancellation);
            for (int i = 0; i < lease.Call.Rows; i++)
                lease.Call.OutputRow(i).CopyTo(outputs.GetSpan([first + i, 0], OutputLength));
            first += lease.Call.Rows;
        }
    }

    /// <summary>Inputs as the network takes them, from <paramref name="first"/> on, at most a batch.</summary>
    /// <param name="images">[n, height, width, channels].</param>
    /// <param name="first">The first one.</param>
    /// <param name="cancellation">Cancels the call before the network starts on it.</param>
    private Lease Run(in ReadOnlyTensorSpan<float> images, int first, CancellationToken cancellation)
    {
        Lease lease = Begin((int)Math.Min(BatchSize, images.Lengths[0] - first), cancellation);
        try
        {
            for (int i = 0; i < lease.Call.Rows; i++)
                images.GetSpan([first + i, 0, 0, 0], _engine.InputLength).CopyTo(lease.Call.Room[(i * _engine.InputLength)..]);
            _engine.Run(lease.Call, cancellation);
            return lease;
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>Checks the shape of a tensor of inputs and returns how many there are.</summary>
    /// <exception cref="ArgumentException">It is not [n, height, width, channels] as the network takes it, or has gaps.</exception>
    public int CheckImages(in ReadOnlyTensorSpan<float> images)
    {
        if (images.Rank != 4 || images.Lengths[1] != _input.Height || images.Lengths[2] != _input.Width || images.Lengths[3] != _input.Channels)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                $"the images have shape [{string.Join(", ", images.Lengths.ToArray())}], but the network takes [n, {_input.Height}, {_input.Width}, {_input.Channels}]"), nameof(images));
        if (!images.IsDense)
            throw new ArgumentException("the tensor of images has gaps between its elements; make a dense copy of it", nameof(images));
        return checked((int)images.Lengths[0]);
    }

    /// <summary>Creates the plan for this many images at once and prepares the weights, so that the first call is as fast as later ones.</summary>
    public void WarmUp(int images)
    {
        using Lease lease = Begin(Math.Min(images * Views, Math.Max(BatchSize, Views)), CancellationToken.None);
        lease.Call.Room.Clear();
        _engine.Run(lease.Call, CancellationToken.None);
    }

    /// <summary>Gives memory back that is kept for further calls.</summary>
    public void Trim()
    {
        lock (_calls)
            _calls.Clear();
        lock (_readers)
            _readers.Clear();
    }

    /// <summary>Waits for the calls under way and frees the plans.</summary>
    public void Dispose()
    {
        _disposed = true;
        _engine.Dispose();
    }

    private IImageDecoder Decoder() => _decoder
        ?? throw new InvalidOperationException("no image decoder was given; pass one, such as AlexNetSharp.Images.ImageDecoder");

    private Lease Begin(int rows, CancellationToken cancellation)
    {
        _room.Wait(cancellation);
        return TakeCall(rows);
    }

    /// <summary>Memory for a call that has its place already; without memory the place is given back.</summary>
    private Lease TakeCall(int rows, Batch? batch = null)
    {
        try
        {
            InferenceCall? call;
            lock (_calls)
                _calls.TryPop(out call);
            call ??= new InferenceCall(_engine.InputLength, _engine.OutputLength);
            call.Reserve(rows, batch);
            return new Lease(this, call);
        }
        catch
        {
            _room.Release();
            throw;
        }
    }

    private void Return(InferenceCall call)
    {
        lock (_calls)
            _calls.Push(call);
        _room.Release();
    }

    private ImageReader TakeReader()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        lock (_readers)
            if (_readers.TryPop(out ImageReader? reader))
                return reader;
        return new ImageReader(new PixelBuffer { ReturnsMemory = true }, new Preprocessor(_preprocessing));
    }

    private void Return(ImageReader reader)
    {
        reader.Pixels.ReleaseLarge();
        lock (_readers)
            _readers.Push(reader);
    }

    private static void CheckPixels(ReadOnlySpan<byte> pixels, int height, int width, int channels)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if (channels is not (1 or 3))
            throw new ArgumentOutOfRangeException(nameof(channels), channels, "An image has 1 or 3 channels.");
        if (pixels.Length != (long)height * width * channels)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                $"{pixels.Length} bytes are not an image of {height}×{width} pixels with {channels} channels, which has {(long)height * width * channels}"), nameof(pixels));
    }

    /// <summary>A call that has its output; disposing returns its memory.</summary>
    internal readonly struct Lease(ImageInference owner, InferenceCall call, InferenceTimings timings = default) : IDisposable
    {
        /// <summary>The call.</summary>
        public InferenceCall Call => call;

        /// <summary>Where its time went.</summary>
        public InferenceTimings Timings => timings;

        /// <summary>Gives the memory back.</summary>
        public void Dispose() => owner.Return(call);
    }

    /// <summary>Memory and scratch to decode and prepare one image.</summary>
    private sealed record ImageReader(PixelBuffer Pixels, Preprocessor Preprocessor);
}

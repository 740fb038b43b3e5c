using System.Buffers;
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
    private readonly Stack<InferenceCall> _calls = new();
    private readonly Stack<ImageReader> _readers = new();
    private readonly int _maxStreamBytes, _threads;
    private volatile bool _disposed;

    /// <summary>Checks that everything fits together, and starts the engine.</summary>
    /// <param name="model">The model: its weights and its preprocessing.</param>
    /// <param name="network">The model's network, or the layers that it begins with.</param>
    /// <param name="decoder">Decodes files and streams; null for pixels and tensors alone.</param>
    /// <param name="options">How to work.</param>
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
        _engine = new InferenceEngine(network, model.Parameters, options);
    }

    /// <summary>What happens to an image before the network.</summary>
    public Preprocessing Preprocessing => _preprocessing;

    /// <summary>Inputs made of each image: 1 or 10.</summary>
    public int Views { get; }

    /// <summary>Inputs that the network computes together.</summary>
    public int BatchSize { get; }

    /// <summary>Floats of one output.</summary>
    public int OutputLength => _engine.OutputLength;

    /// <summary>An image file.</summary>
    public Lease Run(string path, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(path);
        Decoder();
        return Run(new ImageSource(path, inMemory: false), cancellation);
    }

    /// <summary>An image file in memory.</summary>
    public Lease RunEncoded(ReadOnlySpan<byte> encoded, string name, CancellationToken cancellation)
    {
        Decoder();
        return Run(new ImageSource(name, inMemory: true, encoded), cancellation);
    }

    /// <summary>Pixels.</summary>
    public Lease Run(ReadOnlySpan<byte> pixels, int height, int width, int channels, CancellationToken cancellation)
    {
        CheckPixels(pixels, height, width, channels);
        return Run(new ImageSource("", inMemory: true, pixels, height, width, channels), cancellation);
    }

    /// <summary>An image file from a stream.</summary>
    public Lease Run(Stream stream, string name, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Decoder();
        byte[] encoded = ArrayPool<byte>.Shared.Rent(64 << 10);
        try
        {
            int length = 0, more;
            while ((more = stream.Read(encoded, length, encoded.Length - length)) > 0)
                encoded = Grow(encoded, length += more, name);
            return RunEncoded(encoded.AsSpan(0, length), name, cancellation);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(encoded);
        }
    }

    /// <summary>An image file from a stream, without blocking a thread while it waits for the stream or the network.</summary>
    public async ValueTask<Lease> RunAsync(Stream stream, string name, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Decoder();
        byte[] encoded = ArrayPool<byte>.Shared.Rent(64 << 10);
        try
        {
            int length = 0, more;
            while ((more = await stream.ReadAsync(encoded.AsMemory(length), cancellation).ConfigureAwait(false)) > 0)
                encoded = Grow(encoded, length += more, name);
            await _room.WaitAsync(cancellation).ConfigureAwait(false);
            Lease lease = TakeCall(Views);
            try
            {
                Prepare(new ImageSource(name, inMemory: true, encoded.AsSpan(0, length)), lease.Call);
                await _engine.RunAsync(lease.Call, cancellation).ConfigureAwait(false);
                return lease;
            }
            catch
            {
                lease.Dispose();
                throw;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(encoded);
        }
    }

    /// <summary>Inputs as the network takes them, from <paramref name="first"/> on, at most a batch.</summary>
    /// <param name="images">[n, height, width, channels].</param>
    /// <param name="first">The first one.</param>
    /// <param name="cancellation">Gives up before the network begins.</param>
    public Lease Run(in ReadOnlyTensorSpan<float> images, int first, CancellationToken cancellation)
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

    /// <summary>Makes the plan for this many images at once and prepares the weights, so that the first call is as fast as the others.</summary>
    public void WarmUp(int images)
    {
        using Lease lease = Begin(Math.Min(images * Views, Math.Max(BatchSize, Views)), CancellationToken.None);
        lease.Call.Room.Clear();
        _engine.Run(lease.Call, CancellationToken.None);
    }

    /// <summary>Waits for the calls under way and frees the plans.</summary>
    public void Dispose()
    {
        _disposed = true;
        _engine.Dispose();
    }

    private IImageDecoder Decoder() => _decoder
        ?? throw new InvalidOperationException("no image decoder was given; pass one, such as AlexNetSharp.Images.ImageDecoder");

    private Lease Run(ImageSource source, CancellationToken cancellation)
    {
        Lease lease = Begin(Views, cancellation);
        try
        {
            Prepare(source, lease.Call);
            _engine.Run(lease.Call, cancellation);
            return lease;
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>Decodes an image and writes its views.</summary>
    private void Prepare(ImageSource source, InferenceCall call)
    {
        ImageReader reader = TakeReader();
        try
        {
            source.Read(_decoder, reader.Pixels);
            if (Views == 1)
                reader.Preprocessor.Apply(reader.Pixels, call.Room);
            else
                reader.Preprocessor.ApplyTenCrop(reader.Pixels, call.Room);
        }
        catch (InvalidDataException e) when (ImageErrors.Named(source.Name, e) is var named && named != e)
        {
            throw named;
        }
        finally
        {
            Return(reader);
        }
    }

    private byte[] Grow(byte[] encoded, int length, string name)
    {
        if (length > _maxStreamBytes)
            throw new ImageTooLargeException(string.Create(CultureInfo.InvariantCulture, $"{name}: too large (more than {_maxStreamBytes} bytes)."));
        if (length < encoded.Length)
            return encoded;
        byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(2L * length, 1L + _maxStreamBytes));
        encoded.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(encoded);
        return larger;
    }

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
        return new ImageReader(new PixelBuffer(), new Preprocessor(_preprocessing));
    }

    private void Return(ImageReader reader)
    {
        if (reader.Pixels.Padded.Length > ImagePipeline.KeptImageBytes)
            return;
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

    /// <summary>A call that has its output; whoever is done with it gives its memory back.</summary>
    internal readonly struct Lease(ImageInference owner, InferenceCall call) : IDisposable
    {
        /// <summary>The call.</summary>
        public InferenceCall Call => call;

        /// <summary>Gives the memory back.</summary>
        public void Dispose() => owner.Return(call);
    }

    /// <summary>Memory and scratch to decode and prepare one image.</summary>
    private sealed record ImageReader(PixelBuffer Pixels, Preprocessor Preprocessor);
}

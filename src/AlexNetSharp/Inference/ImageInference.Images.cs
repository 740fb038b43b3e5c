using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using AlexNetSharp.Data;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Inference;

// One image, in each form in which it may come.
internal sealed partial class ImageInference
{
    /// <summary>An image file.</summary>
    public Lease Run(string path, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(path);
        Decoder();
        return Compute(PrepareUncounted(new ImageSource(path, inMemory: false), cancellation), cancellation);
    }

    /// <summary>An image file, without blocking the caller's thread.</summary>
    public async ValueTask<Lease> RunAsync(string path, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(path);
        Decoder();
        long start = Stopwatch.GetTimestamp();
        Prepared prepared;
        using (await _decoding.EnterAsync(cancellation).ConfigureAwait(false))
        {
            // Reading and decoding go to a thread of the pool, even if there is room at once.
            await _room.WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            prepared = Prepare(new ImageSource(path, inMemory: false), TakeCall(Views), start, cancellation);
        }
        return await ComputeAsync(prepared, cancellation).ConfigureAwait(false);
    }

    /// <summary>An image file in memory.</summary>
    public Lease RunEncoded(ReadOnlySpan<byte> encoded, string name, CancellationToken cancellation)
    {
        DecodingCost cost = Decoder().CostOf(encoded, name);
        long start = Stopwatch.GetTimestamp();
        Prepared prepared;
        using (DecodingGate.Wait(_decoding.EnterAsync(cost, name, cancellation)))
            prepared = Prepare(new ImageSource(name, inMemory: true, encoded), start, cancellation);
        return Compute(prepared, cancellation);
    }

    /// <summary>An image file in memory, without blocking a thread while it waits.</summary>
    public async ValueTask<Lease> RunEncodedAsync(ReadOnlyMemory<byte> encoded, string name, CancellationToken cancellation)
    {
        DecodingCost cost = Decoder().CostOf(encoded.Span, name);
        long start = Stopwatch.GetTimestamp();
        Prepared prepared;
        // The place at the decoder first: whoever waits for it takes no other from anybody.
        using (DecodingGate.Pass pass = await _decoding.EnterAsync(cost, name, cancellation).ConfigureAwait(false))
        {
            await _room.WaitAsync(cancellation).ConfigureAwait(false);
            prepared = pass.IsSlow
                ? await PrepareSlowAsync(encoded, name, start, cancellation).ConfigureAwait(false)
                : Prepare(new ImageSource(name, inMemory: true, encoded.Span), TakeCall(Views), start, cancellation);
        }
        return await ComputeAsync(prepared, cancellation).ConfigureAwait(false);
    }

    // A method of its own: what a lambda captures is allocated, and for ordinary images nothing is.
    private Task<Prepared> PrepareSlowAsync(ReadOnlyMemory<byte> encoded, string name, long start, CancellationToken cancellation) => YieldingThread.RunAsync(
        () => Prepare(new ImageSource(name, inMemory: true, encoded.Span), TakeCall(Views), start, cancellation));

    /// <summary>Pixels.</summary>
    public Lease Run(ReadOnlySpan<byte> pixels, int height, int width, int channels, CancellationToken cancellation)
    {
        CheckPixels(pixels, height, width, channels);
        var source = new ImageSource("", inMemory: true, pixels, height, width, channels);
        return Compute(PrepareUncounted(source, cancellation), cancellation);
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
            return await RunEncodedAsync(encoded.AsMemory(0, length), name, cancellation).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(encoded);
        }
    }

    /// <summary>Reads an image whose cost is not known before.</summary>
    private Prepared PrepareUncounted(ImageSource source, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        using (DecodingGate.Wait(_decoding.EnterAsync(cancellation)))
            return Prepare(source, start, cancellation);
    }

    private Prepared Prepare(ImageSource source, long start, CancellationToken cancellation) =>
        Prepare(source, Begin(Views, cancellation), start, cancellation);

    /// <summary>Decodes an image and writes its views into the memory of a call, which is given back if that fails.</summary>
    /// <param name="source">The image.</param>
    /// <param name="lease">The call.</param>
    /// <param name="start">When it began to wait for its place.</param>
    /// <param name="cancellation">Ends it.</param>
    private Prepared Prepare(ImageSource source, Lease lease, long start, CancellationToken cancellation)
    {
        ImageReader? reader = null;
        try
        {
            reader = TakeReader();
            long begun = Stopwatch.GetTimestamp();
            source.Read(_decoder, reader.Pixels, cancellation);
            long decoded = Stopwatch.GetTimestamp();
            if (Views == 1)
                reader.Preprocessor.Apply(reader.Pixels, lease.Call.Room);
            else
                reader.Preprocessor.ApplyTenCrop(reader.Pixels, lease.Call.Room);
            return new Prepared(
                lease, Stopwatch.GetElapsedTime(start, begun), Stopwatch.GetElapsedTime(begun, decoded), Stopwatch.GetElapsedTime(decoded));
        }
        catch (Exception e)
        {
            lease.Dispose();
            if (ImageErrors.Named(source.Name, e) is var named && named != e)
                throw named;
            throw;
        }
        finally
        {
            if (reader is not null)
                Return(reader);
        }
    }

    private Lease Compute(Prepared prepared, CancellationToken cancellation)
    {
        try
        {
            _engine.Run(prepared.Lease.Call, cancellation);
            return Complete(prepared);
        }
        catch
        {
            prepared.Lease.Dispose();
            throw;
        }
    }

    private async ValueTask<Lease> ComputeAsync(Prepared prepared, CancellationToken cancellation)
    {
        try
        {
            await _engine.RunAsync(prepared.Lease.Call, cancellation).ConfigureAwait(false);
            return Complete(prepared);
        }
        catch
        {
            prepared.Lease.Dispose();
            throw;
        }
    }

    /// <summary>Reports the timings.</summary>
    private Lease Complete(Prepared prepared)
    {
        InferenceCall call = prepared.Lease.Call;
        var timings = new InferenceTimings(prepared.Queued, prepared.Decoding, prepared.Preparing, call.Waited, call.Computed, call.BatchRows);
        _completed?.Invoke(timings);
        return new Lease(this, call, timings);
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

    /// <summary>An image on its way to the network, and the times so far.</summary>
    private readonly record struct Prepared(Lease Lease, TimeSpan Queued, TimeSpan Decoding, TimeSpan Preparing);
}

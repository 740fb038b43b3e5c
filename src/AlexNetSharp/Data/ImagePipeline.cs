using System.Diagnostics;
using System.Runtime.ExceptionServices;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Data;

/// <summary>Prepares one image: writes the input of the image at <paramref name="position"/> of <paramref name="batch"/>.</summary>
/// <param name="image">The decoded image.</param>
/// <param name="batch">The batch that it belongs to.</param>
/// <param name="position">Its position there.</param>
internal delegate void ImagePreparation(PixelBuffer image, Batch batch, int position);

/// <summary>
/// Decode → prepare → batch: reads images on background threads into a ring of batches, some ahead of the one that is in use. Whatever
/// reads more than one image reads through this: training, evaluation, classification of files, features, checks, benchmarks.
/// </summary>
/// <remarks>
/// <para>
/// The consumer's thread says which images each batch holds, as soon as a batch of the ring is free; the threads take one image after the
/// other, in that order, so all of them work on the batch that is needed next. Batches come out in the order in which they were scheduled,
/// whatever thread prepared what, so results do not depend on the number of threads. Steady running allocates nothing (decoders may).
/// </para>
/// <para>
/// An image that cannot be read or prepared leaves its error in <see cref="Batch.Errors"/> and zeros in its place; any other exception is thrown by <see cref="Next"/>.
/// </para>
/// </remarks>
internal sealed class ImagePipeline : IDisposable
{
    /// <summary>Bytes of a decoded image beyond which its memory is not kept: 4096 × 4096 pixels.</summary>
    public const int KeptImageBytes = 3 << 24;

    /// <summary>How long <see cref="Dispose"/> waits for images that are being decoded.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(0.5);

    private readonly IImageDataset _images;
    private readonly Func<Batch, bool> _schedule;
    private readonly Func<ImagePreparation> _preparation;
    private readonly Batch[] _ring;
    private readonly Thread?[] _threads;
    private readonly object _gate = new();
    private readonly SemaphoreSlim _completed = new(0);
    private long _scheduled, _taken, _consumed;   // batches: told what they hold, begun by the threads to the last image, given back
    private int _position;                        // the next image to take of batch _taken
    private int _alive;                           // threads
    private bool _inUse, _waiting, _stop;
    private long _waited;

    /// <summary>Allocates the ring. Nothing is read before <see cref="Next"/>.</summary>
    /// <param name="images">The images.</param>
    /// <param name="batchSize">The most images in a batch.</param>
    /// <param name="length">Values per image.</param>
    /// <param name="threads">Threads that decode and prepare; no more are started than there are images.</param>
    /// <param name="prefetch">Batches ahead of the one in use.</param>
    /// <param name="schedule">
    /// Says which images a batch holds (<see cref="Batch.Begin"/> with at least one, <see cref="Batch.Set"/>), or false if there are no
    /// more for now. Called on the consumer's thread.
    /// </param>
    /// <param name="preparation">Makes what prepares the images of one thread.</param>
    public ImagePipeline(
        IImageDataset images, int batchSize, int length, int threads, int prefetch, Func<Batch, bool> schedule, Func<ImagePreparation> preparation)
    {
        (_images, _schedule, _preparation) = (images, schedule, preparation);
        _threads = new Thread?[threads];
        _ring = new Batch[prefetch + 1];
        try
        {
            for (int i = 0; i < _ring.Length; i++)
                _ring[i] = new Batch(batchSize, length);
        }
        catch
        {
            Free();
            throw;
        }
    }

    /// <summary>How long <see cref="Next"/> has waited for a batch that was not ready, in all.</summary>
    public TimeSpan Waited => Stopwatch.GetElapsedTime(0, _waited);

    /// <summary>Number of batches that are ready now, besides the one in use.</summary>
    public int Ready
    {
        get
        {
            lock (_gate)
            {
                int ready = 0;
                for (long next = _consumed + (_inUse ? 1 : 0); next < _taken && _ring[next % _ring.Length].Missing == 0; next++)
                    ready++;
                return ready;
            }
        }
    }

    /// <summary>Whether no batch is scheduled beyond the one in use.</summary>
    public bool IsDrained => _scheduled == _consumed + (_inUse ? 1 : 0);

    /// <summary>Bytes that a pipeline's batches hold.</summary>
    public static long BytesOf(int batchSize, long length, int prefetch) => checked((prefetch + 1) * Batch.BytesOf(batchSize, length));

    /// <summary>Prepares images as a network takes them.</summary>
    /// <param name="preprocessing">From an image to the input.</param>
    /// <param name="tenCrop">Whether to write ten views of each image.</param>
    /// <param name="sampler">Random changes; null: none.</param>
    public static Func<ImagePreparation> Inputs(Preprocessing preprocessing, bool tenCrop, AugmentationSampler? sampler = null) => () =>
    {
        var preprocessor = new Preprocessor(preprocessing);
        return (image, batch, position) =>
        {
            Span<float> place = batch.Place(position);
            if (tenCrop)
                preprocessor.ApplyTenCrop(image, place);
            else if (sampler is null)
                preprocessor.Apply(image, place);
            else
                preprocessor.Apply(image, sampler.Draw(preprocessor, image, batch.Indices[position], batch.Epoch), place);
        };
    };

    /// <summary>Reads every image of a dataset once.</summary>
    /// <param name="images">The dataset.</param>
    /// <param name="threads">Threads that read, at least 1.</param>
    /// <param name="preparation">Makes what each thread does with its images; the batches that it gets have no memory for inputs.</param>
    /// <param name="bad">Called for each image that cannot be read, in order, on the caller's thread.</param>
    /// <param name="progress">Receives the number of images done.</param>
    /// <param name="cancellation">Stops.</param>
    public static void ReadAll(
        IImageDataset images, int threads, Func<ImagePreparation> preparation, Action<int, Exception> bad, Action<int>? progress, CancellationToken cancellation)
    {
        const int batchSize = 64;
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        int scheduled = 0, done = 0;
        using var pipeline = new ImagePipeline(images, batchSize, length: 0, threads, prefetch: 3, Schedule, preparation);
        while (pipeline.Next(cancellation) is { } batch)
        {
            for (int i = 0; i < batch.Count; i++)
                if (batch.Errors[i] is { } error)
                    bad(batch.Indices[i], error);
            progress?.Invoke(done += batch.Count);
        }

        bool Schedule(Batch batch)
        {
            batch.Begin(0, scheduled / batchSize, Math.Min(batchSize, images.Count - scheduled));
            for (int i = 0; i < batch.Count; i++)
                batch.Set(i, scheduled++, 0);
            return batch.Count > 0;
        }
    }

    /// <summary>The next batch; the one before must not be used any more.</summary>
    /// <param name="cancellation">Stops the waiting.</param>
    /// <returns>A batch that stays as it is until the next call, or null if no more are scheduled.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was canceled.</exception>
    /// <exception cref="ObjectDisposedException">The pipeline has been disposed.</exception>
    public Batch? Next(CancellationToken cancellation)
    {
        Advance(cancellation);
        if (!MustWait())
            return Deliver();
        long start = Stopwatch.GetTimestamp();
        try
        {
            do
                _completed.Wait(cancellation);
            while (MustWait());
        }
        finally
        {
            _waited += Stopwatch.GetTimestamp() - start;
        }
        return Deliver();
    }

    /// <summary>The next batch, without blocking a thread while it is being prepared.</summary>
    /// <inheritdoc cref="Next"/>
    public async ValueTask<Batch?> NextAsync(CancellationToken cancellation)
    {
        Advance(cancellation);
        while (MustWait())
            await _completed.WaitAsync(cancellation).ConfigureAwait(false);
        return Deliver();
    }

    /// <summary>
    /// Stops the threads and frees the batches. An image that takes long to read (a pipe, a slow disk) is not waited for: the last thread
    /// frees them then.
    /// </summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_stop)
                return;
            _stop = true;
            Monitor.PulseAll(_gate);
        }
        long start = Stopwatch.GetTimestamp();
        foreach (Thread? thread in _threads)
            if (s_patience - Stopwatch.GetElapsedTime(start) is var left)
                thread?.Join(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        lock (_gate)
            if (_alive == 0)
                Free();
    }

    /// <summary>Takes the batch in use back and schedules whatever fits into the ring.</summary>
    private void Advance(CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_stop, this);
        cancellation.ThrowIfCancellationRequested();
        // Only the consumer writes these two numbers.
        lock (_gate)
            (_consumed, _inUse) = (_consumed + (_inUse ? 1 : 0), false);
        while (_scheduled - _consumed < _ring.Length && _ring[_scheduled % _ring.Length] is var free && _schedule(free))
        {
            lock (_gate)
            {
                _scheduled++;
                Monitor.PulseAll(_gate);
            }
            for (int images = free.Count; images > 0 && _alive < _threads.Length; images--)
                StartThread();
        }
    }

    private void StartThread()
    {
        int number = _alive;
        _threads[number] = new Thread(Work) { IsBackground = true, Name = $"AlexNetSharp images {number}" };
        lock (_gate)
            _alive++;
        _threads[number]!.Start();
    }

    /// <summary>Whether the next batch is not complete; then its last image releases the semaphore.</summary>
    private bool MustWait()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stop, this);
            return _waiting = _consumed < _scheduled && (_taken <= _consumed || _ring[_consumed % _ring.Length].Missing > 0);
        }
    }

    private Batch? Deliver()
    {
        if (_consumed == _scheduled)
            return null;
        Batch batch = _ring[_consumed % _ring.Length];
        _inUse = true;
        foreach (Exception? error in batch.Errors)
            if (error is not null && !ImageErrors.IsAboutTheImage(error))
                ExceptionDispatchInfo.Throw(error);
        return batch;
    }

    private void Work()
    {
        ImagePreparation? prepare = null;
        var image = new PixelBuffer();
        while (Take(out Batch? batch, out int position))
        {
            int index = batch!.Indices[position];
            Exception? error = null;
            try
            {
                prepare ??= _preparation();
                _images.Read(index, image);
                prepare(image, batch, position);
            }
#pragma warning disable CA1031 // Every exception belongs to the consumer.
            catch (Exception e)
#pragma warning restore CA1031
            {
                error = ImageErrors.Named(_images.Name(index), e);
                batch.Place(position).Clear();
            }
            if (image.Padded.Length > KeptImageBytes)
                image = new PixelBuffer();
            lock (_gate)
            {
                batch.Finish(position, error);
                if (batch.Missing == 0 && _waiting)
                {
                    _waiting = false;
                    _completed.Release();
                }
            }
        }
        lock (_gate)
        {
            // Whoever disposed may have gone on without this thread.
            if (--_alive == 0)
                Free();
        }
    }

    /// <summary>Waits for a batch that is scheduled and takes its next image.</summary>
    /// <returns>False at the end.</returns>
    private bool Take(out Batch? batch, out int position)
    {
        lock (_gate)
        {
            while (!_stop && _taken == _scheduled)
                Monitor.Wait(_gate);
            (batch, position) = (_ring[_taken % _ring.Length], _position);
            if (_stop)
                return false;
            if (++_position == batch.Count)
                (_taken, _position) = (_taken + 1, 0);
            return true;
        }
    }

    private void Free()
    {
        foreach (Batch? batch in _ring)
            batch?.Dispose();
    }
}

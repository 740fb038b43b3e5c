using System.Diagnostics;
using System.Runtime.ExceptionServices;
using AlexNetSharp.Networks;
using AlexNetSharp.Random;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Data;

/// <summary>Prepares batches on background threads, a few ahead of the one that is in use.</summary>
/// <remarks>
/// <para>The batches are a ring of buffers made once. Threads take one image after the other, wherever in the ring its batch lies, so
/// all of them work on the batch that is needed next. Steady running allocates nothing of its own (decoders may).</para>
/// <para>Which images a batch holds, in which order and changed in which way, is a function of seed, epoch and step; threads, prefetch
/// and where the loader began make no difference to any bit. An epoch's order is drawn with Philox from the seed and its number.</para>
/// <para><see cref="Next"/> is for one consumer. An image that fails throws there, at the batch it belongs to, with its name.</para>
/// </remarks>
public sealed class DataLoader : IDisposable
{
    private readonly IImageDataset _images;
    private readonly DataLoaderOptions _options;
    private readonly AugmentationSampler? _sampler;
    private readonly Batch[] _ring;
    private readonly Thread[] _threads;
    private readonly object _gate = new();
    private readonly int[] _order;
    private readonly int _perEpoch;   // images used of each epoch
    private int _orderEpoch = -1;
    private int _epoch, _position;    // the next image to take
    private long _taking;             // number of the batch that image belongs to
    private long _consumed;           // batches given back
    private bool _inUse, _stop;
    private long _waited;

    /// <summary>Starts the threads; they begin to read at once.</summary>
    /// <param name="images">The data set.</param>
    /// <param name="preprocessing">From an image to the network's input.</param>
    /// <param name="options">Batch size, order, random changes, threads.</param>
    /// <exception cref="ArgumentException">A setting is out of range, or the data set is too small for one batch.</exception>
    public DataLoader(IImageDataset images, Preprocessing preprocessing, DataLoaderOptions options)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(preprocessing);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BatchSize, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Prefetch, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.FirstEpoch, nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.FirstStep, nameof(options));
        if (options is { TenCrop: true, Augmentation: not null })
            throw new ArgumentException("Ten crops are for evaluation; they exclude random changes.", nameof(options));
        preprocessing.Validate();
        (_images, _options, Preprocessing) = (images, options, preprocessing);
        StepsPerEpoch = options.DropLast ? images.Count / options.BatchSize : (images.Count + options.BatchSize - 1) / options.BatchSize;
        if (StepsPerEpoch == 0)
            throw new ArgumentException($"{images.Count} images are not enough for a batch of {options.BatchSize}.", nameof(options));
        _perEpoch = (int)Math.Min(images.Count, (long)StepsPerEpoch * options.BatchSize);
        _sampler = options.Augmentation is { } augmentation ? new AugmentationSampler(augmentation, options.Seed) : null;
        _order = new int[images.Count];
        // A step beyond the epoch's last belongs to a later epoch.
        long first = (long)options.FirstEpoch * StepsPerEpoch + options.FirstStep;
        _epoch = (int)Math.Min(first / StepsPerEpoch, int.MaxValue);
        _position = (int)(first % StepsPerEpoch) * options.BatchSize;
        _ring = new Batch[options.Prefetch + 1];
        int length = checked(preprocessing.Length * (options.TenCrop ? Preprocessor.TenCropViews : 1));
        for (int i = 0; i < _ring.Length; i++)
            _ring[i] = new Batch(new AlignedBuffer((long)options.BatchSize * length), options.BatchSize, length);
        _threads = new Thread[options.Threads];
        for (int i = 0; i < _threads.Length; i++)
        {
            _threads[i] = new Thread(Work) { IsBackground = true, Name = $"AlexNetSharp loader {i}" };
            _threads[i].Start();
        }
    }

    /// <summary>From an image to the network's input.</summary>
    public Preprocessing Preprocessing { get; }

    /// <summary>Batches in an epoch.</summary>
    public int StepsPerEpoch { get; }

    /// <summary>How long <see cref="Next"/> has waited for a batch that was not ready, in all.</summary>
    public TimeSpan Waited => Stopwatch.GetElapsedTime(0, _waited);

    /// <summary>Batches that are ready now, beyond the one in use.</summary>
    public int Ready
    {
        get
        {
            lock (_gate)
            {
                int ready = 0;
                long next = _consumed + (_inUse ? 1 : 0);
                while (next + ready < _taking && ready < _ring.Length && _ring[(next + ready) % _ring.Length].Missing == 0)
                    ready++;
                return ready;
            }
        }
    }

    /// <summary>The next batch; the one before must not be used any more.</summary>
    /// <param name="cancellation">Stops the waiting.</param>
    /// <returns>A batch that stays as it is until the next call, or null after the last epoch.</returns>
    /// <exception cref="InvalidDataException">An image of this batch cannot be used; the message begins with its name.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was canceled.</exception>
    /// <exception cref="ObjectDisposedException">The loader was disposed of.</exception>
    public Batch? Next(CancellationToken cancellation = default)
    {
        lock (_gate)
        {
            if (_inUse)
            {
                _inUse = false;
                _consumed++;
                Monitor.PulseAll(_gate);
            }
            Batch batch = _ring[_consumed % _ring.Length];
            if (!IsComplete(batch) && !Wait(batch, cancellation))
                return null;
            if (batch.Error is { } error)
                ExceptionDispatchInfo.Throw(error);
            _inUse = true;
            return batch;
        }
    }

    /// <summary>All images of the batch that is next were taken, and none is missing.</summary>
    private bool IsComplete(Batch batch) => !_stop && _taking > _consumed && batch.Missing == 0;

    /// <summary>Waits, inside the lock, until the next batch is complete, and adds the time to <see cref="Waited"/>.</summary>
    /// <returns>False if there is no next batch.</returns>
    private bool Wait(Batch batch, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            while (!IsComplete(batch))
            {
                ObjectDisposedException.ThrowIf(_stop, this);
                cancellation.ThrowIfCancellationRequested();
                if (_taking == _consumed && _position == 0 && _epoch >= _options.Epochs)
                    return false;
                // Cancellation sends no pulse, so look for it now and then.
                Monitor.Wait(_gate, millisecondsTimeout: 20);
            }
            return true;
        }
        finally
        {
            _waited += Stopwatch.GetTimestamp() - start;
        }
    }

    /// <summary>Ends the threads and frees the batches.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stop = true;
            Monitor.PulseAll(_gate);
        }
        foreach (Thread thread in _threads)
            thread.Join();
        foreach (Batch batch in _ring)
            batch.Free();
    }

    private void Work()
    {
        var preprocessor = new Preprocessor(Preprocessing);
        var image = new PixelBuffer();
        while (Take(out Batch? batch, out int position, out int index, out int epoch))
        {
            Exception? error = null;
            try
            {
                _images.Read(index, image);
                Span<float> place = batch!.Place(position);
                if (_options.TenCrop)
                    preprocessor.ApplyTenCrop(image, place);
                else if (_sampler is null)
                    preprocessor.Apply(image, place);
                else
                    preprocessor.Apply(image, _sampler.Draw(preprocessor, image, index, epoch), place);
            }
            catch (Exception e)
            {
                error = ImageErrors.IsAboutTheImage(e) ? new InvalidDataException(ImageErrors.Describe(_images.Name(index), e), e) : e;
            }
            lock (_gate)
            {
                batch!.Finish(position, error);
                if (batch.Missing == 0)
                    Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Waits for room in the ring and takes the next image.</summary>
    /// <returns>False if there is nothing left to do.</returns>
    private bool Take(out Batch? batch, out int position, out int index, out int epoch)
    {
        (batch, position, index, epoch) = (null, 0, 0, 0);
        lock (_gate)
        {
            while (!_stop && _epoch < _options.Epochs && _taking >= _consumed + _ring.Length)
                Monitor.Wait(_gate);
            if (_stop || _epoch >= _options.Epochs)
                return false;
            batch = _ring[_taking % _ring.Length];
            position = _position % _options.BatchSize;
            epoch = _epoch;
            if (position == 0)
                batch.Begin(_epoch, _position / _options.BatchSize, Math.Min(_options.BatchSize, _perEpoch - _position));
            index = Order(_position);
            batch.Set(position, index, _images.Label(index));
            _position++;
            if (position + 1 == batch.Count)
                _taking++;
            if (_position == _perEpoch)
                (_epoch, _position) = (_epoch + 1, 0);
            return true;
        }
    }

    private int Order(int position)
    {
        if (!_options.Shuffle)
            return position;
        if (_orderEpoch != _epoch)
        {
            for (int i = 0; i < _order.Length; i++)
                _order[i] = i;
            new Philox(_options.Seed ^ SeedSalts.Order, 0, (uint)_epoch).Shuffle<int>(_order);
            _orderEpoch = _epoch;
        }
        return _order[position];
    }
}

using AlexNetSharp.Networks;
using AlexNetSharp.Random;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Data;

/// <summary>Reads a dataset in batches that background threads prepare a few batches ahead.</summary>
/// <remarks>
/// <para>
/// The content of a batch, with order and augmentation, is a function of seed, epoch and step: threads, prefetching
/// and the batch that reading starts with do not change a single bit. The order of an epoch is drawn with Philox from the seed and its number.
/// </para>
/// <para>
/// When epochs are read one after the other, the first batches of an epoch are prepared while the previous one is
/// validated. In the steady state reading allocates nothing. One consumer at a time.
/// </para>
/// </remarks>
/// <example>
/// <code>
/// using var loader = new DataLoader(images, preprocessing, new DataLoaderOptions { BatchSize = 32, Shuffle = true });
/// foreach (Batch batch in loader.Read(epoch: 0))
///     Use(batch.Input, batch.Labels);
/// </code>
/// </example>
public sealed class DataLoader : IBatchSource, IDisposable
{
    private readonly IImageDataset _images;
    private readonly DataLoaderOptions _options;
    private readonly Func<ImagePreparation> _preparation;
    private readonly int _length;
    private readonly int[] _order;
    private ImagePipeline? _pipeline;
    private int _orderEpoch = -1;
    private int _epoch, _step, _end;         // what is scheduled next; the epoch to stop before
    private (int Epoch, int Step) _next;     // what the pipeline delivers next
    private TimeSpan _waitedBefore;
    private string? _fingerprint;
    private bool _disposed;

    /// <summary>Creates a loader; nothing is read or allocated before <see cref="Read"/>.</summary>
    /// <param name="images">The dataset.</param>
    /// <param name="preprocessing">How images become inputs of the network.</param>
    /// <param name="options">Batch size, order, random changes, threads.</param>
    /// <exception cref="ArgumentException">A setting is out of range, or the dataset is too small for one batch.</exception>
    public DataLoader(IImageDataset images, Preprocessing preprocessing, DataLoaderOptions options)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(preprocessing);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        preprocessing.Validate();
        (_images, _options, Preprocessing) = (images, options, preprocessing);
        Count = options.DropLast ? images.Count / options.BatchSize * options.BatchSize : images.Count;
        if (Count == 0)
            throw new ArgumentException(images.Count == 0
                ? "the dataset has no images" : FormattableString.Invariant($"{images.Count} images are not enough for a batch of {options.BatchSize}"), nameof(images));
        Shape = new Shape(preprocessing.CropHeight, preprocessing.CropWidth, preprocessing.Channels);
        _length = checked(preprocessing.Length * options.Views);
        _order = options.Shuffle ? new int[images.Count] : [];
        _preparation = ImagePipeline.Inputs(
            preprocessing, options.TenCrop, options.Augmentation is { } augmentation ? new AugmentationSampler(augmentation, options.Seed) : null);
    }

    /// <summary>How images become inputs of the network.</summary>
    internal Preprocessing Preprocessing { get; }

    /// <inheritdoc/>
    public Shape Shape { get; }

    /// <inheritdoc/>
    public int Count { get; }

    /// <inheritdoc/>
    public int BatchSize => _options.BatchSize;

    /// <summary>Batches per epoch.</summary>
    public int StepsPerEpoch => (Count + BatchSize - 1) / BatchSize;

    /// <inheritdoc/>
    string? IBatchSource.Fingerprint => _fingerprint ??= DatasetFingerprint.Of(_images);

    /// <summary>Total time that <see cref="Read"/> has waited for batches that were not ready.</summary>
    public TimeSpan Waited => _waitedBefore + (_pipeline?.Waited ?? TimeSpan.Zero);

    /// <summary>Number of batches that are ready now, besides the one in use.</summary>
    public int Ready => _pipeline?.Ready ?? 0;

    /// <summary>Reads the batches of an epoch; each is valid until the next one is requested.</summary>
    /// <param name="epoch">Number of the epoch, from 0.</param>
    /// <param name="firstBatch">Batches to skip at the start, to continue an interrupted training.</param>
    /// <param name="cancellationToken">Ends the enumeration between two batches; throws while it waits for one.</param>
    /// <exception cref="InvalidDataException">An image of the batch cannot be used; the message begins with its name.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was canceled while a batch was waited for.</exception>
    /// <exception cref="ObjectDisposedException">The loader has been disposed.</exception>
    /// <exception cref="OutOfMemoryException">The batches need more memory than there is (<see cref="DataLoaderOptions.BytesOf"/>).</exception>
    public IEnumerable<Batch> Read(int epoch = 0, int firstBatch = 0, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfNegative(firstBatch);
        return Batches(epoch, firstBatch, cancellationToken);
    }

    /// <summary>Stops the threads and frees the batches.</summary>
    public void Dispose()
    {
        _disposed = true;
        Stop();
    }

    private IEnumerable<Batch> Batches(int epoch, int firstBatch, CancellationToken cancellation)
    {
        for (int step = firstBatch + FirstTurn; step < StepsPerEpoch && !cancellation.IsCancellationRequested; step += Turns)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_pipeline is null || _next != (epoch, step) || epoch >= _end)
                Start(epoch, step);
            Batch batch = _pipeline!.Next(cancellation)!;
            RequireGood(batch);
            _next = After(epoch, step);
            yield return batch;
        }
    }

    private void RequireGood(Batch batch)
    {
        for (int i = 0; i < batch.Count; i++)
            if (batch.Errors[i] is { } error)
            {
                // Whoever reads on begins anew.
                Stop();
                throw new InvalidDataException(ImageErrors.Describe(_images.Name(batch.Indices[i]), error), error);
            }
    }

    private void Start(int epoch, int step)
    {
        // What is prepared already is of no use; batches that were never begun cost nothing.
        if (_pipeline is { IsDrained: false })
            Stop();
        (_epoch, _step, _next) = (epoch, step, (epoch, step));
        // Images that are always read in the same order without changes are read for one epoch at a time: nobody needs the next one yet.
        _end = _options.Shuffle || _options.Augmentation is not null ? Math.Max(_options.Epochs, epoch + 1) : epoch + 1;
        _pipeline ??= new ImagePipeline(_images, _options.ImagesPerBatch, _length, _options.Threads, _options.Prefetch, Schedule, _preparation);
    }

    private void Stop()
    {
        if (_pipeline is null)
            return;
        _waitedBefore += _pipeline.Waited;
        _pipeline.Dispose();
        _pipeline = null;
    }

    private bool Schedule(Batch batch)
    {
        if (_epoch >= _end)
            return false;
        int first = _step * BatchSize;
        int whole = Math.Min(BatchSize, Count - first), begin = 0, end = whole;
        if (_options.Share is { } share)
        {
            // A batch has at least one image, also where the share of a short one is empty.
            begin = Math.Min(share.First, whole - 1);
            end = (int)Math.Clamp((long)share.First + share.Count, begin + 1, whole);
        }
        batch.Begin(_epoch, _step, end - begin);
        batch.First = begin;
        for (int i = 0; i < batch.Count; i++)
        {
            int index = Order(first + begin + i);
            batch.Set(i, index, _images.Label(index));
        }
        (_epoch, _step) = After(_epoch, _step);
        return true;
    }

    private int FirstTurn => _options.Share?.FirstBatch ?? 0;

    private int Turns => _options.Share?.Stride ?? 1;

    /// <summary>The batch that is read after another.</summary>
    private (int Epoch, int Step) After(int epoch, int step) => step + Turns < StepsPerEpoch ? (epoch, step + Turns) : (epoch + 1, FirstTurn);

    private int Order(int position)
    {
        if (!_options.Shuffle)
            return position;
        if (_orderEpoch != _epoch)
        {
            Shuffle(_order, _options.Seed, _epoch);
            _orderEpoch = _epoch;
        }
        return _order[position];
    }

    /// <summary>The order of an epoch: all numbers from 0 on, shuffled.</summary>
    internal static void Shuffle(int[] order, ulong seed, int epoch)
    {
        for (int i = 0; i < order.Length; i++)
            order[i] = i;
        new Philox(seed ^ SeedSalts.Order, 0, (uint)epoch).Shuffle<int>(order);
    }
}

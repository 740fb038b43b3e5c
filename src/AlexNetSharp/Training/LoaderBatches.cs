using AlexNetSharp.Data;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Training;

/// <summary>The images of a data set, prepared on background threads by a <see cref="DataLoader"/>.</summary>
/// <remarks>
/// While epochs are read one after the other, one loader goes on through all of them: the first batch of an epoch is prepared while the one
/// before is validated.
/// </remarks>
public sealed class LoaderBatches : IBatchSource, IDisposable
{
    private readonly IImageDataset _images;
    private readonly Preprocessing _preprocessing;
    private readonly DataLoaderOptions _options;
    private readonly LoaderBatch _batch = new();
    private DataLoader? _loader;
    private (int Epoch, int Step) _next;
    private int _end;   // the epoch that the loader stops before
    private TimeSpan _waitedBefore;
    private string? _fingerprint;

    /// <summary>Prepares to read; nothing is read yet.</summary>
    /// <param name="images">The data set.</param>
    /// <param name="preprocessing">From an image to the network's input.</param>
    /// <param name="options">Batch size, order, random changes, threads.</param>
    /// <exception cref="ArgumentException">There are no images.</exception>
    public LoaderBatches(IImageDataset images, Preprocessing preprocessing, DataLoaderOptions options)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(preprocessing);
        ArgumentNullException.ThrowIfNull(options);
        if (images.Count == 0)
            throw new ArgumentException("the data set has no images", nameof(images));
        (_images, _preprocessing, _options) = (images, preprocessing, options);
        Shape = new Shape(preprocessing.CropHeight, preprocessing.CropWidth, preprocessing.Channels);
    }

    /// <inheritdoc/>
    public Shape Shape { get; }

    /// <inheritdoc/>
    public int Count => _options.DropLast ? _images.Count / BatchSize * BatchSize : _images.Count;

    /// <inheritdoc/>
    public int BatchSize => _options.BatchSize;

    /// <inheritdoc/>
    public string Fingerprint => _fingerprint ??= DatasetFingerprint.Of(_images);

    /// <summary>How long the training waited for batches that were not ready, in all.</summary>
    public TimeSpan Waited => _waitedBefore + (_loader?.Waited ?? TimeSpan.Zero);

    /// <summary>Batches that are ready now, beyond the one in use.</summary>
    public int Ready => _loader?.Ready ?? 0;

    /// <inheritdoc/>
    public IEnumerable<LabeledBatch> Read(int epoch, int firstBatch = 0, CancellationToken cancellationToken = default)
    {
        int steps = (Count + BatchSize - 1) / BatchSize;
        for (int step = firstBatch; step < steps && !cancellationToken.IsCancellationRequested; step++)
        {
            if (_loader is null || _next != (epoch, step) || epoch >= _end)
                Start(epoch, step);
            _batch.Source = _loader!.Next(cancellationToken) ?? throw new InvalidOperationException("the loader ended before the epoch");
            _next = step + 1 < steps ? (epoch, step + 1) : (epoch + 1, 0);
            yield return _batch;
        }
    }

    /// <summary>Ends the threads and frees the batches.</summary>
    public void Dispose()
    {
        if (_loader is null)
            return;
        _waitedBefore += _loader.Waited;
        _loader.Dispose();
        _loader = null;
    }

    private void Start(int epoch, int step)
    {
        Dispose();
        // Images that are always read in the same order without changes are read for one epoch at a time: nobody needs the next one yet.
        _end = _options.Shuffle || _options.Augmentation is not null ? _options.Epochs : epoch + 1;
        _loader = new DataLoader(_images, _preprocessing, _options with { FirstEpoch = epoch, FirstStep = step, Epochs = _end });
        _next = (epoch, step);
    }

    private sealed class LoaderBatch : LabeledBatch
    {
        public Batch? Source { get; set; }

        public override ReadOnlySpan<float> Images => Source!.Input;

        public override ReadOnlySpan<int> Labels => Source!.Labels;
    }
}

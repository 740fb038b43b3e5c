using AlexNetSharp.Data;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Training;

/// <summary>The pictures of a data set in their order, each in ten views: four corners and the middle, and their mirror images.</summary>
/// <remarks>Source: Krizhevsky et al. 2012, section 4.1. A batch holds the ten views of each picture one after the other.</remarks>
public sealed class TenCropBatches : IBatchSource
{
    /// <summary>Views of a picture.</summary>
    public const int Views = 10;

    private readonly IPictureDataset _pictures;
    private readonly Preprocessing _preprocessing;

    /// <summary>Prepares to read.</summary>
    /// <param name="pictures">The data set.</param>
    /// <param name="preprocessing">From a picture to the network's input.</param>
    /// <param name="batchSize">Pictures of a batch, each with its ten views.</param>
    public TenCropBatches(IPictureDataset pictures, Preprocessing preprocessing, int batchSize)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        ArgumentNullException.ThrowIfNull(preprocessing);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        (_pictures, _preprocessing, BatchSize) = (pictures, preprocessing, batchSize);
        Shape = new Shape(preprocessing.CropHeight, preprocessing.CropWidth, preprocessing.Channels);
    }

    /// <inheritdoc/>
    public Shape Shape { get; }

    /// <inheritdoc/>
    public int Count => _pictures.Count;

    /// <inheritdoc/>
    public int BatchSize { get; }

    /// <inheritdoc/>
    public IEnumerable<LabelledBatch> Read(int epoch, int firstBatch = 0, CancellationToken cancellationToken = default)
    {
        var preprocessor = new Preprocessor(_preprocessing);
        var picture = new PixelBuffer();
        var batch = new TenCropBatch(BatchSize, (int)Shape.Length * Views);
        for (int first = firstBatch * BatchSize; first < Count && !cancellationToken.IsCancellationRequested; first += BatchSize)
        {
            batch.Resize(Math.Min(BatchSize, Count - first));
            for (int i = 0; i < batch.Count; i++)
            {
                _pictures.Read(first + i, picture);
                preprocessor.ApplyTenCrop(picture, batch.Place(i));
                batch.SetLabel(i, _pictures.Label(first + i));
            }
            yield return batch;
        }
    }

    private sealed class TenCropBatch(int size, int length) : LabelledBatch
    {
        private readonly float[] _images = new float[size * length];
        private readonly int[] _labels = new int[size];
        private int _count;

        public override ReadOnlySpan<float> Images => _images.AsSpan(0, _count * length);

        public override ReadOnlySpan<int> Labels => _labels.AsSpan(0, _count);

        public void Resize(int count) => _count = count;

        public Span<float> Place(int index) => _images.AsSpan(index * length, length);

        public void SetLabel(int index, int label) => _labels[index] = label;
    }
}

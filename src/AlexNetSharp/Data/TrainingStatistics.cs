using System.Collections.Immutable;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Data;

/// <summary>Mean, deviation and principal colors of a training set, for preprocessing and augmentation.</summary>
/// <remarks>
/// Computed over the images as the network sees them without augmentation: resized, center-cropped, with the network's channels and
/// values from 0 to 255. Sums are kept in integers, so the result is the same with any number of threads.
/// </remarks>
public sealed class TrainingStatistics
{
    private TrainingStatistics(int images, ImmutableArray<float> elementMean, ImmutableArray<float> channelMean, ImmutableArray<float> channelDeviation, ColorPca? colors)
    {
        (Images, ElementMean, ChannelMean, ChannelDeviation, Colors) = (images, elementMean, channelMean, channelDeviation, colors);
    }

    /// <summary>Number of images counted.</summary>
    internal int Images { get; }

    /// <summary>The mean image [height, width, channels].</summary>
    public ImmutableArray<float> ElementMean { get; }

    /// <summary>Mean of each channel.</summary>
    public ImmutableArray<float> ChannelMean { get; }

    /// <summary>Deviation of each channel over all pixels of all images.</summary>
    public ImmutableArray<float> ChannelDeviation { get; }

    /// <summary>Principal components of color for <see cref="Augmentation.ColorPca"/>; null for grayscale images.</summary>
    public ColorPca? Colors { get; }

    /// <summary>Reads a training set and computes its statistics.</summary>
    /// <param name="images">The training set.</param>
    /// <param name="preprocessing">Sizes and channels; scale, mean and deviation do not matter.</param>
    /// <param name="threads">Threads that read, at least 1.</param>
    /// <param name="progress">Called from time to time with the number of images read so far.</param>
    /// <param name="cancellation">Stops the computation.</param>
    /// <exception cref="InvalidDataException">An image cannot be read, or there are none.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was canceled.</exception>
    public static TrainingStatistics Compute(IImageDataset images, Preprocessing preprocessing, int threads,
        Action<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(preprocessing);
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        if (images.Count == 0)
            throw new InvalidDataException("A mean needs at least one image.");
        Preprocessing plain = preprocessing with { Scale = 1, Mean = [], StandardDeviation = [] };
        List<Sums> sums = [];
        ImagePipeline.ReadAll(
            images, threads,
            () =>
            {
                var own = new Sums(plain);
                lock (sums)
                    sums.Add(own);
                return (image, _, _) => own.Add(image);
            },
            (index, error) => throw new InvalidDataException(ImageErrors.Describe(images.Name(index), error), error), progress, cancellation);
        foreach (Sums other in sums[1..])
            sums[0].Add(other);
        return sums[0].Result(images.Count);
    }

    /// <summary>What one thread has counted.</summary>
    private sealed class Sums(Preprocessing plain)
    {
        private readonly Preprocessor _preprocessor = new(plain);
        private readonly float[] _input = new float[plain.Length];
        private readonly long[] _elements = new long[plain.Length];
        private readonly long[] _products = new long[9];
        private readonly int _channels = plain.Channels;

        public void Add(PixelBuffer image)
        {
            _preprocessor.Apply(image, _input);
            Span<long> products = stackalloc long[9];
            products.Clear();
            for (int i = 0; i < _input.Length; i++)
                _elements[i] += (long)_input[i];
            if (_channels == 1)
                for (int i = 0; i < _input.Length; i++)
                    products[0] += (long)_input[i] * (long)_input[i];
            else
                for (int i = 0; i + 2 < _input.Length; i += 3)
                {
                    long a = (long)_input[i], b = (long)_input[i + 1], c = (long)_input[i + 2];
                    products[0] += a * a;
                    products[1] += a * b;
                    products[2] += a * c;
                    products[4] += b * b;
                    products[5] += b * c;
                    products[8] += c * c;
                }
            for (int i = 0; i < 9; i++)
                _products[i] += products[i];
        }

        public void Add(Sums other)
        {
            for (int i = 0; i < _elements.Length; i++)
                _elements[i] += other._elements[i];
            for (int i = 0; i < 9; i++)
                _products[i] += other._products[i];
        }

        public TrainingStatistics Result(int images)
        {
            double pixels = (double)images * _elements.Length / _channels;
            double[] mean = new double[_channels];
            for (int i = 0; i < _elements.Length; i++)
                mean[i % _channels] += _elements[i] / pixels;
            double[,] covariance = new double[_channels, _channels];
            for (int a = 0; a < _channels; a++)
                for (int b = 0; b < _channels; b++)
                    covariance[a, b] = _products[Math.Min(a, b) * 3 + Math.Max(a, b)] / pixels - mean[a] * mean[b];
            var deviation = Enumerable.Range(0, _channels).Select(c => (float)Math.Sqrt(Math.Max(0, covariance[c, c])));
            return new TrainingStatistics(images, [.. _elements.Select(sum => (float)(sum / (double)images))],
                [.. mean.Select(value => (float)value)], [.. deviation], _channels == 1 ? null : Colors(covariance));
        }

        private ColorPca Colors(double[,] covariance)
        {
            (double[] values, double[,] vectors) = SymmetricEigen.Decompose(covariance);
            bool bgr = plain.ChannelOrder == ChannelOrder.Bgr;
            float[] components = new float[9];
            for (int i = 0; i < 3; i++)
                for (int c = 0; c < 3; c++)
                    components[3 * i + c] = (float)(Math.Sqrt(Math.Max(0, values[i])) * vectors[bgr ? 2 - c : c, i]);
            return new ColorPca([.. components]);
        }
    }
}

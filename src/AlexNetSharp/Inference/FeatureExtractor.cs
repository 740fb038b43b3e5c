using System.Numerics.Tensors;
using AlexNetSharp.Data;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Inference;

/// <summary>
/// Turns images into the values of a hidden layer, by default the last fully connected one before the classes: images with a small
/// Euclidean distance between these show similar things (Krizhevsky et al. 2012, section 6.1 and figure 4).
/// </summary>
/// <remarks>Threads, memory and batches as in <see cref="Classifier"/>. With ten views the features are their mean.</remarks>
public sealed class FeatureExtractor : IDisposable
{
    private readonly Model _model;
    private readonly ImageInference _inference;

    /// <summary>Creates an extractor from a model.</summary>
    /// <param name="model">The model; the extractor disposes it. Its weights must not change from then on.</param>
    /// <param name="layer">
    /// Name of the layer; null for <see cref="LayerOf"/>. For a convolution or fully connected layer followed by a ReLU the features are taken after the ReLU.
    /// </param>
    /// <param name="decoder">Decodes files and streams, such as <c>AlexNetSharp.Images.ImageDecoder</c>; null for pixels alone.</param>
    /// <param name="options">Options; null for the defaults.</param>
    /// <exception cref="ArgumentException">The network has no such layer, or an option is out of range.</exception>
    /// <exception cref="InvalidDataException">
    /// The model states no preprocessing and its network has no usual one, or the preprocessing makes images of another shape than the network takes.
    /// </exception>
    public FeatureExtractor(Model model, string? layer = null, IImageDecoder? decoder = null, InferenceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        Layer = layer ?? LayerOf(model.Network);
        Network = UpTo(model.Network, Layer);
        _model = model;
        _inference = new ImageInference(model, Network, decoder, options ?? new InferenceOptions());
    }

    /// <summary>The layer whose values are the features.</summary>
    public string Layer { get; }

    /// <summary>The model.</summary>
    public Model Model => _model;

    /// <summary>The part of the network that is computed.</summary>
    public Network Network { get; }

    /// <summary>Values of an image: 4096 for fc7.</summary>
    public int Length => _inference.OutputLength;

    /// <summary>How images are preprocessed.</summary>
    public Preprocessing Preprocessing => _inference.Preprocessing;

    /// <summary>
    /// The last hidden fully connected layer of a network, fc7 in AlexNet; where only the classes are fully connected, the layer that they
    /// are computed from.
    /// </summary>
    /// <exception cref="ArgumentException">The network has no fully connected layer.</exception>
    internal static string LayerOf(Network network)
    {
        ArgumentNullException.ThrowIfNull(network);
        int[] linear = [.. network.Layers.Select((layer, i) => layer is Linear ? i : -1).Where(i => i >= 0)];
        return linear.Length > 1 ? network.Layers[linear[^2]].Name
            : linear is [> 0] ? network.Layers[linear[0] - 1].Name
            : throw new ArgumentException($"network '{network.Name}' has no hidden layer before a fully connected one; name the layer");
    }

    /// <summary>Extracts the features of an image file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="cancellationToken">Cancels the call before the network starts on it.</param>
    /// <returns><see cref="Length"/> values; a map in the order height, width, channels.</returns>
    /// <exception cref="IOException">The file is missing or cannot be read; the message names it.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read; the message names it.</exception>
    /// <exception cref="ImageTooLargeException">The image has more pixels or bytes than the decoder accepts; the message names it.</exception>
    /// <exception cref="InvalidDataException">The file is not an image, or damaged; the message names it.</exception>
    /// <exception cref="InvalidOperationException">The extractor has no decoder.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled before the network started on it.</exception>
    /// <exception cref="InsufficientMemoryException">This is the first call of its size, and its plan needs more memory than is available.</exception>
    /// <exception cref="ObjectDisposedException">The extractor has been disposed.</exception>
    public float[] Extract(string path, CancellationToken cancellationToken = default)
    {
        using ImageInference.Lease lease = _inference.Run(path, cancellationToken);
        return MeanOfViews(lease.Call.Output);
    }

    /// <summary>Extracts the features of an image from a stream that holds the bytes of an image file.</summary>
    /// <param name="stream">Read to its end, but no further than <see cref="InferenceOptions.MaxStreamBytes"/>.</param>
    /// <param name="name">Name of the image in error messages.</param>
    /// <param name="cancellationToken">Cancels the call before the network starts on it.</param>
    /// <inheritdoc cref="Extract(string, CancellationToken)"/>
    public float[] Extract(Stream stream, string name = "image", CancellationToken cancellationToken = default)
    {
        using ImageInference.Lease lease = _inference.Run(stream, name, cancellationToken);
        return MeanOfViews(lease.Call.Output);
    }

    /// <summary>Extracts the features of an image from a stream, without blocking a thread while it waits for the stream or the network.</summary>
    /// <inheritdoc cref="Extract(Stream, string, CancellationToken)"/>
    public async Task<float[]> ExtractAsync(Stream stream, string name = "image", CancellationToken cancellationToken = default)
    {
        using ImageInference.Lease lease = await _inference.RunAsync(stream, name, cancellationToken).ConfigureAwait(false);
        return MeanOfViews(lease.Call.Output);
    }

    /// <summary>Extracts the features of an encoded image in memory.</summary>
    /// <param name="encoded">The bytes of the image file.</param>
    /// <param name="name">Name of the image in error messages.</param>
    /// <param name="cancellationToken">Cancels the call before the network starts on it.</param>
    /// <inheritdoc cref="Extract(string, CancellationToken)"/>
    public float[] ExtractEncoded(ReadOnlySpan<byte> encoded, string name = "image", CancellationToken cancellationToken = default)
    {
        using ImageInference.Lease lease = _inference.RunEncoded(encoded, name, cancellationToken);
        return MeanOfViews(lease.Call.Output);
    }

    /// <summary>Extracts the features of an image file, without blocking the caller's thread: it is read and decoded on a thread of the pool.</summary>
    /// <inheritdoc cref="Extract(string, CancellationToken)"/>
    public async Task<float[]> ExtractAsync(string path, CancellationToken cancellationToken = default)
    {
        using ImageInference.Lease lease = await _inference.RunAsync(path, cancellationToken).ConfigureAwait(false);
        return MeanOfViews(lease.Call.Output);
    }

    /// <summary>Extracts the features of an encoded image in memory, without blocking a thread while it waits.</summary>
    /// <inheritdoc cref="ExtractEncoded(ReadOnlySpan{byte}, string, CancellationToken)"/>
    public async Task<float[]> ExtractEncodedAsync(ReadOnlyMemory<byte> encoded, string name = "image", CancellationToken cancellationToken = default)
    {
        using ImageInference.Lease lease = await _inference.RunEncodedAsync(encoded, name, cancellationToken).ConfigureAwait(false);
        return MeanOfViews(lease.Call.Output);
    }

    /// <summary>Extracts the features of preprocessed images: one view, nothing else is done to them.</summary>
    /// <param name="images">[n, height, width, channels], as <see cref="Preprocessor"/> makes them.</param>
    /// <param name="cancellationToken">Stops between two batches.</param>
    /// <returns>[n, <see cref="Length"/>].</returns>
    /// <exception cref="ArgumentException">The images have another shape or gaps.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled between two batches.</exception>
    /// <exception cref="InsufficientMemoryException">This is the first call of its size, and its plan needs more memory than is available.</exception>
    /// <exception cref="ObjectDisposedException">The extractor has been disposed.</exception>
    public Tensor<float> Extract(in ReadOnlyTensorSpan<float> images, CancellationToken cancellationToken = default)
    {
        Tensor<float> features = Tensor.CreateFromShapeUninitialized<float>([_inference.CheckImages(images), Length]);
        _inference.RunTensors(images, features.AsTensorSpan(), cancellationToken);
        return features;
    }

    /// <summary>Extracts the features of a decoded image.</summary>
    /// <param name="pixels">[height, width, channels]: row after row, the channels of a pixel side by side.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="channels">3 (red, green, blue) or 1 (gray).</param>
    /// <param name="cancellationToken">Cancels the call before the network starts on it.</param>
    /// <returns><see cref="Length"/> values; a map in the order height, width, channels.</returns>
    /// <exception cref="ArgumentException">The number of bytes does not fit the sizes, or a size is out of range.</exception>
    public float[] Extract(ReadOnlySpan<byte> pixels, int height, int width, int channels = 3, CancellationToken cancellationToken = default)
    {
        using ImageInference.Lease lease = _inference.Run(pixels, height, width, channels, cancellationToken);
        return MeanOfViews(lease.Call.Output);
    }

    /// <summary>
    /// Extracts the features of many image files, <see cref="InferenceOptions.BatchSize"/> at a time: while a batch is computed, threads of the
    /// enumeration decode the next two. An image that cannot be read does not stop the enumeration.
    /// </summary>
    /// <param name="paths">The files; enumerated up to three batches ahead.</param>
    /// <param name="cancellationToken">Stops between two batches.</param>
    /// <returns>The images in their order, each with its features or the error.</returns>
    /// <exception cref="InvalidOperationException">The extractor has no decoder.</exception>
    public IEnumerable<FileResult<float[]>> ExtractFiles(IEnumerable<string> paths, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(paths);
        return _inference.RunFiles(paths, MeanOfViews, cancellationToken);
    }

    /// <summary>Extracts the features of many image files, without blocking a thread while they are decoded and computed.</summary>
    /// <inheritdoc cref="ExtractFiles"/>
    public IAsyncEnumerable<FileResult<float[]>> ExtractFilesAsync(IEnumerable<string> paths, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(paths);
        return _inference.RunFilesAsync(paths, MeanOfViews, cancellationToken);
    }

    /// <summary>Bytes of the batches that one enumeration of <see cref="ExtractFiles"/> holds while it runs.</summary>
    /// <remarks>In addition, each of its threads holds a decoded image and what the decoder needs.</remarks>
    public long FileBytes => _inference.FileBytes;

    /// <summary>Creates the plan for this many images at once and prepares the weights, so that the first call is as fast as later ones.</summary>
    /// <param name="images">Images per call; capped at the batch size.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="images"/> is below 1.</exception>
    /// <exception cref="InsufficientMemoryException">The plan needs more memory than is available.</exception>
    /// <exception cref="ObjectDisposedException">The extractor has been disposed.</exception>
    public void WarmUp(int images = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(images, 1);
        _inference.WarmUp(images);
    }

    /// <summary>Number of calls waiting right now, for memory to decode their image or for the network: the queue length.</summary>
    public int Waiting => _inference.Waiting;

    /// <summary>Releases memory that is kept for further calls, for example after a peak in load. Weights and plans stay.</summary>
    public void Trim() => _inference.Trim();

    /// <summary>Waits for running calls, stops the threads and frees plans and weights.</summary>
    public void Dispose()
    {
        _inference.Dispose();
        _model.Dispose();
    }

    private static Network UpTo(Network network, string layer)
    {
        int last = network.IndexOf(layer);
        if (last < 0)
            throw new ArgumentException($"network '{network.Name}' has no layer '{layer}'; it has {string.Join(", ", network.Layers.Select(l => l.Name))}", nameof(layer));
        if (network.Layers[last] is Conv2d or Linear && last + 1 < network.Layers.Count && network.Layers[last + 1] is ReLU)
            last++;
        return new Network(network.Name, network.InputShape, network.Layers.Take(last + 1));
    }

    private float[] MeanOfViews(Span<float> output)
    {
        float[] features = output[..Length].ToArray();
        for (int v = 1; v < _inference.Views; v++)
            TensorPrimitives.Add(features, output.Slice(v * Length, Length), features);
        if (_inference.Views > 1)
            TensorPrimitives.Divide(features, _inference.Views, features);
        return features;
    }
}

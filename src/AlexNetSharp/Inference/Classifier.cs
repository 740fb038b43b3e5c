using System.Numerics.Tensors;
using AlexNetSharp.Data;
using AlexNetSharp.Formats;
using AlexNetSharp.Kernels.Elementwise;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Inference;

/// <summary>Classifies images: a model, its preprocessing and its class names in one object.</summary>
/// <remarks>
/// <para>
/// All members are thread-safe. Each caller decodes and prepares its own image; one thread (with the threads of its plan) then runs the network
/// on all images that are waiting, so that under load calls are batched instead of competing for the processors. The result of an image does not
/// depend on the images it was batched with, except for the last bits where an algorithm depends on the batch size.
/// </para>
/// <para>
/// Memory: one copy of the weights; two plans, created when they are first needed (or by <see cref="WarmUp"/>); and buffers for at most
/// <see cref="InferenceOptions.MaxConcurrency"/> calls. A call with pixels or tensors allocates nothing but its result; for files and streams
/// the decoder adds a few small objects.
/// </para>
/// </remarks>
/// <example>
/// <code>
/// using var classifier = Classifier.Load("model.safetensors", new ImageDecoder());
/// foreach (Prediction prediction in classifier.Classify("cat.jpg", top: 5))
///     Console.WriteLine($"{prediction.Probability:P1} {prediction.Name}");
/// </code>
/// </example>
public sealed class Classifier : IDisposable
{
    private readonly Model _model;
    private readonly ImageInference _inference;

    /// <summary>Creates a classifier from a model in memory.</summary>
    /// <param name="model">The model; the classifier disposes it. Its weights must not change from then on.</param>
    /// <param name="decoder">Decodes files and streams, such as <c>AlexNetSharp.Images.ImageDecoder</c>; null for pixels and tensors alone.</param>
    /// <param name="options">Options; null for the defaults.</param>
    /// <exception cref="InvalidDataException">
    /// The model states no preprocessing and its network has no usual one, or the preprocessing makes images of another shape than the network takes.
    /// </exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public Classifier(Model model, IImageDecoder? decoder = null, InferenceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        _model = model;
        _inference = new ImageInference(model, model.Network, decoder, options ?? new InferenceOptions());
        Classes = model.Classes.Count > 0 ? model.Classes
            : [.. Enumerable.Range(0, _inference.OutputLength).Select(i => new ClassName(FormattableString.Invariant($"{i}"), FormattableString.Invariant($"class {i}")))];
    }

    /// <summary>Loads a model and creates a classifier from it.</summary>
    /// <param name="path">.safetensors, PyTorch's .pth or .pt, .caffemodel or .onnx.</param>
    /// <param name="decoder">Decodes files and streams, such as <c>AlexNetSharp.Images.ImageDecoder</c>; null for pixels and tensors alone.</param>
    /// <param name="options">Options; null for the defaults.</param>
    /// <param name="network">If the file does not state its network, the network's name or a file that describes it, see <see cref="ModelFile.Load(string, string?)"/>; null to recognize it.</param>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, its network is not known, or it does not say how images are prepared.</exception>
    /// <exception cref="ArgumentException">An option is out of range, or <paramref name="network"/> is neither a known network nor a file.</exception>
    public static Classifier Load(string path, IImageDecoder? decoder = null, InferenceOptions? options = null, string? network = null)
    {
        Model model = ModelFile.Load(path, network);
        try
        {
            return new Classifier(model, decoder, options);
        }
        catch (Exception e)
        {
            model.Dispose();
            if (e is InvalidDataException)
                throw new InvalidDataException($"{path}: {e.Message}", e);
            throw;
        }
    }

    /// <summary>The model.</summary>
    public Model Model => _model;

    /// <summary>The classes in the order of the network's output; where the model names none, <c>class 0</c>, <c>class 1</c>, ….</summary>
    public IReadOnlyList<ClassName> Classes { get; }

    /// <summary>How images are preprocessed.</summary>
    public Preprocessing Preprocessing => _inference.Preprocessing;

    /// <summary>Classifies an image file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="top">How many classes to return, the most probable first.</param>
    /// <param name="cancellationToken">Cancels the call before the network starts on it.</param>
    /// <returns>The most probable classes: <paramref name="top"/>, or all if there are fewer.</returns>
    /// <exception cref="IOException">The file is missing or cannot be read; the message names it.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read; the message names it.</exception>
    /// <exception cref="ImageTooLargeException">The image has more pixels or bytes than the decoder accepts; the message names it.</exception>
    /// <exception cref="InvalidDataException">The file is not an image, or damaged; the message names it.</exception>
    /// <exception cref="InvalidOperationException">The classifier has no decoder, or the network's output is not finite: the model is damaged.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="top"/> is below 1.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled before the network started on it.</exception>
    /// <exception cref="InsufficientMemoryException">This is the first call of its size, and its plan needs more memory than is available.</exception>
    /// <exception cref="ObjectDisposedException">The classifier has been disposed.</exception>
    public Prediction[] Classify(string path, int top = 5, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(top, 1);
        using ImageInference.Lease lease = _inference.Run(path, cancellationToken);
        return Best(lease.Call.Output, top);
    }

    /// <summary>Classifies an image from a stream that holds the bytes of an image file.</summary>
    /// <param name="stream">Read to its end, but no further than <see cref="InferenceOptions.MaxStreamBytes"/>.</param>
    /// <param name="top">How many classes to return, the most probable first.</param>
    /// <param name="name">Name of the image in error messages.</param>
    /// <param name="cancellationToken">Cancels the call before the network starts on it.</param>
    /// <inheritdoc cref="Classify(string, int, CancellationToken)"/>
    public Prediction[] Classify(Stream stream, int top = 5, string name = "image", CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(top, 1);
        using ImageInference.Lease lease = _inference.Run(stream, name, cancellationToken);
        return Best(lease.Call.Output, top);
    }

    /// <summary>Classifies an image from a stream, without blocking a thread while it waits for the stream or the network.</summary>
    /// <inheritdoc cref="Classify(Stream, int, string, CancellationToken)"/>
    public async Task<Prediction[]> ClassifyAsync(Stream stream, int top = 5, string name = "image", CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(top, 1);
        using ImageInference.Lease lease = await _inference.RunAsync(stream, name, cancellationToken).ConfigureAwait(false);
        return Best(lease.Call.Output, top);
    }

    /// <summary>Classifies an image file, without blocking the caller's thread: it is read and decoded on a thread of the pool.</summary>
    /// <inheritdoc cref="Classify(string, int, CancellationToken)"/>
    public async Task<Prediction[]> ClassifyAsync(string path, int top = 5, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(top, 1);
        using ImageInference.Lease lease = await _inference.RunAsync(path, cancellationToken).ConfigureAwait(false);
        return Best(lease.Call.Output, top);
    }

    /// <summary>Classifies an encoded image in memory, without blocking a thread while it waits for its turn or the network.</summary>
    /// <inheritdoc cref="ClassifyEncoded(ReadOnlySpan{byte}, int, string, CancellationToken)"/>
    public async Task<Prediction[]> ClassifyEncodedAsync(
        ReadOnlyMemory<byte> encoded, int top = 5, string name = "image", CancellationToken cancellationToken = default) =>
        (await ClassifyTimedAsync(encoded, top, name, cancellationToken).ConfigureAwait(false)).Predictions;

    /// <summary>Classifies an encoded image in memory, and tells where the time went.</summary>
    /// <inheritdoc cref="ClassifyEncoded(ReadOnlySpan{byte}, int, string, CancellationToken)"/>
    /// <returns>The most probable classes, <paramref name="top"/> or all if there are fewer, and the times.</returns>
    public async Task<(Prediction[] Predictions, InferenceTimings Timings)> ClassifyTimedAsync(
        ReadOnlyMemory<byte> encoded, int top = 5, string name = "image", CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(top, 1);
        using ImageInference.Lease lease = await _inference.RunEncodedAsync(encoded, name, cancellationToken).ConfigureAwait(false);
        return (Best(lease.Call.Output, top), lease.Timings);
    }

    /// <summary>Classifies a decoded image.</summary>
    /// <param name="pixels">[height, width, channels]: row after row, the channels of a pixel side by side.</param>
    /// <param name="height">Rows.</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="channels">3 (red, green, blue) or 1 (gray).</param>
    /// <param name="top">How many classes to return, the most probable first.</param>
    /// <param name="cancellationToken">Cancels the call before the network starts on it.</param>
    /// <returns>The most probable classes: <paramref name="top"/>, or all if there are fewer.</returns>
    /// <exception cref="ArgumentException">The number of bytes does not fit the sizes, or a size or <paramref name="top"/> is out of range.</exception>
    /// <exception cref="InvalidDataException">The image is smaller than the crop and the preprocessing does not resize.</exception>
    /// <exception cref="InvalidOperationException">The network's output is not finite: the model is damaged.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled before the network started on it.</exception>
    /// <exception cref="InsufficientMemoryException">This is the first call of its size, and its plan needs more memory than is available.</exception>
    /// <exception cref="ObjectDisposedException">The classifier has been disposed.</exception>
    public Prediction[] Classify(
        ReadOnlySpan<byte> pixels, int height, int width, int channels = 3, int top = 5, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(top, 1);
        using ImageInference.Lease lease = _inference.Run(pixels, height, width, channels, cancellationToken);
        return Best(lease.Call.Output, top);
    }

    /// <summary>Classifies an encoded image in memory.</summary>
    /// <param name="encoded">The bytes of the image file.</param>
    /// <param name="top">How many classes to return, the most probable first.</param>
    /// <param name="name">Name of the image in error messages.</param>
    /// <param name="cancellationToken">Cancels the call before the network starts on it.</param>
    /// <inheritdoc cref="Classify(string, int, CancellationToken)"/>
    public Prediction[] ClassifyEncoded(ReadOnlySpan<byte> encoded, int top = 5, string name = "image", CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(top, 1);
        using ImageInference.Lease lease = _inference.RunEncoded(encoded, name, cancellationToken);
        return Best(lease.Call.Output, top);
    }

    /// <summary>
    /// Classifies many image files, <see cref="InferenceOptions.BatchSize"/> at a time: while a batch is computed, threads of the enumeration
    /// decode the next two. An image that cannot be read does not stop the enumeration.
    /// </summary>
    /// <param name="paths">The files; enumerated up to three batches ahead.</param>
    /// <param name="top">How many classes to return for each, the most probable first.</param>
    /// <param name="cancellationToken">Stops between two batches.</param>
    /// <returns>The images in their order, each with its predictions or the error.</returns>
    /// <exception cref="InvalidOperationException">The classifier has no decoder, or the network's output is not finite: the model is damaged.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="top"/> is below 1.</exception>
    /// <exception cref="OperationCanceledException">The enumeration was canceled.</exception>
    /// <exception cref="InsufficientMemoryException">This is the first call of its size, and its plan needs more memory than is available.</exception>
    /// <exception cref="ObjectDisposedException">The classifier has been disposed.</exception>
    public IEnumerable<FileResult<Prediction[]>> ClassifyFiles(IEnumerable<string> paths, int top = 5, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentOutOfRangeException.ThrowIfLessThan(top, 1);
        return _inference.RunFiles(paths, output => Best(output, top), cancellationToken);
    }

    /// <summary>Classifies many image files, without blocking a thread while they are decoded and computed.</summary>
    /// <inheritdoc cref="ClassifyFiles"/>
    public IAsyncEnumerable<FileResult<Prediction[]>> ClassifyFilesAsync(
        IEnumerable<string> paths, int top = 5, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentOutOfRangeException.ThrowIfLessThan(top, 1);
        return _inference.RunFilesAsync(paths, output => Best(output, top), cancellationToken);
    }

    /// <summary>Bytes of the batches that one enumeration of <see cref="ClassifyFiles"/> holds while it runs.</summary>
    /// <remarks>In addition, each of its threads holds a decoded image and what the decoder needs.</remarks>
    public long FileBytes => _inference.FileBytes;

    /// <summary>Runs preprocessed images through the network: one view, no softmax.</summary>
    /// <param name="images">[n, height, width, channels], as <see cref="Preprocessor"/> makes them.</param>
    /// <param name="logits">Receives [n, classes], without gaps.</param>
    /// <param name="cancellationToken">Stops between two batches.</param>
    /// <exception cref="ArgumentException">A tensor has another shape or gaps.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled between two batches.</exception>
    /// <exception cref="InsufficientMemoryException">This is the first call of its size, and its plan needs more memory than is available.</exception>
    /// <exception cref="ObjectDisposedException">The classifier has been disposed.</exception>
    public void Logits(in ReadOnlyTensorSpan<float> images, in TensorSpan<float> logits, CancellationToken cancellationToken = default)
    {
        int n = _inference.CheckImages(images), classes = _inference.OutputLength;
        if (logits.Rank != 2 || logits.Lengths[0] != n || logits.Lengths[1] != classes || !logits.IsDense)
            throw new ArgumentException(FormattableString.Invariant($"the logits of {n} images need a dense tensor of shape [{n}, {classes}]"), nameof(logits));
        _inference.RunTensors(images, logits, cancellationToken);
    }

    /// <summary>Runs preprocessed images through the network: one view, no softmax.</summary>
    /// <param name="images">[n, height, width, channels], as <see cref="Preprocessor"/> makes them.</param>
    /// <param name="cancellationToken">Stops between two batches.</param>
    /// <returns>[n, classes].</returns>
    /// <exception cref="ArgumentException">The images have another shape or gaps.</exception>
    /// <exception cref="OperationCanceledException">The call was canceled between two batches.</exception>
    /// <exception cref="InsufficientMemoryException">This is the first call of its size, and its plan needs more memory than is available.</exception>
    /// <exception cref="ObjectDisposedException">The classifier has been disposed.</exception>
    public Tensor<float> Logits(in ReadOnlyTensorSpan<float> images, CancellationToken cancellationToken = default)
    {
        Tensor<float> logits = Tensor.CreateFromShapeUninitialized<float>([_inference.CheckImages(images), _inference.OutputLength]);
        Logits(images, logits.AsTensorSpan(), cancellationToken);
        return logits;
    }

    /// <summary>Runs preprocessed images through the network and applies softmax: one view.</summary>
    /// <inheritdoc cref="Logits(in ReadOnlyTensorSpan{float}, CancellationToken)"/>
    public Tensor<float> Probabilities(in ReadOnlyTensorSpan<float> images, CancellationToken cancellationToken = default)
    {
        Tensor<float> values = Logits(images, cancellationToken);
        int classes = _inference.OutputLength;
        for (nint i = 0; i < values.Lengths[0]; i++)
        {
            Span<float> row = values.GetSpan([i, 0], classes);
            Softmax.MeanOfViews(row, row);
        }
        return values;
    }

    /// <summary>Number of calls waiting right now, for memory to decode their image or for the network: the queue length.</summary>
    public int Waiting => _inference.Waiting;

    /// <summary>Releases memory that is kept for further calls, for example after a peak in load. Weights and plans stay.</summary>
    public void Trim() => _inference.Trim();

    /// <summary>Creates the plan for this many images at once and prepares the weights, so that the first call is as fast as later ones.</summary>
    /// <param name="images">Images per call; capped at the batch size.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="images"/> is below 1.</exception>
    /// <exception cref="InsufficientMemoryException">The plan needs more memory than is available.</exception>
    /// <exception cref="ObjectDisposedException">The classifier has been disposed.</exception>
    public void WarmUp(int images = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(images, 1);
        _inference.WarmUp(images);
    }

    /// <summary>Waits for running calls, stops the threads and frees plans and weights. Later calls fail with <see cref="ObjectDisposedException"/>. Thread-safe.</summary>
    public void Dispose()
    {
        _inference.Dispose();
        _model.Dispose();
    }

    /// <summary>The most probable classes; of equally probable ones the lower number first.</summary>
    private Prediction[] Best(Span<float> logits, int top)
    {
        int classes = _inference.OutputLength;
        // The first view's room receives the probabilities.
        Span<float> probabilities = logits[..classes];
        Softmax.MeanOfViews(logits, probabilities);
        var best = new Prediction[Math.Min(top, classes)];
        for (int k = 0, count = 0; k < classes; k++)
        {
            float probability = probabilities[k];
            if (!float.IsFinite(probability))
                throw new InvalidOperationException(FormattableString.Invariant(
                    $"the output of network '{_model.Network.Name}' is not finite (class {k}): its weights are damaged or belong to another network"));
            if (count == best.Length && probability <= best[^1].Probability)
                continue;
            int at = count < best.Length ? count++ : count - 1;
            for (; at > 0 && best[at - 1].Probability < probability; at--)
                best[at] = best[at - 1];
            best[at] = new Prediction(k, Classes[k], probability);
        }
        return best;
    }
}

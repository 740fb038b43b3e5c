using System.Runtime.InteropServices;
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Formats;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Training;

/// <summary>
/// The outputs of a network's frozen layers for the images of a dataset, computed once: batches for training the layers after them.
/// </summary>
/// <remarks>
/// Layers that do not learn give the same for an image in every epoch, as long as the image is not changed at random. The order of an epoch
/// is that of a <see cref="DataLoader"/> with the same seed, so the training has the same bits with and without the features kept.
/// </remarks>
public sealed class FeatureBatches : IBatchSource, IDisposable
{
    private const string TensorName = "features", KeyName = "alexnetsharp.features.key";

    private readonly AlignedBuffer? _memory;
    private readonly TensorFile? _file;
    private readonly NamedTensor? _tensor;
    private readonly Shape _shape;
    private readonly string? _fingerprint;
    private readonly int[] _labels;
    private readonly int _length, _batchSize;
    private readonly ulong? _seed;

    private FeatureBatches(Shape shape, int[] labels, int batchSize, ulong? seed, string? fingerprint, AlignedBuffer? memory, TensorFile? file)
    {
        (_shape, _batchSize, _fingerprint) = (shape, batchSize, fingerprint);
        (_labels, _seed, _memory, _file) = (labels, seed, memory, file);
        _length = checked((int)shape.Length);
        file?.TryGet(TensorName, out _tensor);
    }

    /// <inheritdoc/>
    Shape IBatchSource.Shape => _shape;

    /// <inheritdoc/>
    int IBatchSource.Count => Count;

    /// <inheritdoc/>
    int IBatchSource.BatchSize => _batchSize;

    /// <inheritdoc/>
    string? IBatchSource.Fingerprint => _fingerprint;

    private int Count => _labels.Length;

    /// <summary>Computes the features of all images and keeps them in memory.</summary>
    /// <param name="executor">The frozen layers, in inference.</param>
    /// <param name="images">The images, in their own order; read once.</param>
    /// <param name="batchSize">Images per batch of the training.</param>
    /// <param name="seed">Key of the random order, as that of <see cref="DataLoaderOptions.Seed"/>; null: always in the same order.</param>
    /// <param name="progress">Receives the number of images done, in all processes together.</param>
    /// <param name="processes">
    /// Processes that share the work; null for this one alone. All have to call this, with the same parameters and images; each computes some of the batches
    /// (and needs to read only these: <see cref="BatchShare.OfBatches"/>), and all get the features of all, with the bits of one process alone.
    /// </param>
    /// <param name="cancellationToken">Stops between two batches; in one of several processes, it stops all of them after the same batches.</param>
    /// <exception cref="InvalidDataException">An image cannot be read or used; the message begins with its name.</exception>
    /// <exception cref="OutOfMemoryException">There is not enough memory.</exception>
    /// <exception cref="OperationCanceledException">The token, or that of another process, was canceled.</exception>
    public static FeatureBatches Compute(
        IExecutor executor, IBatchSource images, int batchSize, ulong? seed, Action<int>? progress = null, IProcessGroup? processes = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(executor);
        ArgumentNullException.ThrowIfNull(images);
        if (processes is not null)
            return ComputeShared(executor, images, processes, batchSize, seed, progress, cancellationToken);
        int length = checked((int)executor.Network.OutputShape.Length), count = images.Count;
        var memory = new AlignedBuffer((long)count * length);
        try
        {
            var labels = new int[count];
            int done = 0;
            foreach (BatchPart part in ForwardPass.Run(executor, images, cancellationToken: cancellationToken))
            {
                for (int i = 0; i < part.Count; i++)
                {
                    using AlignedBuffer.Lease output = executor.Hold();
                    labels[part.Indices[i]] = part.Labels[i];
                    executor.Output.Slice(i * length, length).CopyTo(Row(memory, part.Indices[i], length));
                }
                progress?.Invoke(done += part.Count);
            }
            return new FeatureBatches(executor.Network.OutputShape, labels, batchSize, seed, images.Fingerprint, memory, null);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>The features of all images, in several processes: process r does each batch whose number leaves r.</summary>
    private static FeatureBatches ComputeShared(
        IExecutor executor, IBatchSource images, IProcessGroup processes, int batchSize, ulong? seed,
        Action<int>? progress, CancellationToken cancellationToken)
    {
        int length = checked((int)executor.Network.OutputShape.Length), count = images.Count, each = images.BatchSize;
        int n = processes.Count, batches = (count + each - 1) / each;
        var memory = new AlignedBuffer((long)count * length);
        try
        {
            var labels = new int[count];
            // One label more: whether to stop.
            (float[] own, int[] ownLabels) = (new float[checked(each * length)], new int[each + 1]);
            (float[] all, int[] allLabels) = (new float[checked(own.Length * n)], new int[ownLabels.Length * n]);
            using IEnumerator<BatchPart> mine = ForwardPass.Run(executor, images, cancellationToken: CancellationToken.None)
                .Where(part => part.Batch.Step % n == processes.Rank).GetEnumerator();
            for (int round = 0; round < batches; round += n)
            {
                int batch = round + processes.Rank, wanted = batch < batches ? Math.Min(each, count - batch * each) : 0;
                for (int done = 0; done < wanted; done += mine.Current.Count)
                {
                    if (!mine.MoveNext())
                        throw new InvalidOperationException("the images ended before their last batch");
                    mine.Current.Labels.CopyTo(ownLabels.AsSpan(done));
                    executor.Output[..(mine.Current.Count * length)].CopyTo(own.AsSpan(done * length));
                }
                ownLabels[^1] = cancellationToken.IsCancellationRequested ? 1 : 0;
                processes.AllGather<float>(own, all);
                processes.AllGather<int>(ownLabels, allLabels);
                if (Enumerable.Range(1, n).Any(rank => allLabels[rank * ownLabels.Length - 1] != 0))
                    throw new OperationCanceledException(cancellationToken);
                for (int rank = 0, first = round * each; rank < n && first < count; rank++, first += each)
                {
                    int here = Math.Min(each, count - first);
                    allLabels.AsSpan(rank * ownLabels.Length, here).CopyTo(labels.AsSpan(first));
                    all.AsSpan(rank * own.Length, here * length).CopyTo(Range(memory, (long)first * length, here * length));
                }
                progress?.Invoke(Math.Min(count, (round + n) * each));
            }
            return new FeatureBatches(executor.Network.OutputShape, labels, batchSize, seed, images.Fingerprint, memory, null);
        }
        catch
        {
            memory.Dispose();
            throw;
        }
    }

    /// <summary>Sends the features of process 0 to all processes.</summary>
    /// <param name="own">Those of process 0; null in others.</param>
    /// <param name="shape">Shape of the features of an image.</param>
    /// <param name="images">The images, the same in all processes.</param>
    /// <param name="processes">The processes; all have to call this.</param>
    /// <param name="batchSize">Images per batch of the training.</param>
    /// <param name="seed">As for <see cref="Compute"/>.</param>
    /// <returns>In process 0 <paramref name="own"/>; in others the same in memory.</returns>
    /// <exception cref="OutOfMemoryException">There is not enough memory.</exception>
    public static FeatureBatches Broadcast(FeatureBatches? own, Shape shape, IBatchSource images, IProcessGroup processes, int batchSize, ulong? seed)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(processes);
        int length = checked((int)shape.Length), count = images.Count;
        AlignedBuffer? memory = own is null ? new AlignedBuffer((long)count * length) : null;
        try
        {
            int[] labels = own?._labels ?? new int[count];
            processes.Broadcast(MemoryMarshal.AsBytes(labels.AsSpan()));
            float[] row = new float[length];
            for (int i = 0; i < count; i++)
            {
                own?.Copy((long)i * length, row);
                processes.Broadcast(MemoryMarshal.AsBytes(row.AsSpan()));
                if (memory is not null)
                    row.CopyTo(Row(memory, i, length));
            }
            return own ?? new FeatureBatches(shape, labels, batchSize, seed, images.Fingerprint, memory, null);
        }
        catch
        {
            memory?.Dispose();
            throw;
        }
    }

    /// <summary>Writes the features to a safetensors file, completely or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="key">A key for what they depend on, to be given again when the file is opened.</param>
    /// <exception cref="IOException">The file cannot be written; an older one stays.</exception>
    public void Save(string path, string key) => SafetensorsWriter.Write(
        path,
        [
            new TensorSource(TensorName, [Count, _length], Copy),
            new TensorSource("labels", [Count], (first, destination) =>
            {
                for (int i = 0; i < destination.Length; i++)
                    destination[i] = _labels[first + i];
            }),
        ],
        new Dictionary<string, string> { [KeyName] = key });

    /// <summary>Opens features that <see cref="Save"/> wrote; they stay in the file, which is mapped into memory.</summary>
    /// <param name="path">The file.</param>
    /// <param name="key">The key that was given to <see cref="Save"/>.</param>
    /// <param name="shape">Shape of the features of an image.</param>
    /// <param name="images">The images that they must be of: number, classes, fingerprint.</param>
    /// <param name="batchSize">Images per batch of the training.</param>
    /// <param name="seed">Key of the random order; null: always in the same order.</param>
    /// <returns>The features, or null if there is no such file, or it is damaged or holds other features.</returns>
    public static FeatureBatches? Open(string path, string key, Shape shape, IBatchSource images, int batchSize, ulong? seed)
    {
        ArgumentNullException.ThrowIfNull(images);
        TensorFile? file = null;
        try
        {
            if (!File.Exists(path))
                return null;
            file = TensorFile.Open(path);
            if (file.Metadata.GetValueOrDefault(KeyName) == key
                && file.TryGet(TensorName, out NamedTensor? features) && features.Shape.SequenceEqual([images.Count, shape.Length])
                && file.TryGet("labels", out NamedTensor? labels) && labels.Count == images.Count)
            {
                var batches = new FeatureBatches(
                    shape, [.. labels.ToArray().Select(label => (int)label)], batchSize, seed, images.Fingerprint, null, file);
                file = null;
                return batches;
            }
            return null;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return null;
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>The mean over the images of the squared Euclidean norm of their features.</summary>
    public double MeanSquaredNorm()
    {
        var row = new float[_length];
        double sum = 0;
        for (int i = 0; i < Count; i++)
        {
            Copy((long)i * _length, row);
            foreach (float value in row)
                sum += (double)value * value;
        }
        return sum / Count;
    }

    /// <inheritdoc/>
    IEnumerable<Batch> IBatchSource.Read(int epoch, int firstBatch, CancellationToken cancellationToken)
    {
        int[] order = new int[Count];
        if (_seed is { } seed)
            DataLoader.Shuffle(order, seed, epoch);
        else
            for (int i = 0; i < order.Length; i++)
                order[i] = i;
        using var batch = new Batch(_batchSize, _length);
        for (int step = firstBatch; step * (long)_batchSize < Count && !cancellationToken.IsCancellationRequested; step++)
        {
            batch.Begin(epoch, step, Math.Min(_batchSize, Count - step * _batchSize));
            for (int i = 0; i < batch.Count; i++)
            {
                int index = order[step * _batchSize + i];
                Copy((long)index * _length, batch.Set(i, index, _labels[index]));
            }
            yield return batch;
        }
    }

    /// <summary>Frees the memory, or closes the file.</summary>
    public void Dispose()
    {
        _memory?.Dispose();
        _file?.Dispose();
    }

    private void Copy(long first, Span<float> destination)
    {
        if (_tensor is not null)
            _tensor.CopyRange(first, destination);
        else
        {
            using AlignedBuffer.Lease lease = _memory!.Hold();
            Range(_memory, first, destination.Length).CopyTo(destination);
        }
    }

    private static Span<float> Row(AlignedBuffer memory, int index, int length) => Range(memory, (long)index * length, length);

    private static unsafe Span<float> Range(AlignedBuffer memory, long first, int length) => new(memory.Pointer + first, length);
}

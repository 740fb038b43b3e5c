using System.Runtime.ExceptionServices;
using AlexNetSharp.Data;

namespace AlexNetSharp.Inference;

/// <summary>Image files for a pipeline, taken from an enumeration as the pipeline has room for them; only those under way are held.</summary>
/// <param name="paths">The files.</param>
/// <param name="decoder">Reads them.</param>
/// <param name="batchSize">Files of a batch.</param>
/// <param name="batches">Batches of the pipeline.</param>
internal sealed class FileWindow(IEnumerable<string> paths, IImageDecoder decoder, int batchSize, int batches) : IImageDataset, IDisposable
{
    private readonly IEnumerator<string> _paths = paths.GetEnumerator();
    private readonly string[] _window = new string[checked(batchSize * batches)];
    private ExceptionDispatchInfo? _failure;
    private bool _ended;
    private int _first;

    /// <inheritdoc/>
    public int Count => _window.Length;

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes => [];

    /// <inheritdoc/>
    public int Label(int index) => 0;

    /// <inheritdoc/>
    public string Name(int index) => _window[index];

    /// <inheritdoc/>
    public void Read(int index, PixelBuffer target) => decoder.DecodeFile(_window[index], target);

    /// <summary>Takes the files of the next batch; an exception of the enumeration ends it after those that came before.</summary>
    public bool Schedule(Batch batch)
    {
        int count = 0;
        try
        {
            while (count < batchSize && !_ended)
                if (_paths.MoveNext())
                    _window[_first + count++] = _paths.Current;
                else
                    _ended = true;
        }
#pragma warning disable CA1031 // Every exception belongs to the consumer.
        catch (Exception e)
#pragma warning restore CA1031
        {
            (_failure, _ended) = (ExceptionDispatchInfo.Capture(e), true);
        }
        batch.Begin(0, 0, count);
        for (int i = 0; i < count; i++)
            batch.Set(i, _first + i, 0);
        _first = (_first + batchSize) % _window.Length;
        return count > 0;
    }

    /// <summary>Throws what the enumeration of the files threw.</summary>
    public void ThrowIfFailed() => _failure?.Throw();

    /// <inheritdoc/>
    public void Dispose() => _paths.Dispose();
}

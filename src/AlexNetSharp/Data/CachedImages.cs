namespace AlexNetSharp.Data;

/// <summary>Caches the decoded images of a dataset in memory when they are first read, up to a limit.</summary>
/// <remarks>
/// Images are kept at their own size, one byte a value: CIFAR-10's 60,000 take 184 MB. They are stored in large blocks, so that the garbage
/// collector has few objects to track. Checking a dataset first (<see cref="DatasetCheck"/>) fills the cache.
/// </remarks>
public sealed class CachedImages : IImageDataset
{
    private const int BlockBytes = 4 << 20;

    private readonly IImageDataset _images;
    private readonly Entry[] _entries;
    private readonly Lock _gate = new();
    private long _maxBytes;
    private byte[] _block = [];
    private int _used;

    private record struct Entry(byte[]? Block, int Offset, int Height, int Width, int Channels);

    /// <summary>Creates a cache for a dataset.</summary>
    /// <param name="images">The dataset.</param>
    /// <param name="maxBytes">The most memory for pixels; images beyond that are decoded each time.</param>
    public CachedImages(IImageDataset images, long maxBytes)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentOutOfRangeException.ThrowIfNegative(maxBytes);
        _images = images;
        _maxBytes = maxBytes;
        _entries = new Entry[images.Count];
    }

    /// <summary>Number of images in memory.</summary>
    internal int CachedCount { get; private set; }

    /// <summary>Memory in use, in bytes.</summary>
    public long Bytes { get; private set; }

    /// <inheritdoc/>
    int IImageDataset.Count => _images.Count;

    /// <inheritdoc/>
    IReadOnlyList<string> IImageDataset.Classes => _images.Classes;

    /// <inheritdoc/>
    int IImageDataset.Label(int index) => _images.Label(index);

    /// <inheritdoc/>
    string IImageDataset.Name(int index) => _images.Name(index);

    /// <inheritdoc/>
    void IImageDataset.Read(int index, PixelBuffer target)
    {
        ArgumentNullException.ThrowIfNull(target);
        Entry entry;
        lock (_gate)
            entry = _entries[index];
        if (entry.Block is { } block)
        {
            target.Reset(entry.Height, entry.Width, entry.Channels);
            block.AsSpan(entry.Offset, target.Pixels.Length).CopyTo(target.Pixels);
            return;
        }
        _images.Read(index, target);
        Keep(index, target);
    }

    /// <summary>Lowers the limit and releases what exceeds it; images that are no longer cached are decoded when they are read.</summary>
    /// <param name="maxBytes">The most memory for pixels.</param>
    public void Shrink(long maxBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxBytes);
        lock (_gate)
        {
            _maxBytes = Math.Min(_maxBytes, maxBytes);
            var kept = new HashSet<byte[]>(ReferenceEqualityComparer.Instance);
            (long bytes, CachedCount) = (0, 0);
            for (int i = 0; i < _entries.Length; i++)
            {
                if (_entries[i].Block is not { } block)
                    continue;
                if (!kept.Contains(block) && bytes + block.Length > _maxBytes)
                {
                    _entries[i] = default;
                    continue;
                }
                bytes += kept.Add(block) ? block.Length : 0;
                CachedCount++;
            }
            Bytes = bytes;
            if (!kept.Contains(_block))
                (_block, _used) = ([], 0);
        }
    }

    private void Keep(int index, PixelBuffer image)
    {
        Span<byte> pixels = image.Pixels;
        lock (_gate)
        {
            if (_entries[index].Block is not null)
                return;
            if (_block.Length - _used < pixels.Length)
            {
                int block = Math.Max(BlockBytes, pixels.Length);
                if (Bytes + block > _maxBytes)
                    return;
                try
                {
                    (_block, _used) = (GC.AllocateUninitializedArray<byte>(block), 0);
                }
                catch (OutOfMemoryException)
                {
                    // The runtime may have less than the system: then this is all.
                    _maxBytes = Bytes;
                    return;
                }
                Bytes += block;
            }
            pixels.CopyTo(_block.AsSpan(_used));
            _entries[index] = new Entry(_block, _used, image.Height, image.Width, image.Channels);
            _used += pixels.Length;
            CachedCount++;
        }
    }
}

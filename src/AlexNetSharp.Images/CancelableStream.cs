using SkiaSharp;

namespace AlexNetSharp.Images;

/// <summary>The bytes of an image, as a stream that ends early on cancellation.</summary>
/// <remarks>A decoder cannot be stopped from outside, but it stops soon after its input ends: it does little work between two reads.</remarks>
/// <param name="bytes">The image; must stay pinned while the stream is in use.</param>
/// <param name="length">Length in bytes.</param>
/// <param name="cancellation">Ends the stream.</param>
internal sealed unsafe class CancelableStream(byte* bytes, int length, CancellationToken cancellation) : SKAbstractManagedStream
{
    private int _at;

    /// <inheritdoc/>
    protected override nint OnRead(nint buffer, nint size)
    {
        int count = cancellation.IsCancellationRequested ? 0 : (int)Math.Min(size, length - _at);
        // A null buffer skips the bytes.
        if (buffer != 0)
            Buffer.MemoryCopy(bytes + _at, (void*)buffer, size, count);
        _at += count;
        return count;
    }

    /// <inheritdoc/>
    protected override nint OnPeek(nint buffer, nint size)
    {
        int count = (int)Math.Min(size, length - _at);
        Buffer.MemoryCopy(bytes + _at, (void*)buffer, size, count);
        return count;
    }

    /// <inheritdoc/>
    protected override bool OnIsAtEnd() => _at == length || cancellation.IsCancellationRequested;

    /// <inheritdoc/>
    protected override bool OnHasPosition() => true;

    /// <inheritdoc/>
    protected override bool OnHasLength() => true;

    /// <inheritdoc/>
    protected override bool OnRewind() => OnSeek(0);

    /// <inheritdoc/>
    protected override nint OnGetPosition() => _at;

    /// <inheritdoc/>
    protected override nint OnGetLength() => length;

    /// <inheritdoc/>
    protected override bool OnSeek(nint position)
    {
        if (position < 0 || position > length)
            return false;
        _at = (int)position;
        return true;
    }

    /// <inheritdoc/>
    protected override bool OnMove(int offset) => OnSeek(_at + (nint)offset);

    /// <inheritdoc/>
    protected override nint OnCreateNew() => 0;
}

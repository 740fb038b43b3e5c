using System.Buffers;
using System.Runtime.InteropServices;

namespace AlexNetSharp.Images;

/// <summary>Memory for one image: small ones from the pool, large ones from the system, which gets them back at once.</summary>
/// <remarks>
/// The pool keeps an array of every size for every thread that ever returned one. For images of cameras that adds up to gigabytes in a service
/// of many threads.
/// </remarks>
internal readonly unsafe ref struct Scratch
{
    private const int LargestPooled = 1 << 20;

    private readonly byte[]? _pooled;
    private readonly byte* _native;
    private readonly int _length;

    /// <summary>Takes memory; its contents are arbitrary.</summary>
    /// <param name="length">Bytes.</param>
    public Scratch(int length)
    {
        _length = length;
        if (length <= LargestPooled)
            _pooled = ArrayPool<byte>.Shared.Rent(length);
        else
            _native = (byte*)NativeMemory.Alloc((nuint)length);
    }

    /// <summary>The memory.</summary>
    public Span<byte> Span => _pooled is null ? new Span<byte>(_native, _length) : _pooled.AsSpan(0, _length);

    /// <summary>Gives it back.</summary>
    public void Dispose()
    {
        if (_pooled is not null)
            ArrayPool<byte>.Shared.Return(_pooled);
        else
            NativeMemory.Free(_native);
    }
}

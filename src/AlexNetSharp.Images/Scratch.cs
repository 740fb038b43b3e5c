using System.Buffers;
using System.Runtime.InteropServices;

namespace AlexNetSharp.Images;

/// <summary>Temporary memory for one image: small buffers come from the pool, large ones from the system, freed immediately.</summary>
/// <remarks>
/// The pool keeps an array of each size for each thread that ever returned one. For camera images that adds up to gigabytes in a service
/// with many threads.
/// </remarks>
internal readonly unsafe ref struct Scratch
{
    private const int LargestPooled = 1 << 20;

    private readonly byte[]? _pooled;
    private readonly byte* _native;
    private readonly int _length;

    /// <summary>Allocates uninitialized memory.</summary>
    /// <param name="length">Length in bytes.</param>
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

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        if (_pooled is not null)
            ArrayPool<byte>.Shared.Return(_pooled);
        else
            NativeMemory.Free(_native);
    }
}

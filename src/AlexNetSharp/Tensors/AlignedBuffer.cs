using System.Runtime.InteropServices;

namespace AlexNetSharp.Tensors;

/// <summary>
/// Memory for float32 values, aligned to 64 bytes (one cache line, one 512-bit vector), that never moves and starts as zeros.
/// </summary>
/// <remarks>
/// The memory lies outside the garbage-collected heap, so kernels may hold plain pointers into it. It is given back by
/// <see cref="Dispose"/> or, if nobody calls that, by the finalizer.
/// </remarks>
internal sealed unsafe partial class AlignedBuffer : IDisposable
{
    /// <summary>Alignment of <see cref="Pointer"/>, in bytes.</summary>
    public const int Alignment = 64;

    /// <summary>Floats in a cache line.</summary>
    public const int LineFloats = Alignment / sizeof(float);

    private readonly long _bytes;
    private readonly float* _first;
    private void* _allocation;

    /// <summary>Allocates <paramref name="length"/> zeros.</summary>
    /// <param name="length">Number of floats, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative.</exception>
    /// <exception cref="OutOfMemoryException">Not enough memory.</exception>
    public AlignedBuffer(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        _bytes = checked(length * sizeof(float) + Alignment);
        // Zeroed allocations of this size come from the system as untouched pages: nothing is written until a kernel writes it.
        _allocation = NativeMemory.AllocZeroed((nuint)_bytes);
        _first = (float*)(((nuint)_allocation + Alignment - 1) & ~(nuint)(Alignment - 1));
        AskForHugePages();
        GC.AddMemoryPressure(_bytes);
    }

    /// <summary>Number of floats.</summary>
    public long Length { get; }

    /// <summary>The first float; a multiple of <see cref="Alignment"/>.</summary>
    /// <remarks>Whoever keeps the pointer must also keep the buffer: the finalizer does not know of pointers.</remarks>
    /// <exception cref="ObjectDisposedException">The memory was given back.</exception>
    public float* Pointer => _allocation != null
        ? _first
        : throw new ObjectDisposedException(null, "these values are gone: the plan or parameter set that held them was disposed of");

    /// <summary>All floats as a span, valid until the buffer is disposed of.</summary>
    /// <exception cref="ObjectDisposedException">The memory was given back.</exception>
    /// <exception cref="OverflowException">The buffer is longer than a span can be (2³¹ − 1 floats).</exception>
    public Span<float> Span => new(Pointer, checked((int)Length));

    /// <summary><paramref name="floats"/> rounded up to whole cache lines.</summary>
    public static long WholeLines(long floats) => checked(floats + LineFloats - 1) / LineFloats * LineFloats;

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>Gives the memory back if nobody disposed of it.</summary>
    ~AlignedBuffer() => Free();

    // Weights that are read once, front to back, miss the translation buffer at every page of 4 KiB; with pages of 2 MiB they are read up
    // to a fifth faster. Many systems give those only on request. The result does not matter: without them all works the same.
    private void AskForHugePages()
    {
        const int advice = 14, page = 4096, worthwhile = 4 << 20;
        if (!OperatingSystem.IsLinux() || _bytes < worthwhile)
            return;
        nuint first = ((nuint)_allocation + page - 1) & ~(nuint)(page - 1);
        _ = AdviseMemory((void*)first, (nuint)_allocation + (nuint)_bytes - first, advice);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int AdviseMemory(void* address, nuint length, int advice);

    private void Free()
    {
        nint allocation;
        // Of several threads that dispose, one frees.
        fixed (void** field = &_allocation)
            allocation = Interlocked.Exchange(ref *(nint*)field, 0);
        if (allocation == 0)
            return;
        NativeMemory.Free((void*)allocation);
        GC.RemoveMemoryPressure(_bytes);
    }
}

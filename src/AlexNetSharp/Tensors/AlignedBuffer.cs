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

    private void* _allocation;
    private readonly long _bytes;

    /// <summary>Allocates <paramref name="length"/> zeros.</summary>
    /// <param name="length">Number of floats, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative.</exception>
    /// <exception cref="OutOfMemoryException">The system has not that much memory.</exception>
    public AlignedBuffer(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        _bytes = checked(length * sizeof(float) + Alignment);
        // Zeroed allocations of this size come from the system as untouched pages: nothing is written until a kernel writes it.
        _allocation = NativeMemory.AllocZeroed((nuint)_bytes);
        Pointer = (float*)(((nuint)_allocation + Alignment - 1) & ~(nuint)(Alignment - 1));
        AskForHugePages();
        GC.AddMemoryPressure(_bytes);
    }

    /// <summary>Number of floats.</summary>
    public long Length { get; }

    /// <summary>The first float; a multiple of <see cref="Alignment"/>.</summary>
    public float* Pointer { get; private set; }

    /// <summary>All floats as a span.</summary>
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
        if (_allocation == null)
            return;
        NativeMemory.Free(_allocation);
        _allocation = null;
        Pointer = null;
        GC.RemoveMemoryPressure(_bytes);
    }
}

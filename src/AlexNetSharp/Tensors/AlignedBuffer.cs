using System.Globalization;
using System.Runtime.InteropServices;

namespace AlexNetSharp.Tensors;

/// <summary>
/// Memory for float32 values, aligned to 64 bytes (one cache line, one 512-bit vector), that never moves and starts as zeros.
/// </summary>
/// <remarks>
/// The memory lies outside the garbage-collected heap, so kernels may hold plain pointers into it. It is given back by
/// <see cref="Dispose"/> or, if nobody calls that, by the finalizer. Take a <see cref="Hold"/> before computing with it: a buffer that is
/// disposed meanwhile, on another thread, stays until the last holder releases it, and is not reused before.
/// </remarks>
internal sealed unsafe partial class AlignedBuffer : IDisposable
{
    /// <summary>Alignment of <see cref="Pointer"/>, in bytes.</summary>
    public const int Alignment = 64;

    /// <summary>Floats in a cache line.</summary>
    public const int LineFloats = Alignment / sizeof(float);

    private const int Disposed = 1, Holder = 2;

    private readonly long _bytes;
    private readonly float* _first;
    private void* _allocation;
    private int _state;         // Holder for each one who computes with the memory, Disposed once it is to be given back

    /// <summary>Allocates <paramref name="length"/> zeros.</summary>
    /// <param name="length">Number of floats, at least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative.</exception>
    /// <exception cref="InsufficientMemoryException">Not enough memory.</exception>
    public AlignedBuffer(long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        _bytes = checked(length * sizeof(float) + Alignment);
        // Zeroed allocations of this size come from the system as untouched pages: nothing is written until a kernel writes it.
        try
        {
            _allocation = NativeMemory.AllocZeroed((nuint)_bytes);
        }
        catch (OutOfMemoryException e)
        {
            // The runtime's own message says nothing.
            throw new InsufficientMemoryException(string.Create(
                CultureInfo.InvariantCulture, $"the system refuses another {_bytes / 1e6:0.0} MB of memory; use a smaller batch or image"), e);
        }
        _first = (float*)(((nuint)_allocation + Alignment - 1) & ~(nuint)(Alignment - 1));
        AskForHugePages();
        GC.AddMemoryPressure(_bytes);
    }

    /// <summary>Disposed of when the memory is given back, after the last holder; null for nothing.</summary>
    public IDisposable? Companion { get; init; }

    /// <summary>Number of floats.</summary>
    public long Length { get; }

    /// <summary>The first float; a multiple of <see cref="Alignment"/>.</summary>
    /// <remarks>Keep the buffer as long as the pointer: the finalizer does not know of pointers.</remarks>
    /// <exception cref="ObjectDisposedException">The buffer has been disposed.</exception>
    public float* Pointer => (Volatile.Read(ref _state) & Disposed) == 0 ? _first : throw Gone();

    /// <summary>All floats as a span, valid until the buffer is disposed of.</summary>
    /// <exception cref="ObjectDisposedException">The memory was given back.</exception>
    /// <exception cref="OverflowException">The buffer is longer than a span can be (2³¹ − 1 floats).</exception>
    public Span<float> Span => new(Pointer, checked((int)Length));

    /// <summary><paramref name="floats"/> rounded up to whole cache lines.</summary>
    public static long WholeLines(long floats) => checked(floats + LineFloats - 1) / LineFloats * LineFloats;

    /// <summary>Keeps the memory, also if the buffer is disposed of, until what this returns is disposed of. Allocates nothing.</summary>
    /// <exception cref="ObjectDisposedException">The buffer has been disposed.</exception>
    public Lease Hold()
    {
        int state = Volatile.Read(ref _state);
        while (true)
        {
            if ((state & Disposed) != 0)
                throw Gone();
            int found = Interlocked.CompareExchange(ref _state, state + Holder, state);
            if (found == state)
                return new Lease(this);
            state = found;
        }
    }

    /// <summary>Returns the memory as soon as nobody holds it; it can no longer be held.</summary>
    public void Dispose()
    {
        if (Interlocked.Or(ref _state, Disposed) == 0)
            FreeWithCompanion();
        // Else the last holder frees.
        GC.SuppressFinalize(this);
    }

    /// <summary>Returns the memory if it was not disposed.</summary>
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

    private static ObjectDisposedException Gone() =>
        new(null, "these values are gone: the plan or parameter set that held them was disposed of");

    private void LetGo()
    {
        if (Interlocked.Add(ref _state, -Holder) == Disposed)
            FreeWithCompanion();
    }

    // Not by the finalizer: the companion has one of its own.
    private void FreeWithCompanion()
    {
        Free();
        Companion?.Dispose();
    }

    /// <summary>Called by one thread once: the one that finds that nobody holds the disposed buffer, or else the finalizer's.</summary>
    private void Free()
    {
        // Null where the memory could not be had.
        if (_allocation == null)
            return;
        NativeMemory.Free(_allocation);
        _allocation = null;
        GC.RemoveMemoryPressure(_bytes);
    }

    /// <summary>The right to use a buffer's memory, until this is disposed of, once.</summary>
    /// <param name="buffer">The buffer; null, as in a default lease, for nothing to hold.</param>
    internal readonly ref struct Lease(AlignedBuffer? buffer)
    {
        /// <summary>Ends the use.</summary>
        public void Dispose() => buffer?.LetGo();
    }
}

using AlexNetSharp.Tensors;

namespace AlexNetSharp.Execution;

/// <summary>A piece of a plan's memory that is needed from one moment of a step to another.</summary>
/// <param name="Length">Floats.</param>
/// <param name="First">First moment at which it holds something.</param>
/// <param name="Last">Last moment at which it is read or written.</param>
/// <param name="Again">A later moment at which it is needed once more, without its content; -1 for none.</param>
internal sealed record ArenaSlot(long Length, int First, int Last, int Again = -1)
{
    /// <summary>Where it begins in the arena, in floats; set by <see cref="ArenaPlanner.Place"/>.</summary>
    public long Offset { get; set; }

    /// <summary>Whether both are needed at the same moment.</summary>
    public bool Meets(ArenaSlot other) =>
        (First <= other.Last && other.First <= Last) || Holds(other.Again) || other.Holds(Again) || (Again >= 0 && Again == other.Again);

    private bool Holds(int moment) => First <= moment && moment <= Last;
}

/// <summary>Gives pieces of memory that are never needed at the same moment the same place.</summary>
/// <remarks>
/// A step is a line of moments: operation i runs forward at moment i and backward at moment 2n − 1 − i. Largest pieces are placed first,
/// each at the lowest offset where it meets no other: not optimal (that is NP-hard), but close for a chain of layers.
/// </remarks>
internal sealed class ArenaPlanner
{
    /// <summary>A moment after every step: what is needed until then keeps its content.</summary>
    public const int Forever = int.MaxValue;

    // One cache line more than a multiple of 4096 bytes: buffers that begin at the same offset within a page collide in the L1 cache.
    private const long PageFloats = 1024;

    private readonly List<ArenaSlot> _slots = [];

    /// <summary>Asks for <paramref name="length"/> floats from moment <paramref name="first"/> to <paramref name="last"/>, both included.</summary>
    public ArenaSlot Reserve(long length, int first, int last) => Add(new(length, first, last));

    /// <summary>Asks for <paramref name="length"/> floats at two moments.</summary>
    public ArenaSlot ReserveTwice(long length, int moment, int again) => Add(new(length, moment, moment, again));

    private ArenaSlot Add(ArenaSlot slot)
    {
        _slots.Add(slot);
        return slot;
    }

    /// <summary>Places all pieces.</summary>
    /// <returns>Floats of the whole arena.</returns>
    /// <exception cref="OverflowException">The lengths exceed 64 bits.</exception>
    public long Place()
    {
        long total = 0;
        var placed = new List<ArenaSlot>();
        foreach (ArenaSlot slot in _slots.Where(s => s.Length > 0).OrderByDescending(s => s.Length))
        {
            long offset = 0;
            foreach (ArenaSlot other in placed.Where(slot.Meets).OrderBy(s => s.Offset))
            {
                if (offset + slot.Length <= other.Offset)
                    break;
                offset = Math.Max(offset, AfterPadding(checked(other.Offset + other.Length)));
            }
            slot.Offset = offset;
            placed.Add(slot);
            total = Math.Max(total, checked(offset + slot.Length));
        }
        return total;
    }

    private static long AfterPadding(long end)
    {
        long aligned = AlignedBuffer.WholeLines(end);
        return aligned % PageFloats == 0 ? aligned + AlignedBuffer.LineFloats : aligned;
    }
}

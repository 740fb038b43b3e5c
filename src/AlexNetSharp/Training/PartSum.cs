using AlexNetSharp.Data;
namespace AlexNetSharp.Training;

/// <summary>
/// The order in which the gradients of the parts of a batch are added: the sum of the first half of the parts plus that of the second, each of
/// them made in the same way. It depends only on the number of parts, not on which process computes them.
/// </summary>
/// <remarks>
/// As a program for a stack: part after part is put on it, and after each, so many times the two on top become their sum. A process whose
/// parts are whole branches of that tree adds them itself and sends one gradient; where they are not, it sends one for each largest branch.
/// </remarks>
internal sealed class PartSum
{
    private readonly int _used;
    private readonly int[] _starts;
    private readonly int[] _merges;
    private readonly List<Piece> _pieces = [];
    private readonly List<int> _after = [];

    /// <summary>Works out the order.</summary>
    /// <param name="parts">Parts of a whole batch.</param>
    /// <param name="used">Those with images; the others, at the end, are left out.</param>
    /// <param name="processes">Processes that compute them.</param>
    public PartSum(int parts, int used, int processes)
    {
        _used = used;
        _starts = [.. Enumerable.Range(0, processes + 1).Select(rank => BatchShare.StartOf(rank, parts, processes))];
        _merges = new int[used];
        Walk(0, parts, inside: false);
        (Pieces, MergesOfPieces) = ([.. _pieces], [.. _after]);
        for (int rank = 0; rank < processes; rank++)
        {
            int depth = 0;
            for (int part = _starts[rank]; part < Math.Min(_starts[rank + 1], used); part++)
            {
                Depth = Math.Max(Depth, ++depth);
                depth -= _merges[part];
            }
        }
    }

    /// <summary>For each part, how many sums its process makes when it is there.</summary>
    public int[] Merges => _merges;

    /// <summary>The sums that processes make of their own parts, in the order of the parts.</summary>
    public Piece[] Pieces { get; }

    /// <summary>For each piece, how many sums follow when it is there.</summary>
    public int[] MergesOfPieces { get; }

    /// <summary>The most sums that one process has at the same time.</summary>
    public int Depth { get; }

    /// <summary>A sum of parts of one process.</summary>
    /// <param name="Rank">The process.</param>
    /// <param name="Position">Which of that process's pieces it is, from 0.</param>
    public readonly record struct Piece(int Rank, int Position);

    private void Walk(int first, int end, bool inside)
    {
        int owner = OwnerOf(first, Math.Min(end, _used));
        if (end - first > 1)
        {
            int middle = first + (end - first + 1) / 2;
            Walk(first, middle, owner >= 0);
            if (middle < _used)
            {
                Walk(middle, end, owner >= 0);
                if (owner >= 0)
                    _merges[Math.Min(end, _used) - 1]++;
                else
                    _after[^1]++;
            }
        }
        if (owner >= 0 && !inside)
        {
            _pieces.Add(new Piece(owner, _pieces.Count(piece => piece.Rank == owner)));
            _after.Add(0);
        }
    }

    /// <summary>The process that computes all parts of a range; −1 where several do.</summary>
    private int OwnerOf(int first, int end)
    {
        for (int rank = 0; rank < _starts.Length - 1; rank++)
            if (_starts[rank] <= first && end <= _starts[rank + 1])
                return rank;
        return -1;
    }
}

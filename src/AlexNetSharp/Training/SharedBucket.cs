using System.Numerics.Tensors;
using AlexNetSharp.Models;
using AlexNetSharp.Tensors;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Training;

/// <summary>Some gradients whose sums travel: to each process its piece of what all have, and from each the sum of its piece.</summary>
internal sealed unsafe class SharedBucket : SharedGradients
{
    private const int Channel = 1;

    /// <summary>Floats that one piece of work adds.</summary>
    private const int Chunk = 1 << 16;

    private readonly IProcessGroup _group;
    private readonly Parameter[] _members;
    private readonly long _length;
    private readonly int _first, _end;
    private readonly float* _gradient;              // where the gradients lie, one behind the other
    private readonly AlignedBuffer _sums;           // of parts of this process that wait for others
    private readonly AlignedBuffer _arrivals;       // pieces of other processes
    private readonly Job _copy, _add;
    private readonly Transfer[] _transfers;
    private PartSum _sum;
    private float* _target, _other;
    private int _missing, _waiting, _used;

    /// <summary>Reserves the memory.</summary>
    /// <param name="group">The processes.</param>
    /// <param name="sum">The order of the sum in a whole batch.</param>
    /// <param name="first">The first part of this process.</param>
    /// <param name="end">The part behind its last.</param>
    /// <param name="members">The gradients, whose memory lies without gaps but for those to whole cache lines, the last one first.</param>
    public SharedBucket(IProcessGroup group, PartSum sum, int first, int end, Parameter[] members)
    {
        (_group, _sum, _first, _end, _members) = (group, sum, first, end, members);
        _gradient = members[^1].Pointer;
        _length = AlignedBuffer.WholeLines(members[0].Pointer + members[0].StorageLength - _gradient);
        // The last part of a process is added to where backward put it.
        _sums = new AlignedBuffer(end - first > 1 ? _length * sum.Depth : 0);
        // Fewer parts than in a whole batch need no more pieces for each process than the logarithm of its parts; see there.
        int pieces = MostPieces(sum, group.Count);
        _arrivals = new AlignedBuffer(SliceStart(group.Rank + 1) - SliceStart(group.Rank) is var slice && group.Count > 1 ? slice * pieces * group.Count : 0);
        _transfers = new Transfer[2 * pieces * group.Count];
        (_copy, _add) = (CopyChunk, AddChunk);
    }

    public override void Begin(PartSum sum, int used) => (_sum, _used, _missing, _waiting) = (sum, used, _members.Length, 0);

    public override bool Take(WorkerPool pool, int part)
    {
        if (--_missing > 0)
            return false;
        using AlignedBuffer.Lease sums = _sums.Hold(), gradients = _members[0].Hold();
        _missing = _members.Length;
        bool last = part == Math.Min(_end, _used) - 1;
        int merges = _sum.Merges[part];
        if (last)
        {
            for (int i = 0; i < merges; i++)
                Run(pool, _add, _gradient, Waiting(--_waiting));
            return true;
        }
        if (merges == 0)
            Run(pool, _copy, Waiting(_waiting++), _gradient);
        else
            Run(pool, _add, Waiting(_waiting - 1), _gradient);
        for (int i = 1; i < merges; i++, _waiting--)
            Run(pool, _add, Waiting(_waiting - 2), Waiting(_waiting - 1));
        return false;
    }

    public override void Travel()
    {
        using AlignedBuffer.Lease sums = _sums.Hold(), arrivals = _arrivals.Hold(), gradients = _members[0].Hold();
        int count = 0, arrived = 0, rank = _group.Rank;
        (long start, long length) = (SliceStart(rank), SliceStart(rank + 1) - SliceStart(rank));
        foreach (PartSum.Piece piece in _sum.Pieces)
            if (piece.Rank != rank)
                count = Put(count, piece.Rank, sends: false, Arrival(arrived++, length), length);
        // Each process begins with another one, so that not all send to the same.
        for (int shift = 1; shift < _group.Count; shift++)
        {
            int peer = (rank + shift) % _group.Count;
            foreach (PartSum.Piece piece in _sum.Pieces)
                if (piece.Rank == rank)
                    count = Put(count, peer, sends: true, OfPiece(piece.Position) + SliceStart(peer), SliceStart(peer + 1) - SliceStart(peer));
        }
        _group.Transfer(Channel, _transfers.AsSpan(0, count));
        AddPieces(start, length);
        count = 0;
        for (int shift = 1; shift < _group.Count; shift++)
        {
            int next = (rank + shift) % _group.Count, previous = (rank + _group.Count - shift) % _group.Count;
            count = Put(count, previous, sends: false, _gradient + SliceStart(previous), SliceStart(previous + 1) - SliceStart(previous));
            count = Put(count, next, sends: true, _gradient + start, length);
        }
        _group.Transfer(Channel, _transfers.AsSpan(0, count));
    }

    public override void Dispose()
    {
        _sums.Dispose();
        _arrivals.Dispose();
    }

    /// <summary>The sum of all pieces of this process's slice, in the order of the tree.</summary>
    private void AddPieces(long start, long length)
    {
        if (length == 0)
            return;
        float** stack = stackalloc float*[_sum.Pieces.Length];
        int depth = 0, arrived = 0;
        for (int i = 0; i < _sum.Pieces.Length; i++)
        {
            PartSum.Piece piece = _sum.Pieces[i];
            stack[depth++] = piece.Rank == _group.Rank ? OfPiece(piece.Position) + start : Arrival(arrived++, length);
            for (int merge = 0; merge < _sum.MergesOfPieces[i]; merge++, depth--)
                Add(stack[depth - 2], stack[depth - 1], length);
        }
        if (stack[0] != _gradient + start)
            Buffer.MemoryCopy(stack[0], _gradient + start, length * sizeof(float), length * sizeof(float));
    }

    /// <summary>Where a piece of this process lies: its last one where backward put it, the others in the sums that wait.</summary>
    private float* OfPiece(int position) => position == _waiting ? _gradient : Waiting(position);

    private float* Waiting(int index) => _sums.Pointer + index * _length;

    private float* Arrival(int index, long length) => _arrivals.Pointer + index * length;

    /// <summary>Where the slice of a process begins: whole cache lines, as equal as that allows.</summary>
    private long SliceStart(int rank) => _length / AlignedBuffer.LineFloats * rank / _group.Count * AlignedBuffer.LineFloats;

    private int Put(int count, int peer, bool sends, float* address, long length)
    {
        if (length > 0)
            _transfers[count++] = new Transfer(peer, sends, (nint)address, length * sizeof(float));
        return count;
    }

    private void Run(WorkerPool pool, Job job, float* target, float* other)
    {
        _target = target;
        _other = other;
        pool.Run(job, (int)((_length + Chunk - 1) / Chunk));
    }

    private void CopyChunk(int index, int worker)
    {
        (long start, long length) = ChunkOf(index);
        Buffer.MemoryCopy(_other + start, _target + start, length * sizeof(float), length * sizeof(float));
    }

    private void AddChunk(int index, int worker)
    {
        (long start, long length) = ChunkOf(index);
        Add(_target + start, _other + start, length);
    }

    private (long Start, long Length) ChunkOf(int index) => ((long)index * Chunk, Math.Min(Chunk, _length - (long)index * Chunk));

    private static void Add(float* sum, float* other, long length)
    {
        var target = new Span<float>(sum, checked((int)length));
        TensorPrimitives.Add(target, new ReadOnlySpan<float>(other, (int)length), target);
    }

    /// <summary>A process's parts are at most two branches at each height of the tree, in a batch with fewer parts too.</summary>
    private static int MostPieces(PartSum sum, int processes) =>
        Math.Min((sum.Merges.Length + processes - 1) / processes, 2 * (1 + (int)Math.Log2(sum.Merges.Length)));
}

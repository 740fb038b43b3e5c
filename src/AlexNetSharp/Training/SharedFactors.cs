using AlexNetSharp.Data;
using AlexNetSharp.Kernels.Linear;
using AlexNetSharp.Models;
using AlexNetSharp.Tensors;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Training;

/// <summary>The gradient of a fully connected weight, of which input and output gradient of each part travel.</summary>
internal sealed unsafe class SharedFactors : SharedGradients
{
    private const int Channel = 1;

    private readonly IProcessGroup _group;
    private readonly LinearFactors _factors;
    private readonly Parameter _gradient;
    private readonly int _parts, _end, _depth, _shares;
    private readonly AlignedBuffer _inputs, _gradOutputs, _scratch;
    private readonly Job _copyInput, _copyGradOutput;
    private readonly Transfer[] _transfers;
    private int _used, _part;

    /// <summary>Reserves the memory.</summary>
    /// <param name="group">The processes.</param>
    /// <param name="sum">The order of the sum in a whole batch.</param>
    /// <param name="parts">Parts of a whole batch.</param>
    /// <param name="end">The part behind the last of this process.</param>
    /// <param name="factors">What the gradient is made of.</param>
    /// <param name="gradient">The gradient.</param>
    /// <param name="threads">Threads of the pool that computes it.</param>
    public SharedFactors(IProcessGroup group, PartSum sum, int parts, int end, LinearFactors factors, Parameter gradient, int threads)
    {
        (_group, _parts, _end, _factors, _gradient, _shares) = (group, parts, end, factors, gradient, threads);
        _depth = new PartSum(sum.Merges.Length, sum.Merges.Length, 1).Depth + 1;
        _inputs = new AlignedBuffer(parts * factors.InputLength);
        _gradOutputs = new AlignedBuffer(parts * factors.GradOutputLength);
        _scratch = new AlignedBuffer(factors.ScratchLength(parts, _depth, threads));
        _transfers = new Transfer[4 * group.Count];
        (_copyInput, _copyGradOutput) = (CopyInput, CopyGradOutput);
    }

    public override void Begin(PartSum sum, int used) => _used = used;

    public override bool Take(WorkerPool pool, int part)
    {
        using AlignedBuffer.Lease inputs = _inputs.Hold(), gradOutputs = _gradOutputs.Hold();
        _part = part;
        pool.Run(_copyInput, _shares);
        pool.Run(_copyGradOutput, _shares);
        return part == Math.Min(_end, _used) - 1;
    }

    public override void Travel()
    {
        using AlignedBuffer.Lease inputs = _inputs.Hold(), gradOutputs = _gradOutputs.Hold();
        int count = 0;
        (int first, int end) = RangeOf(_group.Rank);
        for (int shift = 1; shift < _group.Count; shift++)
        {
            int next = (_group.Rank + shift) % _group.Count, previous = (_group.Rank + _group.Count - shift) % _group.Count;
            (int from, int to) = RangeOf(previous);
            count = Put(count, previous, sends: false, _inputs, from, to, _factors.InputLength);
            count = Put(count, previous, sends: false, _gradOutputs, from, to, _factors.GradOutputLength);
            count = Put(count, next, sends: true, _inputs, first, end, _factors.InputLength);
            count = Put(count, next, sends: true, _gradOutputs, first, end, _factors.GradOutputLength);
        }
        _group.Transfer(Channel, _transfers.AsSpan(0, count));
    }

    public override void Finish(WorkerPool pool, int[] merges)
    {
        using AlignedBuffer.Lease inputs = _inputs.Hold(), gradOutputs = _gradOutputs.Hold(), scratch = _scratch.Hold(), gradient = _gradient.Hold();
        _factors.Product(pool, _inputs.Pointer, _gradOutputs.Pointer, merges, _scratch.Pointer, _depth, _gradient.Pointer);
    }

    public override void Dispose()
    {
        _inputs.Dispose();
        _gradOutputs.Dispose();
        _scratch.Dispose();
    }

    private (int First, int End) RangeOf(int rank) => (
        Math.Min(BatchShare.StartOf(rank, _parts, _group.Count), _used), Math.Min(BatchShare.StartOf(rank + 1, _parts, _group.Count), _used));

    private int Put(int count, int peer, bool sends, AlignedBuffer buffer, int first, int end, long length)
    {
        if (end > first)
            _transfers[count++] = new Transfer(peer, sends, (nint)(buffer.Pointer + first * length), (end - first) * length * sizeof(float));
        return count;
    }

    private void CopyInput(int index, int worker) => Copy(index, _factors.Input, _inputs.Pointer + _part * _factors.InputLength, _factors.InputLength);

    private void CopyGradOutput(int index, int worker) =>
        Copy(index, _factors.GradOutput, _gradOutputs.Pointer + _part * _factors.GradOutputLength, _factors.GradOutputLength);

    /// <summary>A share of a copy: as many as the pool has threads.</summary>
    private void Copy(int index, float* source, float* target, long length)
    {
        (long start, long end) = (length * index / _shares, length * (index + 1) / _shares);
        Buffer.MemoryCopy(source + start, target + start, (end - start) * sizeof(float), (end - start) * sizeof(float));
    }
}

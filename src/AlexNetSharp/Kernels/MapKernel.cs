using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels;

/// <summary>A kernel without parameters, from one map of a batch to another: pooling and normalization. Each direction is cut into independent pieces.</summary>
/// <remarks>
/// Life: read <see cref="ScratchLength"/>, <see cref="Bind"/> once, then call freely; no call allocates. The cut depends on the sizes alone,
/// so the result is the same bits for any number of threads.
/// </remarks>
internal abstract unsafe class MapKernel
{
    private readonly Job _forward, _backward;
    private WorkerPool _pool = null!;
    private float* _scratch;

    // The operands of the call in progress.
    private protected float* Input, Output, GradOutput, GradInput;

    private protected MapKernel() => (_forward, _backward) = (new ForwardJob(this), new BackwardJob(this));

    /// <summary>Floats of scratch for a pool of <paramref name="threads"/> threads.</summary>
    public long ScratchLength(int threads) => ScratchOfThread * threads;

    /// <summary>Hands over threads and scratch, once.</summary>
    public void Bind(WorkerPool pool, float* scratch)
    {
        _pool = pool;
        _scratch = scratch;
    }

    /// <summary>Computes output [n, oh, ow, c] from input [n, ih, iw, c]; they must not overlap.</summary>
    public void Forward(float* input, float* output)
    {
        Input = input;
        Output = output;
        _pool.Run(_forward, ForwardPieces);
    }

    /// <summary>Overwrites gradInput [n, ih, iw, c] with the gradient of the input; all of it.</summary>
    /// <param name="input">As in forward.</param>
    /// <param name="output">As forward left it; normalization alone and averages do not read it.</param>
    /// <param name="gradOutput">[n, oh, ow, c].</param>
    /// <param name="gradInput">[n, ih, iw, c]; must overlap none of the others unless the kernel says that it may.</param>
    public void Backward(float* input, float* output, float* gradOutput, float* gradInput)
    {
        Input = input;
        Output = output;
        GradOutput = gradOutput;
        GradInput = gradInput;
        _pool.Run(_backward, BackwardPieces);
    }

    /// <summary>Floats of scratch for one thread.</summary>
    private protected virtual long ScratchOfThread => 0;

    /// <summary>Pieces of work of forward.</summary>
    private protected abstract int ForwardPieces { get; }

    /// <summary>Pieces of work of backward.</summary>
    private protected abstract int BackwardPieces { get; }

    /// <summary>Computes piece <paramref name="index"/> of forward, in a thread's own scratch.</summary>
    private protected abstract void ForwardPiece(int index, float* scratch);

    /// <summary>Computes piece <paramref name="index"/> of backward, in a thread's own scratch.</summary>
    private protected abstract void BackwardPiece(int index, float* scratch);

    private sealed class ForwardJob(MapKernel owner) : Job
    {
        public override void Execute(int index, int worker) => owner.ForwardPiece(index, owner._scratch + owner.ScratchOfThread * worker);
    }

    private sealed class BackwardJob(MapKernel owner) : Job
    {
        public override void Execute(int index, int worker) => owner.BackwardPiece(index, owner._scratch + owner.ScratchOfThread * worker);
    }
}

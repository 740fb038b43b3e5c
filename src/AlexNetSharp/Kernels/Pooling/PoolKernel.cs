using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Pooling;

/// <summary>A pooling operation bound to its windows; its two directions are cut into independent pieces.</summary>
/// <remarks>
/// Forward: a piece is one output row of one image. Backward: windows overlap, so rows depend on each other, but channels do not:
/// a piece is one image, or a range of its channels where the batch is small.
/// The cut depends on the sizes alone, so the result is the same bits for any number of threads.
/// </remarks>
internal abstract unsafe class PoolOperation
{
    private const int ChannelBlock = 64;

    private readonly Job _forward, _backward;
    private readonly int _channelBlocks;
    private WorkerPool _pool = null!;

    /// <summary>Prepares the operation.</summary>
    protected PoolOperation(PoolWindows windows)
    {
        Windows = windows;
        _channelBlocks = windows.Batch >= 16 ? 1 : (windows.Channels + ChannelBlock - 1) / ChannelBlock;
        _forward = new ForwardJob(this);
        _backward = new BackwardJob(this);
    }

    /// <summary>Sizes and windows.</summary>
    public PoolWindows Windows { get; }

    /// <summary>[n, ih, iw, c].</summary>
    protected float* Input { get; private set; }

    /// <summary>[n, oh, ow, c].</summary>
    protected float* Output { get; private set; }

    /// <summary>[n, oh, ow, c].</summary>
    protected float* GradOutput { get; private set; }

    /// <summary>[n, ih, iw, c].</summary>
    protected float* GradInput { get; private set; }

    /// <summary>Hands over the threads, once.</summary>
    public void Bind(WorkerPool pool) => _pool = pool;

    /// <summary>Computes output [n, oh, ow, c] from input [n, ih, iw, c]. They must not overlap.</summary>
    public void Forward(float* input, float* output)
    {
        Input = input;
        Output = output;
        _pool.Run(_forward, Windows.Batch * Windows.OutputHeight);
    }

    /// <summary>Overwrites gradInput [n, ih, iw, c] with the gradient of the input; all of it, also what no window covers.</summary>
    /// <param name="input">As in forward; <see cref="AvgPool"/> does not read it.</param>
    /// <param name="output">As forward left it; <see cref="AvgPool"/> does not read it.</param>
    /// <param name="gradOutput">[n, oh, ow, c].</param>
    /// <param name="gradInput">[n, ih, iw, c]; must overlap none of the others.</param>
    public void Backward(float* input, float* output, float* gradOutput, float* gradInput)
    {
        Input = input;
        Output = output;
        GradOutput = gradOutput;
        GradInput = gradInput;
        _pool.Run(_backward, Windows.Batch * _channelBlocks);
    }

    /// <summary>Computes output row <paramref name="row"/> of image <paramref name="image"/>.</summary>
    protected abstract void ForwardRow(int image, int row);

    /// <summary>Adds the gradients of channels <paramref name="from"/> to <paramref name="to"/> − 1 of an image to gradInput, which holds zeros.</summary>
    protected abstract void BackwardImage(int image, int from, int to);

    private sealed class ForwardJob(PoolOperation p) : Job
    {
        public override void Execute(int index, int worker)
        {
            (int image, int row) = Math.DivRem(index, p.Windows.OutputHeight);
            p.ForwardRow(image, row);
        }
    }

    private sealed class BackwardJob(PoolOperation p) : Job
    {
        public override void Execute(int index, int worker)
        {
            (int image, int block) = Math.DivRem(index, p._channelBlocks);
            PoolWindows w = p.Windows;
            (int from, int to) = p._channelBlocks == 1 ? (0, w.Channels) : (block * ChannelBlock, Math.Min((block + 1) * ChannelBlock, w.Channels));
            float* gradInput = p.GradInput + image * w.InputImage;
            if (to - from == w.Channels)
                Clear(gradInput, w.InputImage);
            else
                for (long pixel = 0; pixel < (long)w.InputHeight * w.InputWidth; pixel++)
                    Clear(gradInput + pixel * w.Channels + from, to - from);
            p.BackwardImage(image, from, to);
        }

        private static void Clear(float* values, long count) =>
            System.Runtime.InteropServices.NativeMemory.Clear(values, (nuint)count * sizeof(float));
    }
}

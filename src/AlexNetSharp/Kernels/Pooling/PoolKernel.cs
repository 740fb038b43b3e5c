using System.Runtime.InteropServices;
using AlexNetSharp.Tensors;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Pooling;

/// <summary>A pooling bound to its windows.</summary>
/// <remarks>
/// Forward: a piece is one output row of one image. Backward: windows overlap, so rows depend on each other, but channels do not:
/// a piece is one image, or a range of its channels where the batch is small. Neither needs scratch.
/// </remarks>
internal abstract unsafe class PoolKernel : Kernel, IRowConsumer
{
    /// <summary>Pieces of backward that give every thread work, and the fewest channels of one: 4 cache lines of each pixel.</summary>
    private const int EnoughPieces = 64, LeastChannels = 64;

    private readonly EvenSplit _channels;
    private readonly Job _forward, _backward;

    /// <summary>Prepares the operation.</summary>
    protected PoolKernel(PoolWindows windows)
    {
        Windows = windows;
        int ranges = (EnoughPieces + windows.Batch - 1) / windows.Batch;
        _channels = new EvenSplit(windows.Channels, Math.Max(LeastChannels, (windows.Channels + ranges - 1) / ranges), AlignedBuffer.LineFloats);
        (_forward, _backward) = (ForwardPiece, BackwardPiece);
    }

    /// <summary>Sizes and windows.</summary>
    private protected PoolWindows Windows { get; }

    public override void Forward() => Pool.Run(_forward, checked(Windows.Batch * Windows.OutputHeight));

    public override void Backward(bool accumulate)
    {
        if (GradInput != null)
            Pool.Run(_backward, checked(Windows.Batch * _channels.Count));
    }

    private void ForwardPiece(int index, int worker)
    {
        (int image, int row) = Math.DivRem(index, Windows.OutputHeight);
        ForwardRow(image, Input + image * Windows.InputImage, row);
    }

    /// <inheritdoc/>
    public void Take(int image, float* input, int before, int rows, int worker)
    {
        (int from, int to) = Windows.RowsBetween(before, rows);
        for (int row = from; row < to; row++)
            ForwardRow(image, input, row);
    }

    private void BackwardPiece(int index, int worker)
    {
        (int image, int part) = Math.DivRem(index, _channels.Count);
        int from = _channels.Start(part), to = _channels.Start(part + 1);
        float* gradInput = GradInput + image * Windows.InputImage;
        if (_channels.Count == 1)
            Clear(gradInput, Windows.InputImage);
        else
            for (long pixel = 0; pixel < (long)Windows.InputHeight * Windows.InputWidth; pixel++)
                Clear(gradInput + pixel * Windows.Channels + from, to - from);
        BackwardImage(image, from, to);
    }

    /// <summary>Computes output row <paramref name="row"/> of image <paramref name="image"/> from the image's input.</summary>
    private protected abstract void ForwardRow(int image, float* input, int row);

    /// <summary>Adds the gradients of channels <paramref name="from"/> to <paramref name="to"/> − 1 of an image to gradInput, which holds zeros.</summary>
    private protected abstract void BackwardImage(int image, int from, int to);

    private static void Clear(float* values, long count) => NativeMemory.Clear(values, (nuint)count * sizeof(float));
}

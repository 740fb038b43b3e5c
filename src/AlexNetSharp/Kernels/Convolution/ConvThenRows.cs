using AlexNetSharp.Tensors;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Convolution;

/// <summary>A convolution and the pooling after it, forward only: each thread hands rows of its map on while they are in its cache.</summary>
/// <remarks>
/// The map of conv1 is the largest of AlexNet, 25 MB for 32 images. Written as a whole, it goes to memory and comes back; here each thread writes every image to
/// the same place. The arithmetic is that of the two kernels one after the other, bit for bit.
/// </remarks>
internal sealed unsafe class ConvThenRows : Kernel
{
    private readonly Kernel _after;

    /// <summary>Joins two kernels that were made for the same map.</summary>
    /// <param name="convolution">The convolution.</param>
    /// <param name="after">What takes its rows; an <see cref="IRowConsumer"/>.</param>
    /// <exception cref="ArgumentException"><see cref="CanJoin"/> is false.</exception>
    public ConvThenRows(ConvKernel convolution, Kernel after)
    {
        if (!CanJoin(convolution, after))
            throw new ArgumentException($"{convolution.Name} and {after.Name} cannot share a map", nameof(after));
        (Convolution, _after) = (convolution, after);
    }

    /// <summary>The convolution.</summary>
    public ConvKernel Convolution { get; }

    /// <summary>Whether one of the kernels can hand rows over and the other can take them.</summary>
    public static bool CanJoin(ConvKernel convolution, Kernel after) => convolution.MapLength > 0 && after is IRowConsumer && after.KeptLength == 0;

    public override string Name => $"{Convolution.Name}, {_after.Name}";

    public override bool InputGradient => false;

    public override long PreparedWeightLength => Convolution.PreparedWeightLength;

    public override long ScratchLength(int threads) => MapsAt(threads) + threads * MapLength;

    private long MapLength => AlignedBuffer.WholeLines(Convolution.MapLength);

    private long AfterAt(int threads) => AlignedBuffer.WholeLines(Convolution.ScratchLength(threads));

    private long MapsAt(int threads) => AfterAt(threads) + AlignedBuffer.WholeLines(_after.ScratchLength(threads));

    public override void Bind(WorkerPool pool, in Operands operands)
    {
        base.Bind(pool, operands);
        Convolution.Bind(pool, operands with { Output = null });
        _after.Bind(pool, new Operands { Output = operands.Output, Scratch = operands.Scratch + AfterAt(pool.Threads), Step = operands.Step });
        Convolution.HandRowsTo((IRowConsumer)_after, operands.Scratch + MapsAt(pool.Threads), MapLength);
    }

    public override void PrepareWeights() => Convolution.PrepareWeights();

    public override void Forward() => Convolution.Forward();

    public override void Backward(bool accumulate = false) => throw new NotSupportedException($"{Name}: the map between the two is gone");

    public override IReadOnlyList<WorkStage> WorkStages(bool backward, int threads)
    {
        ConvGeometry g = Convolution.Geometry;
        long images = Convolution.MapLength / ((long)g.OutputHeight * g.OutputWidth * g.OutputChannels);
        double work = Convolution.WorkStages(backward, threads).Sum(stage => stage.Work);
        return [new(work, (g.Batch + images - 1) / images, work * images / g.Batch)];
    }
}

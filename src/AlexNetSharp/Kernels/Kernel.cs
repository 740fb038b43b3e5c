using AlexNetSharp.Kernels.Linear;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels;

/// <summary>What computes one layer, or several together: forward, and backward as its adjoint.</summary>
/// <remarks>
/// <para>
/// Life: the constructor fixes the sizes; its creator reads the lengths of memory and calls <see cref="Bind"/> once; every step then calls
/// <see cref="PrepareWeights"/> (when the weights have changed), <see cref="Forward"/> and <see cref="Backward"/>. None of these allocates, and
/// nothing but the values in memory and the <see cref="Kernels.Step"/> differs from one call to the next.
/// </para>
/// <para>
/// Backward overwrites the gradient of the input; the gradients of parameters are overwritten too, or added to. A gradient whose operand is
/// null is not computed. Input and output must not overlap, nor must their gradients, unless a kernel says that they may.
/// </para>
/// <para>
/// Each direction is one or several jobs: delegates made by the constructor. Wherever a sum runs over several pieces of work, these depend on the
/// sizes alone; other pieces may follow the caches and the number of threads. So the result is the same bits for any number of threads.
/// </para>
/// </remarks>
internal abstract unsafe class Kernel
{
    /// <summary>How it is computed, for display.</summary>
    public abstract string Name { get; }

    /// <summary>Whether backward can give the gradients of weight and bias.</summary>
    public virtual bool WeightGradient => false;

    /// <summary>Whether backward can give the gradient of the input.</summary>
    public virtual bool InputGradient => true;

    /// <summary>Whether backward reads the input of forward.</summary>
    public virtual bool BackwardReadsInput => false;

    /// <summary>Whether backward reads the output of forward.</summary>
    public virtual bool BackwardReadsOutput => false;

    /// <summary>What the gradient of the weight is made of, for a kernel that leaves the product to others; null for one that computes it.</summary>
    public virtual LinearFactors? Factors => null;

    /// <summary>Whether the weight is fetched panel by panel (<see cref="Operands.WeightPanels"/>).</summary>
    public virtual bool FetchesWeight => false;

    /// <summary>Floats of prepared weights.</summary>
    public virtual long PreparedWeightLength => 0;

    /// <summary>Floats that forward leaves for backward.</summary>
    public virtual long KeptLength => 0;

    /// <summary>Floats of scratch for a pool of <paramref name="threads"/> threads.</summary>
    public virtual long ScratchLength(int threads) => 0;

    /// <summary>Hands over the threads and the memory, once; neither changes afterwards.</summary>
    /// <exception cref="ArgumentException">There is memory for a gradient that the kernel was not made for.</exception>
    public virtual void Bind(WorkerPool pool, in Operands operands)
    {
        if (((operands.GradWeight != null || operands.GradBias != null) && !WeightGradient) || (operands.GradInput != null && !InputGradient)
            || (operands.GradBias != null && operands.GradWeight == null))
            throw new ArgumentException($"{Name}: this kernel was made without the gradient that it is bound to.", nameof(operands));
        (Pool, Step) = (pool, operands.Step);
        Input = operands.Input;
        Output = operands.Output;
        GradInput = operands.GradInput;
        GradOutput = operands.GradOutput;
        Weight = operands.Weight;
        Bias = operands.Bias;
        GradWeight = operands.GradWeight;
        GradBias = operands.GradBias;
        PreparedWeight = operands.PreparedWeight;
        Kept = operands.Kept;
        Scratch = operands.Scratch;
    }

    /// <summary>Transforms or packs the weight for the calls that follow, for backward too.</summary>
    public virtual void PrepareWeights()
    {
    }

    /// <summary>Computes the output from the input.</summary>
    public abstract void Forward();

    /// <summary>Computes the gradients of input and parameters from the gradient of the output, after <see cref="Forward"/>.</summary>
    /// <param name="accumulate">Whether gradients of parameters are added to what is there, or overwrite it.</param>
    public abstract void Backward(bool accumulate = false);

    /// <summary>
    /// How a direction is cut for some threads, to judge how far it scales; empty where pieces are many and equal at any size, as those of elementwise
    /// work.
    /// </summary>
    public virtual IReadOnlyList<WorkStage> WorkStages(bool backward, int threads) => [];

    /// <summary>The threads.</summary>
    private protected WorkerPool Pool { get; private set; } = null!;

    /// <summary>What changes from step to step, for kernels that look at it.</summary>
    private protected Step? Step { get; private set; }

    // The operands, as Operands describes them.
    private protected float* Input { get; private set; }

    private protected float* Output { get; private set; }

    private protected float* GradInput { get; private set; }

    private protected float* GradOutput { get; private set; }

    private protected float* Weight { get; private set; }

    private protected float* Bias { get; private set; }

    private protected float* GradWeight { get; private set; }

    private protected float* GradBias { get; private set; }

    private protected float* PreparedWeight { get; private set; }

    private protected float* Kept { get; private set; }

    private protected float* Scratch { get; private set; }
}

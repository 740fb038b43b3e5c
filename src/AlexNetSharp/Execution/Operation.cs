using AlexNetSharp.Kernels.Convolution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Execution;

/// <summary>What the running step is: passed to every operation.</summary>
internal sealed class Step
{
    /// <summary>Number of the step; keys the dropout masks.</summary>
    public ulong Number { get; set; }

    /// <summary>Whether dropout drops.</summary>
    public bool Training { get; set; }

    /// <summary>Whether parameter gradients are added to what is there.</summary>
    public bool Accumulate { get; set; }
}

/// <summary>What an operation stands for.</summary>
/// <param name="LayerIndices">Indices of its layers in the network, in order.</param>
/// <param name="Name">Their names, joined: <c>conv1 + relu1</c>.</param>
/// <param name="BatchSize">Images in a batch.</param>
/// <param name="InputShape">Shape of one image's input.</param>
/// <param name="OutputShape">Shape of one image's output.</param>
/// <param name="MultiplyAdds">Multiply-adds of one image forward, counted as direct computation.</param>
internal sealed record OperationInfo(
    IReadOnlyList<int> LayerIndices, string Name, int BatchSize, Shape InputShape, Shape OutputShape, long MultiplyAdds)
{
    /// <summary>Floats of the input of the whole batch.</summary>
    public long InputLength => checked(InputShape.Length * BatchSize);

    /// <summary>Floats of the output of the whole batch.</summary>
    public long OutputLength => checked(OutputShape.Length * BatchSize);
}

/// <summary>Where an operation finds its tensors, fixed when the plan is made.</summary>
internal unsafe struct OperationMemory
{
    /// <summary>[batch, input shape].</summary>
    public float* Input;

    /// <summary>[batch, output shape].</summary>
    public float* Output;

    /// <summary>Gradient of the output; null where backward is not asked for.</summary>
    public float* GradOutput;

    /// <summary>Gradient of the input, overwritten; null where nobody needs it.</summary>
    public float* GradInput;

    /// <summary>Weights as the algorithm wants them; keeps its content between steps.</summary>
    public float* PreparedWeight;

    /// <summary>Shared with all operations; holds nothing between calls.</summary>
    public float* Scratch;
}

/// <summary>One or several layers of a network, executed together: forward, and backward as its adjoint.</summary>
/// <remarks>Backward overwrites the gradient of the input; parameter gradients are overwritten too, or added to when the step accumulates.</remarks>
internal abstract unsafe class Operation(OperationInfo info)
{
    /// <summary>Which layers, and their sizes.</summary>
    public OperationInfo Info { get; private set; } = info;

    /// <summary>How it is computed, for humans.</summary>
    public abstract string Algorithm { get; }

    /// <summary>The convolution algorithms that were asked, with their answers; empty for other operations.</summary>
    public virtual IReadOnlyList<ConvCandidate> Candidates => [];

    /// <summary>Multiply-adds that the algorithm does in one forward call for the whole batch; transforms do not count.</summary>
    public virtual long AlgorithmMultiplyAdds => Info.MultiplyAdds * Info.BatchSize;

    /// <summary>Whether backward computes gradients of parameters.</summary>
    public virtual bool HasWeightGradient => false;

    /// <summary>Whether backward reads the input of forward.</summary>
    public virtual bool BackwardReadsInput => false;

    /// <summary>Whether backward reads the output of forward.</summary>
    public virtual bool BackwardReadsOutput => false;

    /// <summary>Floats of prepared weights.</summary>
    public virtual long PreparedWeightLength => 0;

    /// <summary>Floats of scratch for a number of threads.</summary>
    public virtual long ScratchLength(int threads) => 0;

    /// <summary>The tensors.</summary>
    protected OperationMemory Memory { get; private set; }

    /// <summary>Hands over threads, tensors and parameters, once.</summary>
    /// <param name="pool">The threads.</param>
    /// <param name="memory">The tensors.</param>
    /// <param name="parameters">Values of the network's parameters.</param>
    /// <param name="gradients">Where their gradients go; null where none are computed.</param>
    public void Bind(WorkerPool pool, OperationMemory memory, ParameterSet parameters, ParameterSet? gradients)
    {
        Memory = memory;
        OnBind(pool, parameters, gradients);
    }

    /// <summary>Takes a following layer in that only reads the output in another shape.</summary>
    public void Append(int layerIndex, Shape output) =>
        Info = Info with { LayerIndices = [.. Info.LayerIndices, layerIndex], OutputShape = output };

    /// <summary>Brings the prepared weights up to date with the parameters.</summary>
    public virtual void PrepareWeights()
    {
    }

    /// <summary>Computes the output from the input.</summary>
    public abstract void Forward(Step step);

    /// <summary>Computes the gradients of input and parameters from the gradient of the output.</summary>
    public abstract void Backward(Step step);

    /// <summary>Called once by <see cref="Bind"/>, after <see cref="Memory"/> is set.</summary>
    protected abstract void OnBind(WorkerPool pool, ParameterSet parameters, ParameterSet? gradients);
}

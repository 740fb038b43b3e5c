using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Convolution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Execution;

/// <summary>What an operation stands for.</summary>
/// <param name="LayerIndices">Indices of its layers in the network, in order.</param>
/// <param name="Name">Their names, joined: <c>conv1 + relu1</c>.</param>
/// <param name="BatchSize">Images in a batch.</param>
/// <param name="InputShape">Shape of one image's input.</param>
/// <param name="OutputShape">Shape of one image's output.</param>
/// <param name="MultiplyAdds">Multiply-adds of the forward pass for one image, counted as direct computation.</param>
internal sealed record OperationInfo(
    IReadOnlyList<int> LayerIndices, string Name, int BatchSize, Shape InputShape, Shape OutputShape, long MultiplyAdds)
{
    /// <summary>Floats of the input of the whole batch.</summary>
    public long InputLength => checked(InputShape.Length * BatchSize);

    /// <summary>Floats of the output of the whole batch.</summary>
    public long OutputLength => checked(OutputShape.Length * BatchSize);
}

/// <summary>One or several layers of a network, and the kernel that computes them together.</summary>
/// <param name="info">Which layers, and their sizes.</param>
/// <param name="kernel">What computes them.</param>
/// <param name="parameters">Name of the layer whose weight and bias the kernel takes; null where it has none.</param>
/// <param name="candidates">The convolution algorithms that were asked, with their answers.</param>
/// <param name="kernelFor">What would compute them with a given number of threads; null if it is the same kernel.</param>
internal sealed class Operation(
    OperationInfo info, Kernel kernel, string? parameters = null, IReadOnlyList<ConvCandidate>? candidates = null, Func<int, Kernel>? kernelFor = null)
{
    /// <summary>Which layers, and their sizes.</summary>
    public OperationInfo Info { get; private set; } = info;

    /// <summary>What computes them.</summary>
    public Kernel Kernel { get; } = kernel;

    /// <summary>What would compute them on a machine with this many processors, not bound to memory.</summary>
    public Kernel KernelFor(int threads) => kernelFor?.Invoke(threads) ?? Kernel;

    /// <summary>The convolution algorithms that were asked, with their answers; empty for other operations.</summary>
    public IReadOnlyList<ConvCandidate> Candidates { get; } = candidates ?? [];

    /// <summary>Multiply-adds that the algorithm does in one forward call for the whole batch; transforms do not count.</summary>
    public long AlgorithmMultiplyAdds => Kernel switch
    {
        ConvKernel convolution => convolution.ForwardMultiplications,
        ConvThenRows both => both.Convolution.ForwardMultiplications,
        _ => Info.MultiplyAdds * Info.BatchSize,
    };

    /// <summary>This convolution with what takes its rows as they are made; null where the two cannot share a map.</summary>
    public Operation? Then(OperationInfo next, Kernel after)
    {
        return Joined(Kernel) is not { } both ? null : new Operation(
            Info with { LayerIndices = [.. Info.LayerIndices, .. next.LayerIndices], Name = $"{Info.Name} + {next.Name}", OutputShape = next.OutputShape },
            both, parameters, Candidates, threads => Joined(KernelFor(threads)) ?? KernelFor(threads));

        Kernel? Joined(Kernel kernel) =>
            kernel is ConvKernel convolution && ConvThenRows.CanJoin(convolution, after) ? new ConvThenRows(convolution, after) : null;
    }

    /// <summary>Takes a following layer in that only reads the output in another shape.</summary>
    public void Append(int layerIndex, Shape output) =>
        Info = Info with { LayerIndices = [.. Info.LayerIndices, layerIndex], OutputShape = output };

    /// <summary>Loads the weight from its file, if it has stayed there and the kernel wants it in memory.</summary>
    public unsafe void LoadWeight(ParameterSet values)
    {
        if (parameters is not null && !Kernel.FetchesWeight)
            _ = values[$"{parameters}.weight"].Pointer;
    }

    /// <summary>Binds the kernel to its memory, once.</summary>
    /// <param name="pool">The threads.</param>
    /// <param name="operands">Activations, their gradients, prepared weights, scratch and step.</param>
    /// <param name="values">Values of the network's parameters.</param>
    /// <param name="gradients">Where their gradients go; null where none are computed.</param>
    public unsafe void Bind(WorkerPool pool, Operands operands, ParameterSet values, ParameterSet? gradients)
    {
        if (parameters is not null)
        {
            Parameter weight = values[$"{parameters}.weight"];
            if (Kernel.FetchesWeight)
                operands.WeightPanels = weight.Panels;
            else
                operands.Weight = weight.Pointer;
            operands.Bias = values[$"{parameters}.bias"].Pointer;
            if (Kernel.WeightGradient)
            {
                operands.GradWeight = gradients![$"{parameters}.weight"].Pointer;
                operands.GradBias = gradients[$"{parameters}.bias"].Pointer;
            }
        }
        Kernel.Bind(pool, operands);
    }
}

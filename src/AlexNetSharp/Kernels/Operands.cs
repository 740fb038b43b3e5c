using AlexNetSharp.Tensors;

namespace AlexNetSharp.Kernels;

/// <summary>Where a <see cref="Kernel"/> finds what it works on; null what it does not have. All but weights and gradients of weights are aligned to 64 bytes.</summary>
internal unsafe struct Operands
{
    /// <summary>[batch, input shape].</summary>
    public float* Input;

    /// <summary>[batch, output shape].</summary>
    public float* Output;

    /// <summary>Gradient of the input; null if it is not needed.</summary>
    public float* GradInput;

    /// <summary>Gradient of the output; null where there is no backward.</summary>
    public float* GradOutput;

    /// <summary>The weight, as the kernel wants it.</summary>
    public float* Weight;

    /// <summary>The weight where it is fetched panel by panel, for a kernel that was made for that; <see cref="Weight"/> is null then.</summary>
    public IPanelSource? WeightPanels;

    /// <summary>[output channels].</summary>
    public float* Bias;

    /// <summary>Gradient of the weight, in the layout of the weight.</summary>
    public float* GradWeight;

    /// <summary>[output channels]; given only with <see cref="GradWeight"/>.</summary>
    public float* GradBias;

    /// <summary>[<see cref="Kernel.PreparedWeightLength"/>]; keeps its content from <see cref="Kernel.PrepareWeights"/> until the weights change.</summary>
    public float* PreparedWeight;

    /// <summary>[<see cref="Kernel.KeptLength"/>]; keeps its content from <see cref="Kernel.Forward"/> to <see cref="Kernel.Backward"/>.</summary>
    public float* Kept;

    /// <summary>[<see cref="Kernel.ScratchLength"/>]; others use it too, so it holds nothing between calls.</summary>
    public float* Scratch;

    /// <summary>The step that is running; null where there is no training.</summary>
    public Step? Step;
}

/// <summary>What changes from one step to the next: one object for all kernels of a plan.</summary>
internal sealed class Step
{
    /// <summary>Number of the step; keys the masks of dropout.</summary>
    public ulong Number { get; set; }

    /// <summary>Whether dropout drops.</summary>
    public bool Training { get; set; }
}

using AlexNetSharp.Kernels.Linear;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Execution;

/// <summary>Executes a network for one batch size: forward pass and gradients. This is all that training and inference need of a device.</summary>
/// <remarks>
/// Write images to <see cref="Input"/>, call <see cref="Forward"/>, read <see cref="Output"/>; for gradients write the loss's gradient to
/// <see cref="OutputGradient"/>, call <see cref="Backward"/> and read <see cref="Gradients"/>. <see cref="Plan"/> is the CPU's executor. An
/// executor is not thread-safe; its spans are valid until it is disposed.
/// </remarks>
public interface IExecutor : IDisposable
{
    /// <summary>The network.</summary>
    Network Network { get; }

    /// <summary>The values of its parameters; changes take effect at the next <see cref="Forward"/> after <see cref="ParameterSet.MarkChanged()"/>.</summary>
    ParameterSet Parameters { get; }

    /// <summary>Images per batch.</summary>
    int BatchSize { get; }

    /// <summary>Seed of dropout.</summary>
    ulong Seed { get; }

    /// <summary>Memory of the executor in bytes, without the parameters.</summary>
    long MemoryBytes { get; }

    /// <summary>The batch, [batch, height, width, channels], to be written before <see cref="Forward"/>, which does not change it.</summary>
    Span<float> Input { get; }

    /// <summary>The output, [batch, classes], after <see cref="Forward"/>.</summary>
    ReadOnlySpan<float> Output { get; }

    /// <summary>The gradient of the loss with respect to the output, [batch, classes], to be written before <see cref="Backward"/>.</summary>
    /// <exception cref="InvalidOperationException">The executor computes no gradients.</exception>
    Span<float> OutputGradient { get; }

    /// <summary>The gradients of the parameters in scope, after <see cref="Backward"/>; null if there are none.</summary>
    ParameterSet? Gradients { get; }

    /// <summary>Computes the output of the batch in <see cref="Input"/>.</summary>
    /// <param name="training">Whether dropout is active after the first layer that learns.</param>
    /// <param name="step">Number of the step; together with <see cref="Seed"/> it determines the dropout masks.</param>
    void Forward(bool training = false, ulong step = 0);

    /// <summary>Computes the gradients of the last <see cref="Forward"/> call from <see cref="OutputGradient"/>.</summary>
    /// <param name="accumulate">Whether to add to the gradients (for a batch in several parts) instead of overwriting them.</param>
    /// <param name="gradientReady">
    /// Called with each of <see cref="Gradients"/> as soon as it is complete, those of the last layer first, while the backward pass goes on, so that it can be sent
    /// early.
    /// </param>
    /// <exception cref="InvalidOperationException">There was no forward call before, or the executor computes no gradients.</exception>
    void Backward(bool accumulate = false, Action<Parameter>? gradientReady = null);

    /// <summary>Threads of this CPU that are idle between two calls, for work between forward, backward and update; null if the executor has none.</summary>
    internal WorkerPool? Pool => null;

    /// <summary>Keeps the memory behind the spans, also if the executor is disposed of, until what this returns is disposed of.</summary>
    /// <exception cref="ObjectDisposedException">The executor has been disposed.</exception>
    internal AlignedBuffer.Lease Hold() => default;

    /// <summary>What a gradient is made of that backward leaves out; null for a gradient that it computes.</summary>
    /// <param name="gradient">One of <see cref="Gradients"/>.</param>
    internal LinearFactors? FactorsOf(Parameter gradient) => null;
}

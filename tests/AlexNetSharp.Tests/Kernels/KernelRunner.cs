using AlexNetSharp.Kernels;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Tests.Kernels;

/// <summary>Runs kernels without parameters on arrays, between guards, with memory that starts as NaN.</summary>
internal static unsafe class KernelRunner
{
    /// <summary>Forward, then backward.</summary>
    /// <param name="kernel">Freshly made.</param>
    /// <param name="x">The input.</param>
    /// <param name="gradient">The gradient of the output, as long as the output.</param>
    /// <param name="threads">Threads of the pool.</param>
    /// <param name="step">The step, if the kernel looks at it.</param>
    /// <param name="forwardOnly">Whether backward is left out.</param>
    public static (float[] Output, float[] GradInput) Run(Kernel kernel, float[] x, float[] gradient, int threads = 1, Step? step = null, bool forwardOnly = false)
    {
        using var pool = new WorkerPool(threads);
        using GuardedBuffer input = new(x), output = new(gradient.Length), gradOutput = new(gradient), gradInput = new(x.Length);
        using GuardedBuffer kept = new(kernel.KeptLength), scratch = new(kernel.ScratchLength(threads));
        kernel.Bind(pool, new Operands
        {
            Input = input.Pointer,
            Output = output.Pointer,
            GradInput = kernel.InputGradient ? gradInput.Pointer : null,
            GradOutput = gradOutput.Pointer,
            Kept = kept.Pointer,
            Scratch = scratch.Pointer,
            Step = step,
        });
        kernel.Forward();
        if (!forwardOnly)
            kernel.Backward();
        scratch.Check($"{kernel.Name}: scratch");
        kept.Check($"{kernel.Name}: what forward leaves for backward");
        Compare.SameBits($"{kernel.Name}: the input, which is only read", x, input.Values("input"));
        Compare.SameBits($"{kernel.Name}: the gradient of the output, which is only read", gradient, gradOutput.Values("gradient of the output"));
        return (output.Values($"{kernel.Name}: output"), gradInput.Values($"{kernel.Name}: gradInput"));
    }

    /// <summary>Forward, then backward, in place: output where the input was, and its gradient where that of the output was.</summary>
    public static (float[] Output, float[] GradInput) RunInPlace(Kernel kernel, float[] x, float[] gradient, int threads = 1, Step? step = null)
    {
        using var pool = new WorkerPool(threads);
        using GuardedBuffer values = new(x), gradients = new(gradient), scratch = new(kernel.ScratchLength(threads));
        kernel.Bind(pool, new Operands
        {
            Input = values.Pointer,
            Output = values.Pointer,
            GradInput = gradients.Pointer,
            GradOutput = gradients.Pointer,
            Scratch = scratch.Pointer,
            Step = step,
        });
        kernel.Forward();
        kernel.Backward();
        return (values.Values($"{kernel.Name}: output"), gradients.Values($"{kernel.Name}: gradInput"));
    }
}

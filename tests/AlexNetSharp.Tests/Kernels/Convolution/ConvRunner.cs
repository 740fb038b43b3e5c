using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Convolution;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Tests.Kernels.Convolution;

/// <summary>What a convolution algorithm gave.</summary>
internal sealed record ConvResult(float[] Output, float[] GradInput, float[] GradWeight, float[] GradBias);

/// <summary>Runs convolution algorithms on arrays, between guards, with memory that starts as NaN.</summary>
internal static unsafe class ConvRunner
{
    /// <summary>All algorithms of the library that accept a geometry; at least the plain loops do.</summary>
    public static IReadOnlyList<ConvCandidate> Accepting(ConvGeometry geometry, ConvRequest request) =>
        [.. ConvAlgorithms.Entries.Select(entry => entry(geometry, request)).Where(candidate => candidate.Kernel is not null)];

    /// <summary>Everything requested, with direct or fast algorithms.</summary>
    public static ConvRequest Request(bool relu = false, bool precise = false) => new(relu, WeightGradient: true, InputGradient: true, precise);

    /// <summary>Forward, then backward.</summary>
    /// <param name="kernel">Freshly made.</param>
    /// <param name="data">Values in.</param>
    /// <param name="threads">Threads of the pool.</param>
    /// <param name="addTo">If given, weight and bias gradients are added to these.</param>
    /// <param name="steps">Times that the whole is done; the results of the last count, with the weights prepared only once.</param>
    public static ConvResult Run(ConvKernel kernel, ConvData data, int threads = 2, ConvResult? addTo = null, int steps = 1) =>
        Run(kernel, kernel, kernel.Geometry.OutputLength, data, threads, addTo, steps);

    /// <summary>Forward of a convolution with the pooling that takes its rows, <paramref name="steps"/> times; the output, of <paramref name="outputLength"/> floats.</summary>
    public static float[] Run(ConvThenRows kernel, int outputLength, ConvData data, int threads, int steps) =>
        Run(kernel, kernel.Convolution, outputLength, data, threads, addTo: null, steps).Output;

    private static ConvResult Run(Kernel kernel, ConvKernel convolution, long outputLength, ConvData data, int threads, ConvResult? addTo, int steps)
    {
        ConvGeometry g = convolution.Geometry;
        ConvRequest request = convolution.Request;
        using var pool = new WorkerPool(threads);
        using var prepared = new GuardedBuffer(kernel.PreparedWeightLength);
        using var scratch = new GuardedBuffer(kernel.ScratchLength(threads));
        using var input = new GuardedBuffer(data.Input);
        using var weight = new GuardedBuffer(data.Weight);
        using var bias = new GuardedBuffer(data.Bias ?? []);
        using var output = new GuardedBuffer(outputLength);
        using var gradOutput = new GuardedBuffer(data.GradOutput);
        using var gradInput = new GuardedBuffer(g.InputLength);
        using var gradWeight = new GuardedBuffer(g.WeightLength);
        using var gradBias = new GuardedBuffer(g.OutputChannels);

        kernel.Bind(pool, new Operands
        {
            Input = input.Pointer,
            Output = output.Pointer,
            GradInput = request.InputGradient ? gradInput.Pointer : null,
            GradOutput = gradOutput.Pointer,
            Weight = weight.Pointer,
            Bias = data.Bias is null ? null : bias.Pointer,
            GradWeight = request.WeightGradient ? gradWeight.Pointer : null,
            GradBias = request.WeightGradient ? gradBias.Pointer : null,
            PreparedWeight = prepared.Pointer,
            Scratch = scratch.Pointer,
        });
        kernel.PrepareWeights();
        for (int step = 0; step < steps; step++)
        {
            addTo?.GradWeight.CopyTo(gradWeight.Span);
            addTo?.GradBias.CopyTo(gradBias.Span);
            // Scratch belongs to all layers: what another one left there must not matter.
            scratch.Span.Fill(float.NaN);
            output.Span.Fill(float.NaN);
            kernel.Forward();
            scratch.Span.Fill(float.NaN);
            if (request.Backward)
                kernel.Backward(addTo is not null);
        }

        string name = kernel.Name;
        prepared.Check($"{name}: prepared weights");
        scratch.Check($"{name}: scratch");
        Compare.SameBits($"{name}: the input, which is only read", data.Input, input.Values("input"));
        Compare.SameBits($"{name}: the weight, which is only read", data.Weight, weight.Values("weight"));
        Compare.SameBits($"{name}: the gradient of the output, which is only read", data.GradOutput, gradOutput.Values("gradient of the output"));
        return new ConvResult(
            output.Values($"{name}: output"), gradInput.Values($"{name}: gradInput"),
            gradWeight.Values($"{name}: gradWeight"), gradBias.Values($"{name}: gradBias"));
    }
}

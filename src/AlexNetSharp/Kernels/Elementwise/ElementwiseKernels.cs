using AlexNetSharp.Simd;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Elementwise;

/// <summary>Operations that treat every element alike, and sums over all of them, on the threads of one pool.</summary>
/// <remarks>The jobs are made once with the object, so that no call allocates (but see <see cref="SumOfSquares"/>). One caller at a time.</remarks>
/// <param name="pool">The threads.</param>
/// <param name="tier">Width of the vectors; null takes the widest.</param>
internal sealed unsafe class ElementwiseKernels(WorkerPool pool, SimdTier? tier = null)
{
    private readonly Map<ReluOperator> _relu = Map<ReluOperator>.Create(tier ?? SimdTiers.Best);
    private readonly Map<ReluGradientOperator> _reluGradient = Map<ReluGradientOperator>.Create(tier ?? SimdTiers.Best);
    private readonly Map<AddOperator> _add = Map<AddOperator>.Create(tier ?? SimdTiers.Best);
    private readonly Map<ScaleOperator> _scale = Map<ScaleOperator>.Create(tier ?? SimdTiers.Best);
    private readonly SumOfSquares _sumOfSquares = Elementwise.SumOfSquares.Create(tier ?? SimdTiers.Best);
    private readonly RowBias _rowBias = RowBias.Create(tier ?? SimdTiers.Best);

    /// <summary>output[i] = max(0, input[i]). They may be the same memory.</summary>
    public void Relu(float* input, float* output, long count) => _relu.Run(pool, default, input, input, output, count);

    /// <summary>gradInput[i] = output[i] &gt; 0 ? gradOutput[i] : 0. Any of them may be the same memory; the input of the ReLU serves as well as its output.</summary>
    public void ReluBackward(float* output, float* gradOutput, float* gradInput, long count) =>
        _reluGradient.Run(pool, default, output, gradOutput, gradInput, count);

    /// <summary>output[i] = a[i] + b[i]. Any of them may be the same memory.</summary>
    public void Add(float* a, float* b, float* output, long count) => _add.Run(pool, default, a, b, output, count);

    /// <summary>output[i] = factor · input[i]. They may be the same memory.</summary>
    public void Scale(float factor, float* input, float* output, long count) =>
        _scale.Run(pool, new ScaleOperator(factor), input, input, output, count);

    /// <summary>values[r, c] += bias[c].</summary>
    /// <param name="values">[rows, columns].</param>
    /// <param name="bias">[columns].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="relu">Whether max(0, ·) of the sum is taken.</param>
    public void AddBias(float* values, float* bias, int rows, int columns, bool relu) => _rowBias.Add(pool, values, bias, rows, columns, relu);

    /// <summary>gradBias[c] = Σ over r of gradient[r, c], added to what is there if <paramref name="accumulate"/>.</summary>
    public void BiasGradient(float* gradient, float* gradBias, int rows, int columns, bool accumulate) =>
        _rowBias.Sum(pool, gradient, gradBias, rows, columns, accumulate);

    /// <summary>Σ values[i]², in double precision: twice the notebook's l2_loss, and the square of a gradient's norm.</summary>
    /// <remarks>
    /// The sum is cut at fixed places, so it is the same for any number of threads. The first call for a larger count than before
    /// allocates an array of one number for every 16,384 values.
    /// </remarks>
    public double SumOfSquares(float* values, long count) => _sumOfSquares.Run(pool, values, count);
}

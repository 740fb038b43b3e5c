using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Linear;

/// <summary>A fully connected layer: output = relu(input · weight + bias), and its gradients.</summary>
/// <remarks>
/// <para>
/// The weight [in, out] lies in panels [⌈out / 32⌉][in][32] whose columns beyond the last are zeros. It is read in place by both products:
/// forward takes it as B, the gradient of the input as A (computed transposed, gradInputᵀ = weight · gradOutputᵀ), and the gradient
/// of the weight is written in the same layout. Only inputs, outputs and their gradients are packed, which are small.
/// </para>
/// <para>
/// Small batches are bound by reading the weight from memory once. With bfloat16 a rounded copy of half the size is kept
/// and expanded as it is loaded; sums are float32 all the same. Backward always uses the float32 weight.
/// </para>
/// <para>
/// Life, as of <see cref="Convolution.ConvAlgorithm"/>: read the sizes, <see cref="Bind"/> once, then call freely; no call allocates.
/// The result is the same bits for any number of threads.
/// </para>
/// </remarks>
internal sealed unsafe partial class LinearKernel
{
    private const int Width = GemmKernel.PanelWidth;

    /// <summary>Rows of the transposed input gradient in one piece of work.</summary>
    private const int GradInputRows = 112;

    /// <summary>Rows of the weight gradient in one piece of work: with a batch of 32 their input takes 256 KiB.</summary>
    private const int GradWeightRows = 2048;

    private readonly bool _relu, _weightGradient, _inputGradient, _bfloat16;
    private readonly int _inPanels, _outPanels, _batchPanels, _forwardPanels;

    // Strides of panels in scratch: 16 floats beyond a round number, so that rows of neighbors do not share a set of the cache.
    private readonly nint _batchStride, _transposedStride, _gradInputStride;
    private readonly Job _packInput, _packGradOutput, _roundWeight, _forward, _backwardWeight, _backwardInput;
    private WorkerPool _pool = null!;
    private ushort* _rounded;
    private float* _inputPanels, _gradOutputPanels, _gradOutputTransposed, _workerScratch;
    private float* _input, _weight, _bias, _output, _gradOutput, _gradWeight, _gradBias, _gradInput;
    private bool _accumulate;

    /// <summary>Fixes the sizes.</summary>
    /// <param name="batch">Rows of input and output, at least 1.</param>
    /// <param name="inFeatures">Columns of the input, at least 1.</param>
    /// <param name="outFeatures">Columns of the output, at least 1.</param>
    /// <param name="relu">The output is max(0, ·), and gradients are masked where the output is not positive.</param>
    /// <param name="weightGradient">Backward will be asked for the gradients of weight and bias.</param>
    /// <param name="inputGradient">Backward will be asked for the gradient of the input.</param>
    /// <param name="bfloat16">Forward uses a rounded copy of the weight.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is less than 1.</exception>
    public LinearKernel(int batch, int inFeatures, int outFeatures, bool relu, bool weightGradient, bool inputGradient, bool bfloat16)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(inFeatures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outFeatures, 1);
        (Batch, InFeatures, OutFeatures) = (batch, inFeatures, outFeatures);
        (_relu, _weightGradient, _inputGradient, _bfloat16) = (relu, weightGradient, inputGradient, bfloat16);
        (_inPanels, _outPanels, _batchPanels) = (GemmKernel.Panels(inFeatures), GemmKernel.Panels(outFeatures), GemmKernel.Panels(batch));
        // Several panels share one passage of the packed input through the second-level cache, as long as all threads still get
        // enough pieces; for small batches the input stays in the first level, and one panel is one sequential read.
        _forwardPanels = batch <= 8 ? 1 : Math.Clamp(_outPanels / 16, 1, 4);
        _batchStride = Width * batch + 16;
        _transposedStride = Width * outFeatures + 16;
        _gradInputStride = Width * GradInputRows + 16;
        (_packInput, _packGradOutput, _roundWeight) = (new PackInputJob(this), new PackGradOutputJob(this), new RoundWeightJob(this));
        (_forward, _backwardWeight, _backwardInput) = (new ForwardJob(this), new BackwardWeightJob(this), new BackwardInputJob(this));
    }

    /// <summary>Rows of input and output.</summary>
    public int Batch { get; }

    /// <summary>Columns of the input.</summary>
    public int InFeatures { get; }

    /// <summary>Columns of the output.</summary>
    public int OutFeatures { get; }

    /// <summary>Name for humans.</summary>
    public string Name => _bfloat16 ? "packed panels, bfloat16 weights" : "packed panels";

    /// <summary>Floats of the weight in its panels: ⌈out / 32⌉ · in · 32.</summary>
    public long WeightLength => (long)_outPanels * InFeatures * Width;

    /// <summary>Floats of memory for the rounded weight, which keeps its content; 0 without bfloat16.</summary>
    public long PreparedWeightLength => _bfloat16 ? WeightLength / 2 : 0;

    /// <summary>Floats of scratch, which holds nothing between calls, for a pool of <paramref name="threads"/> threads.</summary>
    public long ScratchLength(int threads) => SharedScratch + threads * WorkerScratch;

    private long InputPanelsLength => _inPanels * _batchStride;

    private long GradOutputPanelsLength => _weightGradient || _inputGradient ? _outPanels * _batchStride : 0;

    private long GradOutputTransposedLength => _inputGradient ? _batchPanels * _transposedStride : 0;

    private long SharedScratch => InputPanelsLength + GradOutputPanelsLength + GradOutputTransposedLength;

    private long WorkerScratch => Math.Max(
        _forwardPanels * _batchStride,
        _inputGradient ? _batchPanels * _gradInputStride : 0);

    /// <summary>Hands over the memory, once; both pointers aligned to 64 bytes.</summary>
    /// <param name="pool">Threads that work.</param>
    /// <param name="preparedWeight">[<see cref="PreparedWeightLength"/>].</param>
    /// <param name="scratch">[<see cref="ScratchLength"/>].</param>
    public void Bind(WorkerPool pool, float* preparedWeight, float* scratch)
    {
        _pool = pool;
        _rounded = (ushort*)preparedWeight;
        _inputPanels = scratch;
        _gradOutputPanels = _inputPanels + InputPanelsLength;
        _gradOutputTransposed = _gradOutputPanels + GradOutputPanelsLength;
        _workerScratch = _gradOutputTransposed + GradOutputTransposedLength;
    }

    /// <summary>Rounds the weight for the forward calls that follow; does nothing without bfloat16.</summary>
    /// <param name="weight">[⌈out / 32⌉][in][32].</param>
    public void PrepareWeight(float* weight)
    {
        if (!_bfloat16)
            return;
        _weight = weight;
        _pool.Run(_roundWeight, _outPanels);
    }

    /// <summary>output = relu(input · weight + bias).</summary>
    /// <param name="input">[batch, in].</param>
    /// <param name="weight">[⌈out / 32⌉][in][32]; with bfloat16 what <see cref="PrepareWeight"/> was given, and not read.</param>
    /// <param name="bias">[out], or null for none.</param>
    /// <param name="output">[batch, out], overwritten; must not overlap the input.</param>
    public void Forward(float* input, float* weight, float* bias, float* output)
    {
        _input = input;
        _weight = weight;
        _bias = bias;
        _output = output;
        PackInput();
        _pool.Run(_forward, (_outPanels + _forwardPanels - 1) / _forwardPanels);
    }

    /// <summary>gradWeight = inputᵀ · g, gradBias = Σ g over the batch, gradInput = g · weightᵀ, where g = gradOutput masked by the ReLU.</summary>
    /// <param name="input">[batch, in] as in forward; read only for the gradient of the weight.</param>
    /// <param name="weight">[⌈out / 32⌉][in][32]; read only for the gradient of the input.</param>
    /// <param name="output">[batch, out] as forward left it; read only with ReLU.</param>
    /// <param name="gradOutput">[batch, out].</param>
    /// <param name="gradWeight">[⌈out / 32⌉][in][32], or null.</param>
    /// <param name="gradBias">[out], or null.</param>
    /// <param name="gradInput">[batch, in], overwritten, or null.</param>
    /// <param name="accumulate">Whether weight and bias gradients are added to what is there, or overwrite it.</param>
    /// <exception cref="InvalidOperationException">A gradient is asked for that the constructor was not told of.</exception>
    public void Backward(
        float* input, float* weight, float* output, float* gradOutput,
        float* gradWeight, float* gradBias, float* gradInput, bool accumulate)
    {
        if (((gradWeight != null || gradBias != null) && !_weightGradient) || (gradInput != null && !_inputGradient))
            throw new InvalidOperationException("This fully connected layer was planned without the gradient that is asked for.");
        _input = input;
        _weight = weight;
        _output = output;
        _gradOutput = gradOutput;
        _gradWeight = gradWeight;
        _gradBias = gradBias;
        _gradInput = gradInput;
        _accumulate = accumulate;
        _pool.Run(_packGradOutput, _outPanels);
        if (gradWeight != null)
        {
            PackInput();
            _pool.Run(_backwardWeight, WeightRowBlocks * _outPanels);
        }
        if (gradInput != null)
            _pool.Run(_backwardInput, (InFeatures + GradInputRows - 1) / GradInputRows);
    }

    private int WeightRowBlocks => (InFeatures + GradWeightRows - 1) / GradWeightRows;

    private void PackInput() => _pool.Run(_packInput, (_inPanels + PackedTogether - 1) / PackedTogether);
}

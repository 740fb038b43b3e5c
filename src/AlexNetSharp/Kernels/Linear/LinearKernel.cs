using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Simd;
using AlexNetSharp.Tensors;
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
/// Small batches are bound by reading the weight from memory once. With bfloat16 or int8 a rounded copy of a half or a quarter of the size is
/// kept and expanded as it is loaded; sums are float32 all the same. Backward always uses the float32 weight.
/// </para>
/// <para>
/// Without backward, a weight need not be in memory: each thread fetches the panel that it multiplies by, or rounds, from an <see cref="IPanelSource"/>.
/// </para>
/// </remarks>
internal sealed unsafe class LinearKernel<V> : Kernel
    where V : unmanaged, ISimd<V>
{
    private const int Width = GemmKernel.PanelWidth;

    /// <summary>Rows of the transposed input gradient in one piece of work, at most.</summary>
    private const int MostGradInputRows = 112;

    /// <summary>Rows of the weight gradient in one piece of work: with a batch of 32 their input takes 256 KiB.</summary>
    private const int GradWeightRows = 2048;

    /// <summary>Panels of the input in one piece of packing.</summary>
    private const int PackedTogether = 16;

    private readonly int _batch, _inFeatures, _outFeatures;
    private readonly bool _relu;
    private readonly WeightFormat _format;
    private readonly int _inPanels, _outPanels, _batchPanels;

    // How the work is cut for the threads, set by Bind; no sum runs over these pieces.
    private int _forwardPanels, _gradInputRows;
    private EvenSplit _forwardRows;

    // Strides of panels in scratch: 16 floats beyond a round number, so that rows of neighbors do not share a set of the cache.
    private readonly nint _batchStride, _transposedStride, _gradInputStride;
    private readonly Job _packInput, _packGradOutput, _roundWeight, _forward, _backwardWeight, _backwardInput;
    private float* _scales;
    private byte* _rounded;
    private IPanelSource? _panels;
    private float* _inputPanels, _gradOutputPanels, _gradOutputTransposed, _workerScratch;
    private bool _accumulate;

    /// <summary>Fixes the sizes.</summary>
    /// <param name="batch">Rows of input and output, at least 1.</param>
    /// <param name="inFeatures">Columns of the input, at least 1.</param>
    /// <param name="outFeatures">Columns of the output, at least 1.</param>
    /// <param name="relu">The output is max(0, ·), and gradients are masked where the output is not positive.</param>
    /// <param name="weightGradient">Backward will be asked for the gradients of weight and bias.</param>
    /// <param name="inputGradient">Backward will be asked for the gradient of the input.</param>
    /// <param name="format">What forward reads the weight as.</param>
    /// <param name="factors">Backward leaves the gradient of the weight, not that of the bias, to <see cref="Factors"/>.</param>
    /// <param name="fetchesWeight">The weight is fetched panel by panel; without gradients only.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is less than 1.</exception>
    public LinearKernel(
        int batch, int inFeatures, int outFeatures, bool relu, bool weightGradient, bool inputGradient, WeightFormat format,
        bool factors = false, bool fetchesWeight = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(inFeatures, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outFeatures, 1);
        (_batch, _inFeatures, _outFeatures) = (batch, inFeatures, outFeatures);
        (_relu, WeightGradient, InputGradient, _format) = (relu, weightGradient, inputGradient, format);
        (_inPanels, _outPanels, _batchPanels) = (GemmKernel.Panels(inFeatures), GemmKernel.Panels(outFeatures), GemmKernel.Panels(batch));
        _batchStride = Width * batch + 16;
        _transposedStride = Width * outFeatures + 16;
        _gradInputStride = Width * MostGradInputRows + 16;
        (_packInput, _packGradOutput, _roundWeight) = (PackInput, PackGradOutput, RoundWeight);
        (_forward, _backwardWeight, _backwardInput) = (ForwardPanels, BackwardWeight, BackwardInput);
        FetchesWeight = fetchesWeight && !weightGradient && !inputGradient;
        Factors = factors ? new LinearFactors<V>(batch, inFeatures, outFeatures, _batchStride) : null;
    }

    public override string Name => _format switch
    {
        WeightFormat.BFloat16 => "packed panels, bfloat16 weights",
        WeightFormat.Int8 => "packed panels, int8 weights",
        _ => FetchesWeight ? "panels read from the file" : "packed panels",
    };

    public override bool FetchesWeight { get; }

    /// <summary>Whether each forward fetches the weight; a rounded copy is made of it once.</summary>
    private bool FetchesInForward => FetchesWeight && _format == WeightFormat.Float32;

    public override bool WeightGradient { get; }

    public override LinearFactors? Factors { get; }

    public override bool InputGradient { get; }

    public override bool BackwardReadsInput => WeightGradient;

    public override bool BackwardReadsOutput => _relu;

    /// <summary>Floats of memory for the rounded weight, before which int8 has a scale for each column of the panels; 0 for float32.</summary>
    public override long PreparedWeightLength => _format == WeightFormat.Float32 ? 0 : ScalesLength + PanelLength * _outPanels * RoundedSize / sizeof(float);

    private int RoundedSize => _format == WeightFormat.Int8 ? Int8Weights.Size : BFloat16Weights.Size;

    private long ScalesLength => _format == WeightFormat.Int8 ? (long)_outPanels * Width : 0;

    /// <summary>Weights of a panel.</summary>
    private long PanelLength => (long)_inFeatures * Width;

    public override long ScratchLength(int threads) => SharedScratch + threads * WorkerScratch;

    private long InputPanelsLength => _inPanels * _batchStride;

    private long GradOutputPanelsLength => WeightGradient || InputGradient ? _outPanels * _batchStride : 0;

    private long GradOutputTransposedLength => InputGradient ? _batchPanels * _transposedStride : 0;

    private long SharedScratch => InputPanelsLength + GradOutputPanelsLength + GradOutputTransposedLength;

    private long WorkerScratch => Math.Max(
        ProductLength,
        InputGradient ? _batchPanels * _gradInputStride : 0) + (FetchesWeight ? IPanelSource.ScratchLength(_inFeatures) : 0);

    private long ProductLength => MostForwardPanels * _batchStride;

    public override void Bind(WorkerPool pool, in Operands operands)
    {
        base.Bind(pool, operands);
        (_forwardPanels, _forwardRows) = (ForwardPanelsFor(pool.Threads), ForwardRowsFor(pool.Threads));
        _gradInputRows = GradInputRowsFor(pool.Threads);
        _panels = operands.WeightPanels;
        _scales = PreparedWeight;
        _rounded = (byte*)(PreparedWeight + ScalesLength);
        _inputPanels = Scratch;
        _gradOutputPanels = _inputPanels + InputPanelsLength;
        _gradOutputTransposed = _gradOutputPanels + GradOutputPanelsLength;
        _workerScratch = _gradOutputTransposed + GradOutputTransposedLength;
        Factors?.Bind(Input, _gradOutputPanels);
    }

    /// <summary>Panels of the output in one piece of forward, at most.</summary>
    private int MostForwardPanels => _batch <= 9 || FetchesInForward ? 1 : Math.Clamp(_outPanels / 16, 1, 4);

    // Several panels share one passage of the packed input through the second-level cache, as long as all threads still get
    // enough pieces; for small batches the input stays in the first level, and one panel is one sequential read.
    private int ForwardPanelsFor(int threads) => Math.Clamp(_outPanels / (4 * threads), 1, MostForwardPanels);

    /// <summary>Where panels are fewer than threads, the batch is cut too; not if a panel would be fetched twice.</summary>
    private EvenSplit ForwardRowsFor(int threads) => FetchesInForward ? new(_batch, _batch, 1) :
        new(_batch, Math.Max(Math.Min(_batch, 16), _batch / Math.Max(1, (threads + _outPanels - 1) / _outPanels)), 1);

    private int GradInputRowsFor(int threads)
    {
        int rows = MostGradInputRows;
        while (rows > MostGradInputRows / 4 && (_inFeatures + rows - 1) / rows < 2 * threads)
            rows /= 2;
        return rows;
    }

    public override IReadOnlyList<WorkStage> WorkStages(bool backward, int threads)
    {
        double product = (double)_batch * _inFeatures * _outFeatures;
        if (!backward)
        {
            EvenSplit rows = ForwardRowsFor(threads);
            int panels = ForwardPanelsFor(threads);
            double largest = product * Math.Min(1, (double)panels * Width / _outFeatures) * rows.Length(0) / _batch;
            return [new(product, (double)rows.Count * ((_outPanels + panels - 1) / panels), largest)];
        }
        var stages = new List<WorkStage>();
        if (WeightGradient)
            stages.Add(new(
                product, (double)((_inFeatures + GradWeightRows - 1) / GradWeightRows) * _outPanels,
                product * Math.Min(1, (double)GradWeightRows / _inFeatures) * Math.Min(1, (double)Width / _outFeatures)));
        if (InputGradient)
            stages.Add(new(
                product, (double)((_inFeatures + GradInputRowsFor(threads) - 1) / GradInputRowsFor(threads)),
                product * Math.Min(1, (double)GradInputRowsFor(threads) / _inFeatures)));
        return stages;
    }

    private int InputPieces => (_inPanels + PackedTogether - 1) / PackedTogether;

    private float* OfWorker(int worker) => _workerScratch + worker * WorkerScratch;

    /// <summary>A panel of the weight, for one thread.</summary>
    private float* PanelOf(int panel, int worker) =>
        _panels is null ? Weight + panel * PanelLength : _panels.Fetch(panel, OfWorker(worker) + ProductLength);

    /// <summary>Columns of the given panel of a matrix.</summary>
    private static int Columns(int panel, int total) => Math.Min(Width, total - panel * Width);

    /// <summary>Rounds the weight; does nothing for float32.</summary>
    public override void PrepareWeights()
    {
        if (_format != WeightFormat.Float32)
            Pool.Run(_roundWeight, _outPanels);
    }

    /// <summary>One panel of the weight in the narrower format.</summary>
    private void RoundWeight(int index, int worker)
    {
        float* weight = PanelOf(index, worker);
        byte* rounded = _rounded + index * PanelLength * RoundedSize;
        if (_format == WeightFormat.BFloat16)
            BFloat16.Round(weight, (ushort*)rounded, PanelLength);
        else
            PanelPacking.QuantizePanel<V>(weight, _inFeatures, (sbyte*)rounded, _scales + index * Width);
    }

    /// <summary>output = relu(input · weight + bias).</summary>
    public override void Forward()
    {
        Pool.Run(_packInput, InputPieces);
        Pool.Run(_forward, (_outPanels + _forwardPanels - 1) / _forwardPanels * _forwardRows.Count);
    }

    /// <summary>Sixteen panels of the input.</summary>
    private void PackInput(int index, int worker)
    {
        int first = index * PackedTogether, column = first * Width;
        PanelPacking.Pack<V>(
            Input + column, _inFeatures, _batch, Math.Min(PackedTogether * Width, _inFeatures - column),
            _inputPanels + first * _batchStride, _batchStride);
    }

    /// <summary>Some panels of the output, for some rows of the batch.</summary>
    private void ForwardPanels(int index, int worker)
    {
        (int piece, int part) = Math.DivRem(index, _forwardRows.Count);
        int row = _forwardRows.Start(part), rows = _forwardRows.Length(row);
        int first = piece * _forwardPanels, panels = Math.Min(_forwardPanels, _outPanels - first);
        float* c = OfWorker(worker);
        switch (_format)
        {
            case WeightFormat.BFloat16:
                Multiply<BFloat16Weights>(_rounded + first * PanelLength * BFloat16Weights.Size, c, row, rows, panels);
                break;
            case WeightFormat.Int8:
                Multiply<Int8Weights>(_rounded + first * PanelLength, c, row, rows, panels);
                break;
            default:
                GemmKernel.Multiply<V>(
                    _inputPanels + row * Width, _batchStride, PanelOf(first, worker), (nint)PanelLength, c, _batchStride,
                    rows, panels, _inFeatures, accumulate: false);
                break;
        }
        for (int p = 0; p < panels; p++)
        {
            int column = (first + p) * Width;
            PanelPacking.Unpack<V>(
                c + p * _batchStride, rows, Columns(first + p, _outFeatures), Bias == null ? null : Bias + column,
                _format == WeightFormat.Int8 ? _scales + column : null, _relu, Output + (nint)row * _outFeatures + column, _outFeatures);
        }
    }

    private void Multiply<W>(byte* weight, float* c, int row, int rows, int panels)
        where W : struct, IWeightFormat =>
        GemmKernel.MultiplyWeights<V, W>(_inputPanels + row * Width, _batchStride, weight, (nint)PanelLength, c, _batchStride, rows, panels, _inFeatures);

    /// <summary>gradWeight = inputᵀ · g, gradBias = Σ g over the batch, gradInput = g · weightᵀ, where g = gradOutput masked by the ReLU.</summary>
    public override void Backward(bool accumulate)
    {
        _accumulate = accumulate;
        Pool.Run(_packGradOutput, _outPanels);
        if (GradWeight != null && Factors is null)
        {
            Pool.Run(_packInput, InputPieces);
            Pool.Run(_backwardWeight, (_inFeatures + GradWeightRows - 1) / GradWeightRows * _outPanels);
        }
        if (GradInput != null)
            Pool.Run(_backwardInput, (_inFeatures + _gradInputRows - 1) / _gradInputRows);
    }

    /// <summary>One panel of the masked output gradient, as it is and transposed, and its bias gradient.</summary>
    private void PackGradOutput(int index, int worker)
    {
        int first = index * Width, columns = Columns(index, _outFeatures);
        float* panel = _gradOutputPanels + index * _batchStride;
        float* sums = stackalloc float[Width];
        new Span<float>(sums, Width).Clear();
        PanelPacking.PackGradient<V>(
            GradOutput + first, _relu ? Output + first : null, _outFeatures, _batch, columns, panel, _batchStride, sums);
        if (GradBias != null)
            for (int i = 0; i < columns; i++)
                GradBias[first + i] = (_accumulate ? GradBias[first + i] : 0) + sums[i];
        if (GradInput != null)
            for (int b = 0; b < _batchPanels; b++)
                PanelPacking.PackTransposed(
                    panel + b * Width * Width, Width, Columns(b, _batch), columns,
                    _gradOutputTransposed + b * _transposedStride + first * Width);
    }

    /// <summary>A block of rows of one panel of the weight gradient.</summary>
    private void BackwardWeight(int index, int worker)
    {
        // All panels of one block of rows follow each other, so that its input stays in the cache.
        (int block, int panel) = Math.DivRem(index, _outPanels);
        int row = block * GradWeightRows;
        nint weightStride = (nint)_inFeatures * Width;
        GemmKernel.MultiplyTransposed<V>(
            _inputPanels + row / Width * _batchStride, _batchStride, _gradOutputPanels + panel * _batchStride, 0,
            GradWeight + panel * weightStride + row * Width, weightStride,
            Math.Min(GradWeightRows, _inFeatures - row), 1, _batch, _accumulate);
    }

    /// <summary>A block of columns of the input gradient, computed transposed.</summary>
    private void BackwardInput(int index, int worker)
    {
        int row = index * _gradInputRows, rows = Math.Min(_gradInputRows, _inFeatures - row);
        float* c = OfWorker(worker);
        GemmKernel.Multiply<V>(
            Weight + row * Width, (nint)_inFeatures * Width, _gradOutputTransposed, _transposedStride,
            c, _gradInputStride, rows, _batchPanels, _outFeatures, accumulate: false);
        for (int b = 0; b < _batchPanels; b++)
            PanelPacking.UnpackTransposed(
                c + b * _gradInputStride, rows, Columns(b, _batch),
                GradInput + (nint)b * Width * _inFeatures + row, _inFeatures);
    }
}

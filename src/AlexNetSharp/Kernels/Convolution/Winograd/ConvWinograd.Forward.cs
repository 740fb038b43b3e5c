using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Convolution.Winograd;

// Forward: weights prepared once, then input transform, products, output transform.
internal sealed unsafe partial class ConvWinograd<V>
{
    /// <summary>Input channels whose weights one piece of work transforms.</summary>
    private const int WeightRows = 16;

    private Job _prepareJob = null!, _fusedForwardJob = null!, _inputJob = null!, _productJob = null!, _outputJob = null!;
    // Made once: naming the method where it is passed on would allocate a delegate for every piece of work.
    private TileRowTransform _transformInput = null!, _transformOutput = null!;

    private int WeightPieces => _sizes.OutputPanels * ((_sizes.InputChannels + WeightRows - 1) / WeightRows);

    private void MakeJobs()
    {
        _transformInput = TransformInput;
        _transformOutput = TransformOutput;
        _prepareJob = new MethodJob(PrepareWeights);
        _fusedForwardJob = new MethodJob(ForwardBlock);
        _inputJob = new MethodJob((index, worker) => TransformTileRow(index, worker, _transformInput));
        _productJob = new MethodJob((index, worker) => Product(_planes[index], _sizes.Block(_block), worker));
        _outputJob = new MethodJob((index, worker) => TransformTileRow(index, worker, _transformOutput));
        MakeBackwardJobs();
    }

    public override void PrepareWeight(float* weight)
    {
        _weight = weight;
        new Span<float>(_zeros, _sizes.Zeros).Clear();
        for (_group = 0; _group < Geometry.Groups; _group++)
            _pool.Run(_prepareJob, WeightPieces);
    }

    public override void Forward(float* input, float* bias, float* output)
    {
        _input = input;
        _bias = bias;
        _output = output;
        for (_group = 0; _group < Geometry.Groups; _group++)
        {
            if (_sizes.Fused)
            {
                _pool.Run(_fusedForwardJob, _sizes.Images.Count * _sizes.TileRows.Count);
                continue;
            }
            for (_block = 0; _block < _sizes.Images.Count; _block++)
            {
                int tileRows = _sizes.Block(_block).Images * _grid.Rows.Tiles;
                _pool.Run(_inputJob, tileRows);
                _pool.Run(_productJob, _planes.Length);
                _pool.Run(_outputJob, tileRows);
            }
        }
    }

    /// <summary>All stages of one block.</summary>
    private void ForwardBlock(int index, int worker)
    {
        TileBlock block = _sizes.Block(index);
        TransformBlock(block, worker, _transformInput);
        foreach (int plane in _planes)
            Product(plane, block, worker);
        TransformBlock(block, worker, _transformOutput);
    }

    private delegate void TileRowTransform(int image, int tileRow, in TileBlock block, int worker);

    /// <summary>One transform of one tile row of the staged block in progress.</summary>
    private void TransformTileRow(int index, int worker, TileRowTransform transform)
    {
        TileBlock block = _sizes.Block(_block);
        (int image, int row) = Math.DivRem(index, block.TileRows);
        transform(block.FirstImage + image, block.FirstTileRow + row, block, worker);
    }

    /// <summary>One transform of all tile rows of a block.</summary>
    private static void TransformBlock(in TileBlock block, int worker, TileRowTransform transform)
    {
        for (int n = 0; n < block.Images; n++)
        for (int i = 0; i < block.TileRows; i++)
            transform(block.FirstImage + n, block.FirstTileRow + i, block, worker);
    }

    /// <summary>Ỹ[tiles, oc] = X̃[tiles, ic]·W̃[ic, oc] at one point.</summary>
    private void Product(int plane, in TileBlock block, int worker)
    {
        (int first, int count) = block.Range(plane);
        if (count > 0)
            GemmKernel.Multiply<V>(
                InputPlanes(worker) + (long)plane * _sizes.InputPlane + 32 * first, _sizes.PanelStride,
                Weights + (long)plane * _sizes.WeightPlane, 32 * _sizes.InputChannels,
                OutputPlanes(worker) + (long)plane * _sizes.OutputPlane + 32 * first, _sizes.PanelStride,
                count, _sizes.OutputPanels, _sizes.InputChannels, accumulate: false);
    }

    /// <summary>W̃ = G w Gᵀ of one panel of output channels and <see cref="WeightRows"/> input channels.</summary>
    private void PrepareWeights(int index, int worker)
    {
        (int rows, int panel) = Math.DivRem(index, _sizes.OutputPanels);
        float** taps = stackalloc float*[KernelFold.Pitch * KernelFold.Pitch];
        float* scratch = Worker(worker, _workerTile);
        int channels = _sizes.OutputChannels, end = Math.Min((rows + 1) * WeightRows, _sizes.InputChannels);
        for (int ic = rows * WeightRows; ic < end; ic++)
        {
            _fold.TapPointers(_weight + _group * channels, Geometry.OutputChannels, ic, _zeros, taps);
            float* target = Weights + (nint)panel * _sizes.InputChannels * 32 + ic * 32;
            int last = Math.Min(32, channels - 32 * panel), lanes;
            for (int c = 0; c < last; c += lanes)
            {
                AxisPasses passes = Passes(last - c);
                lanes = passes.Lanes;
                passes.LargestRow.WeightVertical(taps, 32 * panel + c, _fold.Width, scratch);
                passes.LargestColumn.WeightHorizontal(scratch, passes.LargestRow.Points, target + c, _sizes.WeightPlane, _grid.Pitch);
            }
        }
    }

    /// <summary>X̃ = Bᵀ x B of one row of tiles.</summary>
    private void TransformInput(int image, int tileRow, in TileBlock block, int worker)
    {
        ConvGeometry g = Geometry;
        float* scratch = Worker(worker, _workerTile), planes = InputPlanes(worker);
        int points = _grid.Rows.Size(tileRow) + _fold.Height - 1, start = _grid.Rows.Start(tileRow);
        float* pixels = _input + (long)image * g.InputHeight * g.InputWidth * g.InputChannels;
        float** rows = stackalloc float*[WinogradTiles.MaxPoints];
        int step = g.InputChannels;
        float* folded = Worker(worker, _workerFolded);
        if (_fold.Rearranges)
        {
            _fold.Gather(pixels, _group, start, points, _sizes.FoldedWidth, folded);
            step = _sizes.InputChannels;
        }
        for (int j = 0; j < _grid.Columns.Tiles; j++)
        {
            int x = _grid.Columns.Start(j), columns = _grid.Columns.Size(j) + _fold.Width - 1, from = 0, to = columns;
            for (int k = 0; k < points; k++)
                if (_fold.Rearranges)
                    rows[k] = folded + ((nint)k * _sizes.FoldedWidth + x) * step;
                else
                {
                    int y = start + k - g.PadTop;
                    rows[k] = y < 0 || y >= g.InputHeight
                        ? _zeros
                        : pixels + ((nint)y * g.InputWidth + x - g.PadLeft) * step + _group * _sizes.InputChannels;
                }
            if (!_fold.Rearranges)
            {
                from = Math.Clamp(g.PadLeft - x, 0, columns);
                to = Math.Clamp(g.InputWidth + g.PadLeft - x, from, columns);
            }
            float* target = planes + 32 * block.Row(image, tileRow, j);
            int lanes;
            for (int c = 0; c < _sizes.InputChannels; c += lanes)
            {
                AxisPasses passes = Passes(_sizes.InputChannels - c);
                lanes = passes.Lanes;
                passes.Row(tileRow).InputVertical(rows, c, step, from, to, columns, scratch);
                passes.Column(j).InputHorizontal(
                    scratch, points, target + c / 32 * (nint)_sizes.PanelStride + c % 32, _sizes.InputPlane, _grid.Pitch);
            }
        }
    }

    /// <summary>y = relu(Aᵀ Ỹ A + bias) of one row of tiles; what lies beyond the output is dropped.</summary>
    private void TransformOutput(int image, int tileRow, in TileBlock block, int worker)
    {
        ConvGeometry g = Geometry;
        float* scratch = Worker(worker, _workerTile), planes = OutputPlanes(worker);
        int y = _grid.Rows.Start(tileRow), height = Math.Min(_grid.Rows.Size(tileRow), g.OutputHeight - y);
        float floor = Request.Relu ? 0 : float.NegativeInfinity;
        float* bias = _bias == null ? _zeros : _bias + _group * _sizes.OutputChannels;
        for (int j = 0; j < _grid.Columns.Tiles; j++)
        {
            int x = _grid.Columns.Start(j), width = Math.Min(_grid.Columns.Size(j), g.OutputWidth - x);
            float* source = planes + 32 * block.Row(image, tileRow, j);
            float* target = _output + (((long)image * g.OutputHeight + y) * g.OutputWidth + x) * g.OutputChannels + _group * _sizes.OutputChannels;
            int lanes;
            for (int c = 0; c < _sizes.OutputChannels; c += lanes)
            {
                AxisPasses passes = Passes(_sizes.OutputChannels - c);
                lanes = passes.Lanes;
                passes.Row(tileRow).OutputVertical(
                    source + c / 32 * (nint)_sizes.PanelStride + c % 32, _sizes.OutputPlane, _grid.Pitch, passes.Column(j).Points, scratch);
                passes.Column(j).OutputHorizontal(
                    scratch, height, target + c, (nint)g.OutputWidth * g.OutputChannels, g.OutputChannels, width, bias + c, floor);
            }
        }
    }
}

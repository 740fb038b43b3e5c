using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Convolution.Winograd;

// Forward: weights prepared once, then input transform, products, output transform.
internal sealed unsafe partial class ConvWinograd<V>
{
    /// <summary>Input channels whose weights one piece of work transforms.</summary>
    private const int WeightRows = 16;

    private Job _prepareJob = null!, _fusedForwardJob = null!, _inputJob = null!, _productJob = null!, _outputJob = null!;
    private TileRowTransform _transformInput = null!, _transformOutput = null!;

    private int WeightPieces => _sizes.OutputPanels * ((_sizes.InputChannels + WeightRows - 1) / WeightRows);

    private void MakeForwardJobs()
    {
        _transformInput = TransformInput;
        _transformOutput = TransformOutput;
        _prepareJob = new MethodJob(PrepareWeights);
        _fusedForwardJob = new MethodJob(ForwardBlock);
        _inputJob = new MethodJob((index, worker) => TransformTileRow(index, worker, _transformInput));
        _productJob = new MethodJob((index, _) => Product(_planes[index], StagedBlock()));
        _outputJob = new MethodJob((index, worker) => TransformTileRow(index, worker, _transformOutput));
    }

    private protected override void OnPrepareWeight()
    {
        new Span<float>(_zeros, (int)Zeros).Clear();
        for (_group = 0; _group < Geometry.Groups; _group++)
            Pool.Run(_prepareJob, WeightPieces);
    }

    private protected override void OnForward()
    {
        for (_group = 0; _group < Geometry.Groups; _group++)
        {
            if (_sizes.Fused is { } fused)
            {
                Pool.Run(_fusedForwardJob, fused.Blocks);
                continue;
            }
            for (_block = 0; _block < _sizes.Staged.Blocks; _block++)
            {
                int tileRows = _sizes.Staged.Block(_block).Images * _grid.Rows.Tiles;
                Pool.Run(_inputJob, tileRows);
                Pool.Run(_productJob, _planes.Length);
                Pool.Run(_outputJob, tileRows);
            }
        }
    }

    /// <summary>All stages of one block.</summary>
    private void ForwardBlock(int index, int worker)
    {
        BlockMatrices block = FusedBlock(index, worker);
        int rows = block.Tiles.Images * block.Tiles.TileRows;
        for (int i = 0; i < rows; i++)
            TransformInput(block.Tiles.FirstImage + i / block.Tiles.TileRows, block.Tiles.FirstTileRow + i % block.Tiles.TileRows, block, worker);
        foreach (int plane in _planes)
            Product(plane, block);
        for (int i = 0; i < rows; i++)
            TransformOutput(block.Tiles.FirstImage + i / block.Tiles.TileRows, block.Tiles.FirstTileRow + i % block.Tiles.TileRows, block, worker);
    }

    private delegate void TileRowTransform(int image, int tileRow, in BlockMatrices block, int worker);

    /// <summary>One transform of one tile row of the staged block.</summary>
    private void TransformTileRow(int index, int worker, TileRowTransform transform)
    {
        BlockMatrices block = StagedBlock();
        (int image, int row) = Math.DivRem(index, block.Tiles.TileRows);
        transform(block.Tiles.FirstImage + image, block.Tiles.FirstTileRow + row, block, worker);
    }

    /// <summary>Ỹ[tiles, oc] = X̃[tiles, ic]·W̃[ic, oc] at one point.</summary>
    private void Product(int plane, in BlockMatrices block)
    {
        (int first, int count) = block.Tiles.Range(plane);
        if (count > 0)
            GemmKernel.Multiply<V>(
                block.InputAt(plane, first), block.Layout.PanelStride,
                Weights + (long)plane * _sizes.WeightPlane, Width * _sizes.InputChannels,
                block.OutputAt(plane, first), block.Layout.PanelStride,
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
            _fold.TapPointers(Weight + _group * channels, Geometry.OutputChannels, ic, _zeros, taps);
            float* target = Weights + (nint)panel * _sizes.InputChannels * Width + ic * Width;
            int last = Math.Min(Width, channels - Width * panel), lanes;
            for (int c = 0; c < last; c += lanes)
            {
                AxisPasses passes = Passes(last - c);
                lanes = passes.Lanes;
                passes.LargestRow.WeightVertical(taps, Width * panel + c, _fold.Width, scratch);
                passes.LargestColumn.WeightHorizontal(scratch, passes.LargestRow.Points, target + c, _sizes.WeightPlane, _grid.Pitch, streaming: !_sizes.SmallWeights);
            }
        }
    }

    /// <summary>X̃ = Bᵀ x B of one row of tiles.</summary>
    private void TransformInput(int image, int tileRow, in BlockMatrices block, int worker)
    {
        ConvGeometry g = Geometry;
        float* scratch = Worker(worker, _workerTile);
        int points = _grid.Rows.Size(tileRow) + _fold.Height - 1, start = _grid.Rows.Start(tileRow);
        float* pixels = Input + (long)image * g.InputHeight * g.InputWidth * g.InputChannels + _group * _sizes.InputChannels;
        int step = g.InputChannels, lanes;
        float* folded = Worker(worker, _workerFolded);
        if (_fold.Rearranges)
        {
            _fold.Gather(Input + (long)image * g.InputHeight * g.InputWidth * step, _group, start, points, _sizes.FoldedWidth, folded);
            step = _sizes.InputChannels;
        }
        float** rows = stackalloc float*[WinogradTiles.MaxPoints];
        for (int panel = 0; panel < _sizes.InputPanels; panel++)
            for (int j = 0; j < _grid.Columns.Tiles; j++)
            {
                int x = _grid.Columns.Start(j), columns = _grid.Columns.Size(j) + _fold.Width - 1, from = 0, to = columns;
                if (_fold.Rearranges)
                    for (int k = 0; k < points; k++)
                        rows[k] = folded + ((nint)k * _sizes.FoldedWidth + x) * step;
                else
                {
                    for (int k = 0; k < points; k++)
                    {
                        int y = start + k - g.PadTop;
                        rows[k] = y < 0 || y >= g.InputHeight ? _zeros : pixels + ((nint)y * g.InputWidth + x - g.PadLeft) * step;
                    }
                    from = Math.Clamp(g.PadLeft - x, 0, columns);
                    to = Math.Clamp(g.InputWidth + g.PadLeft - x, from, columns);
                }
                float* target = block.InputAt(0, block.Tiles.Row(image, tileRow, j), panel);
                int last = Math.Min(Width, _sizes.InputChannels - Width * panel);
                for (int c = 0; c < last; c += lanes)
                {
                    AxisPasses passes = Passes(last - c);
                    lanes = passes.Lanes;
                    passes.Row(tileRow).InputVertical(rows, Width * panel + c, step, from, to, columns, scratch);
                    passes.Column(j).InputHorizontal(scratch, points, target + c, block.Layout.InputPlane, _grid.Pitch);
                }
            }
    }

    /// <summary>y = relu(Aᵀ Ỹ A + bias) of one row of tiles; what lies beyond the output is dropped.</summary>
    private void TransformOutput(int image, int tileRow, in BlockMatrices block, int worker)
    {
        ConvGeometry g = Geometry;
        float* scratch = Worker(worker, _workerTile);
        int y = _grid.Rows.Start(tileRow), height = Math.Min(_grid.Rows.Size(tileRow), g.OutputHeight - y), lanes;
        float floor = Request.Relu ? 0 : float.NegativeInfinity;
        float* bias = Bias == null ? _zeros : Bias + _group * _sizes.OutputChannels;
        float* pixels = Output + ((long)image * g.OutputHeight + y) * g.OutputWidth * g.OutputChannels + _group * _sizes.OutputChannels;
        for (int panel = 0; panel < _sizes.OutputPanels; panel++)
            for (int j = 0; j < _grid.Columns.Tiles; j++)
            {
                int x = _grid.Columns.Start(j), width = Math.Min(_grid.Columns.Size(j), g.OutputWidth - x);
                float* source = block.OutputAt(0, block.Tiles.Row(image, tileRow, j), panel);
                int last = Math.Min(Width, _sizes.OutputChannels - Width * panel);
                for (int c = 0; c < last; c += lanes)
                {
                    AxisPasses passes = Passes(last - c);
                    lanes = passes.Lanes;
                    int channel = Width * panel + c;
                    passes.Row(tileRow).OutputVertical(source + c, block.Layout.OutputPlane, _grid.Pitch, passes.Column(j).Points, scratch);
                    passes.Column(j).OutputHorizontal(
                        scratch, height, pixels + (nint)x * g.OutputChannels + channel, (nint)g.OutputWidth * g.OutputChannels, g.OutputChannels,
                        width, bias + channel, floor);
                }
            }
    }
}

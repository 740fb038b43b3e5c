using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Convolution.Winograd;

// Forward: weights prepared once, then input transform, products, output transform.
internal sealed unsafe partial class ConvWinograd<V>
{
    /// <summary>Input channels whose weights one piece of work transforms.</summary>
    private const int WeightRows = 16;

    /// <summary>Pieces of work of one group's weights.</summary>
    private int WeightPieces => _sizes.OutputPanels * ((_sizes.InputChannels + WeightRows - 1) / WeightRows);

    public override void PrepareWeights()
    {
        new Span<float>(_zeros, (int)Zeros).Clear();
        Pool.Run(_prepare, Geometry.Groups * WeightPieces);
    }

    public override void Forward()
    {
        if (_sizes.Fused is { } fused)
        {
            if (_consumer is null)
                Pool.Run(_forwardBlock, fused.Blocks * Geometry.Groups);
            else
                Pool.Run(_forwardImages, fused.Images.Count);
            return;
        }
        for (int stage = 0; stage < Stages; stage++)
        {
            int tileRows = StagedTileRows(stage);
            RunStage(stage, _inputTransform, tileRows);
            RunStage(stage, _product, _planes.Length * ProductParts.Count);
            RunStage(stage, _outputTransform, tileRows);
        }
    }

    /// <summary>Fused: all stages of one block, image by image and the groups of each.</summary>
    private void ForwardBlock(int index, int worker)
    {
        (int block, int group) = Math.DivRem(index, Geometry.Groups);
        ForwardBlock(FusedBlock(_sizes.Fused!, block, group, worker), Output, worker);
    }

    /// <summary>Fused: all blocks of some images one after the other, with their rows handed over as they are made.</summary>
    private void ForwardImages(int index, int worker)
    {
        BlockLayout layout = _sizes.Fused!;
        float* map = _maps + worker * _mapStride;
        int before = 0;
        for (int part = 0; part < layout.TileRows.Count; part++)
        {
            int block = index * layout.TileRows.Count + part;
            TileBlock tiles = layout.Block(block);
            for (int group = 0; group < Geometry.Groups; group++)
                ForwardBlock(FusedBlock(layout, block, group, worker), map - tiles.FirstImage * OutputImage, worker);
            int rows = Math.Min(_grid.Rows.Start(tiles.FirstTileRow + tiles.TileRows), Geometry.OutputHeight);
            for (int image = 0; image < tiles.Images; image++)
                _consumer!.Take(tiles.FirstImage + image, map + image * OutputImage, before, rows, worker);
            before = rows;
        }
    }

    private void ForwardBlock(in BlockMatrices block, float* output, int worker)
    {
        int rows = block.Tiles.Images * block.Tiles.TileRows;
        for (int row = 0; row < rows; row++)
            TransformInput(row, 0, _sizes.InputPanels, block, worker);
        foreach (int plane in _planes)
            Product(plane, 0, _sizes.OutputPanels, block);
        for (int row = 0; row < rows; row++)
            TransformOutput(row, block, output, worker);
    }

    private void StagedInput(int index, int worker)
    {
        BlockMatrices block = StagedBlock(index, out int row);
        TransformInput(row, 0, _sizes.InputPanels, block, worker);
    }

    private void StagedProduct(int index, int worker)
    {
        BlockMatrices block = StagedBlock(index, out int piece);
        (int plane, int part) = Math.DivRem(piece, ProductParts.Count);
        Product(_planes[plane], ProductParts.Start(part), ProductParts.Start(part + 1), block);
    }

    private void StagedOutput(int index, int worker)
    {
        BlockMatrices block = StagedBlock(index, out int row);
        TransformOutput(row, block, Output, worker);
    }

    /// <summary>Ỹ[tiles, oc] = X̃[tiles, ic]·W̃[ic, oc] at one point, from one panel of oc to another.</summary>
    private void Product(int plane, int firstPanel, int endPanel, in BlockMatrices block)
    {
        (int first, int count) = block.Tiles.Range(plane);
        if (count > 0)
            GemmKernel.Multiply<V>(
                block.InputAt(plane, first), block.Layout.PanelStride,
                Weights(block.Group, plane) + (nint)firstPanel * Width * _sizes.InputChannels, Width * _sizes.InputChannels,
                block.OutputAt(plane, first, firstPanel), block.Layout.PanelStride,
                count, endPanel - firstPanel, _sizes.InputChannels, accumulate: false);
    }

    /// <summary>W̃ = G w Gᵀ of one panel of output channels and <see cref="WeightRows"/> input channels of a group.</summary>
    private void TransformWeights(int index, int worker)
    {
        (int group, int piece) = Math.DivRem(index, WeightPieces);
        (int rows, int panel) = Math.DivRem(piece, _sizes.OutputPanels);
        float** taps = stackalloc float*[KernelFold.Pitch * KernelFold.Pitch];
        float* scratch = Worker(worker, _workerTile);
        int channels = _sizes.OutputChannels, end = Math.Min((rows + 1) * WeightRows, _sizes.InputChannels);
        for (int ic = rows * WeightRows; ic < end; ic++)
        {
            _fold.TapPointers(Weight + group * channels, Geometry.OutputChannels, ic, _zeros, taps);
            float* target = Weights(group) + (nint)panel * _sizes.InputChannels * Width + ic * Width;
            int last = Math.Min(Width, channels - Width * panel);
            for (int c = 0; c < last;)
            {
                AxisPasses passes = Passes(last - c);
                TilePasses vertical = passes.LargestRow, horizontal = passes.LargestColumn;
                for (; c + passes.Lanes <= last; c += passes.Lanes)
                {
                    vertical.WeightVertical(taps, Width * panel + c, _fold.Width, scratch);
                    horizontal.WeightHorizontal(scratch, vertical.Points, target + c, _sizes.WeightPlane, _grid.Pitch, streaming: !_sizes.SmallWeights);
                }
            }
        }
    }

    /// <summary>X̃ = Bᵀ x B of one row of tiles, from one panel of channels to another.</summary>
    private void TransformInput(int row, int firstPanel, int endPanel, in BlockMatrices block, int worker)
    {
        ConvGeometry g = Geometry;
        (int image, int tileRow) = block.Tiles.TileRow(row);
        float* scratch = Worker(worker, _workerTile);
        int points = _grid.Rows.Size(tileRow) + _fold.Height - 1, start = _grid.Rows.Start(tileRow);
        float* pixels = Input + (long)image * g.InputHeight * g.InputWidth * g.InputChannels + block.Group * _sizes.InputChannels;
        int step = g.InputChannels;
        float* folded = Worker(worker, _workerFolded);
        if (_fold.Rearranges)
        {
            _fold.Gather(Input + (long)image * g.InputHeight * g.InputWidth * step, block.Group, start, points, _sizes.FoldedWidth, folded);
            step = _sizes.InputChannels;
        }
        float** rows = stackalloc float*[WinogradTiles.MaxPoints];
        for (int panel = firstPanel; panel < endPanel; panel++)
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
                for (int c = 0; c < last;)
                {
                    AxisPasses passes = Passes(last - c);
                    TilePasses vertical = passes.Row(tileRow), horizontal = passes.Column(j);
                    for (; c + passes.Lanes <= last; c += passes.Lanes)
                    {
                        vertical.InputVertical(rows, Width * panel + c, step, from, to, columns, scratch);
                        horizontal.InputHorizontal(scratch, points, target + c, block.Layout.InputPlane, _grid.Pitch);
                    }
                }
            }
    }

    /// <summary>y = relu(Aᵀ Ỹ A + bias) of one row of tiles; what lies beyond the output is dropped.</summary>
    private void TransformOutput(int row, in BlockMatrices block, float* output, int worker)
    {
        ConvGeometry g = Geometry;
        (int image, int tileRow) = block.Tiles.TileRow(row);
        float* scratch = Worker(worker, _workerTile);
        int y = _grid.Rows.Start(tileRow), height = Math.Min(_grid.Rows.Size(tileRow), g.OutputHeight - y);
        float floor = Request.Relu ? 0 : float.NegativeInfinity;
        float* bias = Bias == null ? _zeros : Bias + block.Group * _sizes.OutputChannels;
        float* pixels = output + ((long)image * g.OutputHeight + y) * g.OutputWidth * g.OutputChannels + block.Group * _sizes.OutputChannels;
        for (int panel = 0; panel < _sizes.OutputPanels; panel++)
            for (int j = 0; j < _grid.Columns.Tiles; j++)
            {
                int x = _grid.Columns.Start(j), width = Math.Min(_grid.Columns.Size(j), g.OutputWidth - x);
                float* source = block.OutputAt(0, block.Tiles.Row(image, tileRow, j), panel);
                int last = Math.Min(Width, _sizes.OutputChannels - Width * panel);
                for (int c = 0; c < last;)
                {
                    AxisPasses passes = Passes(last - c);
                    TilePasses vertical = passes.Row(tileRow), horizontal = passes.Column(j);
                    for (; c + passes.Lanes <= last; c += passes.Lanes)
                    {
                        int channel = Width * panel + c;
                        vertical.OutputVertical(source + c, block.Layout.OutputPlane, _grid.Pitch, horizontal.Points, scratch);
                        horizontal.OutputHorizontal(
                            scratch, height, pixels + (nint)x * g.OutputChannels + channel, (nint)g.OutputWidth * g.OutputChannels, g.OutputChannels,
                            width, bias + channel, floor);
                    }
                }
            }
    }
}

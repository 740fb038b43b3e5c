using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Convolution.Winograd;

// Backward, the adjoint of forward: Ỹ' = A y' Aᵀ feeds both X̃' = Ỹ'·W̃ᵀ, x' = B X̃' Bᵀ and W̃' = X̃ᵀ·Ỹ', w' = Gᵀ W̃' G.
internal sealed unsafe partial class ConvWinograd<V>
{
    private Job _backwardTransformJob = null!, _backwardProductJob = null!;
    private TileRowTransform _transformGradOutput = null!;
    private int _images, _tileRows;

    private void MakeBackwardJobs()
    {
        _transformGradOutput = TransformGradOutput;
        _backwardTransformJob = new MethodJob(BackwardTransform);
        _backwardProductJob = new MethodJob(BackwardProduct);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Transforms and products take turns, with the transforms back of one block among those of the next: threads wait for each other only twice
    /// for each block.
    /// </remarks>
    public override void Backward(
        float* input, float* output, float* gradOutput, float* gradWeight, float* gradBias, float* gradInput, bool accumulate)
    {
        _input = input;
        _output = output;
        _gradOutput = gradOutput;
        _gradWeight = gradWeight;
        _gradBias = gradBias;
        _gradInput = gradInput;
        _accumulate = accumulate;
        int blocks = _sizes.Staged.Blocks;
        for (_group = 0; _group < Geometry.Groups; _group++)
        {
            _images = 0;
            for (_block = 0; _block < blocks; _block++)
            {
                int images = _sizes.Staged.Block(_block).Images;
                _tileRows = images * _grid.Rows.Tiles;
                _pool.Run(_backwardTransformJob, _images + (gradWeight != null ? 2 * _tileRows : _tileRows));
                _pool.Run(
                    _backwardProductJob,
                    (gradInput != null ? _planes.Length * _sizes.InputPieces.Count : 0)
                    + (gradWeight != null ? _planes.Length : 0) + (gradBias != null ? _sizes.OutputPanels : 0));
                _images = gradInput != null ? images : 0;
            }
            _pool.Run(_backwardTransformJob, _images + (gradWeight != null ? WeightPieces : 0));
        }
    }

    /// <summary>First the images of the block before, then the tile rows of this block's output gradient, then those of its input; at the end the weights.</summary>
    private void BackwardTransform(int index, int worker)
    {
        if (index < _images)
        {
            BlockMatrices before = GradientBlock(_block - 1);
            AddTiles(before.Tiles.FirstImage + index, before, worker);
            return;
        }
        index -= _images;
        if (_block == _sizes.Staged.Blocks)
            TransformGradWeight(index, worker);
        else if (index < _tileRows)
            TransformTileRow(index, worker, _transformGradOutput);
        else
            TransformTileRow(index - _tileRows, worker, _transformInput);
    }

    /// <summary>First the points of the weight gradient, then points and pieces of the input gradient, then panels of the bias gradient.</summary>
    private void BackwardProduct(int index, int worker)
    {
        if (_gradWeight != null)
        {
            if (index < _planes.Length)
            {
                WeightProduct(_planes[index], StagedBlock(), _block > 0);
                return;
            }
            index -= _planes.Length;
        }
        int pieces = _gradInput != null ? _planes.Length * _sizes.InputPieces.Count : 0;
        if (index < pieces)
            InputProduct(index, worker);
        else
            GradBias(index - pieces, StagedBlock());
    }

    /// <summary>Ỹ' = A y' Aᵀ of one row of tiles, where y' is masked by the ReLU.</summary>
    private void TransformGradOutput(int image, int tileRow, in BlockMatrices block, int worker)
    {
        ConvGeometry g = Geometry;
        float* scratch = Worker(worker, _workerTile);
        int start = _grid.Rows.Start(tileRow), height = _grid.Rows.Size(tileRow), lanes;
        float** gradients = stackalloc float*[2 * WinogradTiles.MaxPoints];
        float** outputs = Request.MaskGradient ? gradients + WinogradTiles.MaxPoints : null;
        for (int panel = 0; panel < _sizes.OutputPanels; panel++)
            for (int j = 0; j < _grid.Columns.Tiles; j++)
            {
                int x = _grid.Columns.Start(j), columns = _grid.Columns.Size(j);
                for (int k = 0; k < height; k++)
                {
                    bool inside = start + k < g.OutputHeight;
                    long at = (((long)image * g.OutputHeight + start + k) * g.OutputWidth + x) * g.OutputChannels + _group * _sizes.OutputChannels;
                    gradients[k] = inside ? _gradOutput + at : _zeros;
                    if (outputs != null)
                        outputs[k] = inside ? _output + at : _zeros;
                }
                float* target = block.OutputAt(0, block.Tiles.Row(image, tileRow, j), panel);
                int last = Math.Min(32, _sizes.OutputChannels - 32 * panel);
                for (int c = 0; c < last; c += lanes)
                {
                    AxisPasses passes = Passes(last - c);
                    lanes = passes.Lanes;
                    passes.Row(tileRow).OutputAdjointVertical(
                        gradients, outputs, 32 * panel + c, g.OutputChannels, Math.Min(columns, g.OutputWidth - x), columns, scratch);
                    passes.Column(j).OutputAdjointHorizontal(
                        scratch, passes.Row(tileRow).Points, target + c, block.Layout.OutputPlane, _grid.Pitch);
                }
            }
    }

    /// <summary>W̃'[ic, oc] (+)= X̃ᵀ[ic, tiles]·Ỹ'[tiles, oc] at one point.</summary>
    private void WeightProduct(int plane, in BlockMatrices block, bool accumulate)
    {
        (int first, int count) = block.Tiles.Range(plane);
        GemmKernel.MultiplyTransposed<V>(
            block.InputAt(plane, first), block.Layout.PanelStride, block.OutputAt(plane, first), block.Layout.PanelStride,
            GradWeights + (long)plane * _sizes.WeightPlane, 32 * _sizes.InputChannels,
            _sizes.InputChannels, _sizes.OutputPanels, count, accumulate);
    }

    /// <summary>X̃'[tiles, ic] = Ỹ'[tiles, oc]·W̃ᵀ[oc, ic] at one point for some panels of ic.</summary>
    /// <remarks>The weights are transposed just before, into the cache: that costs less than to hold them twice.</remarks>
    private void InputProduct(int index, int worker)
    {
        EvenSplit pieces = _sizes.InputPieces;
        (int plane, int piece) = Math.DivRem(index, pieces.Count);
        int begin = pieces.Start(piece), panels = pieces.Start(piece + 1) - begin, panelLength = 32 * 32 * _sizes.OutputPanels;
        plane = _planes[plane];
        BlockMatrices block = StagedBlock();
        float* transposed = Worker(worker, _workerPanel), weights = Weights + (long)plane * _sizes.WeightPlane;
        for (int panel = begin; panel < begin + panels; panel++)
            for (int o = 0; o < _sizes.OutputPanels; o++)
                PanelPacking.PackTransposed(
                    weights + ((nint)o * _sizes.InputChannels + panel * 32) * 32, 32, Math.Min(32, _sizes.InputChannels - 32 * panel), 32,
                    transposed + (nint)(panel - begin) * panelLength + o * 32 * 32);
        (int first, int count) = block.Tiles.Range(plane);
        GemmKernel.Multiply<V>(
            block.OutputAt(plane, first), block.Layout.PanelStride, transposed, panelLength,
            GradientBlock(_block).InputAt(plane, first, begin), block.Layout.PanelStride, count, panels, _sizes.OutputChannels, accumulate: false);
    }

    /// <summary>x' of one image: its tiles B X̃' Bᵀ added where they overlap.</summary>
    private void AddTiles(int image, in BlockMatrices block, int worker)
    {
        ConvGeometry g = Geometry;
        bool folded = _fold.Rearranges;
        float* scratch = Worker(worker, _workerTile);
        float* pixels = _gradInput + (long)image * g.InputHeight * g.InputWidth * g.InputChannels;
        float* target = folded ? Worker(worker, _workerFoldedImage) : pixels + _group * _sizes.InputChannels;
        int height = folded ? _sizes.FoldedHeight : g.InputHeight, width = folded ? _sizes.FoldedWidth : g.InputWidth;
        int step = folded ? _sizes.InputChannels : g.InputChannels, padTop = folded ? 0 : g.PadTop, padLeft = folded ? 0 : g.PadLeft, lanes;
        for (int pixel = 0; pixel < height * width; pixel++)
            new Span<float>(target + (nint)pixel * step, _sizes.InputChannels).Clear();
        for (int i = 0; i < _grid.Rows.Tiles; i++)
            for (int panel = 0; panel < _sizes.InputPanels; panel++)
                for (int j = 0; j < _grid.Columns.Tiles; j++)
                {
                    int y = _grid.Rows.Start(i) - padTop, x = _grid.Columns.Start(j) - padLeft;
                    int points = _grid.Rows.Size(i) + _fold.Height - 1, columns = _grid.Columns.Size(j) + _fold.Width - 1;
                    int firstRow = Math.Clamp(-y, 0, points), lastRow = Math.Clamp(height - y, firstRow, points);
                    int from = Math.Clamp(-x, 0, columns), to = Math.Clamp(width - x, from, columns);
                    float* source = block.InputAt(0, block.Tiles.Row(image, i, j), panel), corner = target + ((nint)y * width + x) * step + 32 * panel;
                    int last = Math.Min(32, _sizes.InputChannels - 32 * panel);
                    for (int c = 0; c < last; c += lanes)
                    {
                        AxisPasses passes = Passes(last - c);
                        lanes = passes.Lanes;
                        passes.Row(i).InputAdjointVertical(source + c, block.Layout.InputPlane, _grid.Pitch, columns, scratch);
                        passes.Column(j).InputAdjointHorizontal(scratch, firstRow, lastRow, corner + c, (nint)width * step, step, from, to);
                    }
                }
        if (folded)
            _fold.Scatter(target, height, width, _group, pixels);
    }

    /// <summary>w' = Gᵀ W̃' G of one panel of output channels and <see cref="WeightRows"/> input channels.</summary>
    private void TransformGradWeight(int index, int worker)
    {
        (int rows, int panel) = Math.DivRem(index, _sizes.OutputPanels);
        float** taps = stackalloc float*[KernelFold.Pitch * KernelFold.Pitch];
        float* scratch = Worker(worker, _workerTile);
        int end = Math.Min((rows + 1) * WeightRows, _sizes.InputChannels), last = Math.Min(32, _sizes.OutputChannels - 32 * panel), lanes;
        for (int ic = rows * WeightRows; ic < end; ic++)
        {
            _fold.TapPointers(_gradWeight + _group * _sizes.OutputChannels, Geometry.OutputChannels, ic, null, taps);
            float* source = GradWeights + (nint)panel * _sizes.InputChannels * 32 + ic * 32;
            for (int c = 0; c < last; c += lanes)
            {
                AxisPasses passes = Passes(last - c);
                lanes = passes.Lanes;
                passes.LargestRow.WeightAdjointVertical(source + c, _sizes.WeightPlane, _grid.Pitch, passes.LargestColumn.Points, scratch);
                passes.LargestColumn.WeightAdjointHorizontal(scratch, _fold.Height, taps, 32 * panel + c, _accumulate);
            }
        }
    }

    /// <summary>bias' (+)= Σ of the masked output gradient over the block, for 32 output channels.</summary>
    /// <remarks>At the point (1, 1) the adjoint output transform is the sum of a tile's gradients, divided by the N of both dimensions.</remarks>
    private void GradBias(int panel, in BlockMatrices block)
    {
        Span<(int First, int Count, int Row, int Column)> groups = stackalloc (int, int, int, int)[4];
        block.Tiles.Groups(groups);
        float* sums = stackalloc float[32];
        for (int c = 0; c < 32; c += V.Count)
        {
            V sum = V.Zero;
            foreach ((int first, int count, int row, int column) in groups)
            {
                // Sums of 32 rows are added up, so that few roundings meet in any one sum.
                V group = V.Zero;
                for (int r = 0; r < count; r += 32)
                {
                    V part = V.Zero;
                    for (int i = r; i < Math.Min(r + 32, count); i++)
                        part += V.Load(block.OutputAt(_grid.PlaneOfOne, first + i, panel) + c);
                    group += part;
                }
                sum = V.MultiplyAdd(group, V.Broadcast(_one.Row(row).NormOfOne * _one.Column(column).NormOfOne), sum);
            }
            V.Store(sum, sums + c);
        }
        float* gradient = _gradBias + _group * _sizes.OutputChannels + 32 * panel;
        bool add = _accumulate || _block > 0;
        for (int c = 0; c < Math.Min(32, _sizes.OutputChannels - 32 * panel); c++)
            gradient[c] = add ? gradient[c] + sums[c] : sums[c];
    }
}

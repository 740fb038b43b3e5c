using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Convolution.Winograd;

// Backward, the adjoint of forward: Ỹ' = A y' Aᵀ feeds both W̃' = X̃ᵀ·Ỹ', w' = Gᵀ W̃' G and X̃' = Ỹ'·W̃ᵀ, x' = B X̃' Bᵀ.
internal sealed unsafe partial class ConvWinograd<V>
{
    /// <summary>Rows of a matrix that are summed on their own for the gradient of the bias.</summary>
    private const int RowsTogether = 32;

    private Job _backwardTransformJob = null!, _backwardProductJob = null!, _addTilesJob = null!;
    private Job _transposeJob = null!, _backwardPartJob = null!, _sumPartsJob = null!, _gradWeightJob = null!;
    private TileRowTransform _transformGradOutput = null!;

    private void MakeBackwardJobs()
    {
        _transformGradOutput = TransformGradOutput;
        _backwardTransformJob = new MethodJob(BackwardTransform);
        _backwardProductJob = new MethodJob((index, worker) => BackwardProduct(_planes[index], StagedBlock(), 0, _block > 0, worker));
        _addTilesJob = new MethodJob(AddStagedTiles);
        _transposeJob = new MethodJob((index, _) => TransposeWeights(_planes[index], 0, _sizes.InputPanels, Transposed(_planes[index])));
        _backwardPartJob = new MethodJob(BackwardPart);
        _sumPartsJob = new MethodJob((index, _) => SumParts(_planes[index]));
        _gradWeightJob = new MethodJob(TransformGradWeight);
    }

    private protected override void OnBackward()
    {
        for (_group = 0; _group < Geometry.Groups; _group++)
        {
            if (_sizes.FusedBackward is not null)
            {
                if (GradInput != null)
                    Pool.Run(_transposeJob, _planes.Length);
                Pool.Run(_backwardPartJob, Parts);
                if (GradWeight != null)
                    Pool.Run(_sumPartsJob, _planes.Length);
            }
            else
                for (_block = 0; _block < _sizes.Staged.Blocks; _block++)
                {
                    int images = _sizes.Staged.Block(_block).Images, tileRows = images * _grid.Rows.Tiles;
                    Pool.Run(_backwardTransformJob, GradWeight != null ? 2 * tileRows : tileRows);
                    Pool.Run(_backwardProductJob, _planes.Length);
                    if (GradInput != null)
                        Pool.Run(_addTilesJob, images * _sizes.AddedPanels.Count);
                }
            if (GradWeight != null)
                Pool.Run(_gradWeightJob, WeightPieces);
            if (GradBias != null)
                SumBiasParts();
        }
    }

    /// <summary>Fused: all stages of the blocks of one part.</summary>
    private void BackwardPart(int part, int worker)
    {
        BlockLayout layout = _sizes.FusedBackward!;
        int first = _sizes.BackwardParts.Start(part), end = _sizes.BackwardParts.Start(part + 1);
        for (int b = first; b < end; b++)
        {
            var block = new BlockMatrices(layout, layout.Block(b), Worker(worker, _workerInput), Worker(worker, _workerOutput));
            TileBlock tiles = block.Tiles;
            for (int image = tiles.FirstImage; image < tiles.FirstImage + tiles.Images; image++)
                for (int row = tiles.FirstTileRow; row < tiles.FirstTileRow + tiles.TileRows; row++)
                {
                    TransformGradOutput(image, row, block, worker);
                    if (GradWeight != null)
                        TransformInput(image, row, block, worker);
                }
            foreach (int plane in _planes)
                BackwardProduct(plane, block, part, accumulate: b > first, worker);
            if (GradInput != null)
                for (int image = tiles.FirstImage; image < tiles.FirstImage + tiles.Images; image++)
                    AddTiles(image, 0, _sizes.InputPanels, block, worker);
        }
    }

    /// <summary>Staged: first the tile rows of this block's output gradient, then those of its input.</summary>
    private void BackwardTransform(int index, int worker)
    {
        int tileRows = _sizes.Staged.Block(_block).Images * _grid.Rows.Tiles;
        if (index < tileRows)
            TransformTileRow(index, worker, _transformGradOutput);
        else
            TransformTileRow(index - tileRows, worker, _transformInput);
    }

    /// <summary>Both products of one point, while its Ỹ' is in the cache; X̃' takes the place of X̃, which nobody needs any more.</summary>
    private void BackwardProduct(int plane, in BlockMatrices block, int part, bool accumulate, int worker)
    {
        if (GradWeight != null)
            WeightProduct(plane, block, GradWeights(part) + (long)plane * _sizes.WeightPlane, accumulate);
        if (GradInput != null)
            InputProduct(plane, block, worker);
        if (GradBias != null && plane == _grid.PlaneOfOne)
            for (int panel = 0; panel < _sizes.OutputPanels; panel++)
                SumBias(panel, block, GradBiases(part) + Width * panel, accumulate);
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
                    gradients[k] = inside ? GradOutput + at : _zeros;
                    if (outputs != null)
                        outputs[k] = inside ? Output + at : _zeros;
                }
                float* target = block.OutputAt(0, block.Tiles.Row(image, tileRow, j), panel);
                int last = Math.Min(Width, _sizes.OutputChannels - Width * panel);
                for (int c = 0; c < last; c += lanes)
                {
                    AxisPasses passes = Passes(last - c);
                    lanes = passes.Lanes;
                    passes.Row(tileRow).OutputAdjointVertical(
                        gradients, outputs, Width * panel + c, g.OutputChannels, Math.Min(columns, g.OutputWidth - x), columns, scratch);
                    passes.Column(j).OutputAdjointHorizontal(
                        scratch, passes.Row(tileRow).Points, target + c, block.Layout.OutputPlane, _grid.Pitch);
                }
            }
    }

    /// <summary>W̃'[ic, oc] (+)= X̃ᵀ[ic, tiles]·Ỹ'[tiles, oc] at one point.</summary>
    private void WeightProduct(int plane, in BlockMatrices block, float* gradWeights, bool accumulate)
    {
        (int first, int count) = block.Tiles.Range(plane);
        if (count > 0)
            GemmKernel.MultiplyTransposed<V>(
                block.InputAt(plane, first), block.Layout.PanelStride, block.OutputAt(plane, first), block.Layout.PanelStride,
                gradWeights, Width * _sizes.InputChannels, _sizes.InputChannels, _sizes.OutputPanels, count, accumulate);
        else if (!accumulate)
            new Span<float>(gradWeights, _sizes.OutputPanels * _sizes.InputChannels * Width).Clear();
    }

    /// <summary>X̃'[tiles, ic] = Ỹ'[tiles, oc]·W̃ᵀ[oc, ic] at one point.</summary>
    /// <remarks>Staged, weights are transposed just before, into the cache: that costs less than to hold them twice.</remarks>
    private void InputProduct(int plane, in BlockMatrices block, int worker)
    {
        bool ready = _sizes.FusedBackward is not null;
        EvenSplit pieces = _sizes.InputPieces;
        int panelLength = Width * Width * _sizes.OutputPanels;
        (int first, int count) = block.Tiles.Range(plane);
        for (int piece = 0; piece < pieces.Count && count > 0; piece++)
        {
            int begin = pieces.Start(piece), panels = pieces.Start(piece + 1) - begin;
            float* transposed = ready ? Transposed(plane) : Worker(worker, _workerPanel);
            if (!ready)
                TransposeWeights(plane, begin, panels, transposed);
            GemmKernel.Multiply<V>(
                block.OutputAt(plane, first), block.Layout.PanelStride, transposed, panelLength,
                block.InputAt(plane, first, begin), block.Layout.PanelStride, count, panels, _sizes.OutputChannels, accumulate: false);
        }
    }

    /// <summary>W̃ᵀ of one point for some panels of input channels, each [oc, 32].</summary>
    private void TransposeWeights(int plane, int firstPanel, int panels, float* transposed)
    {
        float* weights = Weights + (long)plane * _sizes.WeightPlane;
        for (int panel = firstPanel; panel < firstPanel + panels; panel++)
            for (int o = 0; o < _sizes.OutputPanels; o++, transposed += Width * Width)
                PanelPacking.PackTransposed(
                    weights + ((nint)o * _sizes.InputChannels + panel * Width) * Width, Width, Math.Min(Width, _sizes.InputChannels - Width * panel), Width, transposed);
    }

    /// <summary>Staged: some panels of channels of x' of one image.</summary>
    private void AddStagedTiles(int index, int worker)
    {
        EvenSplit panels = _sizes.AddedPanels;
        (int image, int part) = Math.DivRem(index, panels.Count);
        BlockMatrices block = StagedBlock();
        AddTiles(block.Tiles.FirstImage + image, panels.Start(part), panels.Start(part + 1), block, worker);
    }

    /// <summary>x' of one image, from one panel of channels to another: its tiles B X̃' Bᵀ added where they overlap.</summary>
    private void AddTiles(int image, int firstPanel, int endPanel, in BlockMatrices block, int worker)
    {
        ConvGeometry g = Geometry;
        bool folded = _fold.Rearranges;
        float* scratch = Worker(worker, _workerTile);
        float* pixels = GradInput + (long)image * g.InputHeight * g.InputWidth * g.InputChannels;
        float* target = folded ? Worker(worker, _workerFoldedImage) : pixels + _group * _sizes.InputChannels;
        int height = folded ? _sizes.FoldedHeight : g.InputHeight, width = folded ? _sizes.FoldedWidth : g.InputWidth;
        int step = folded ? _sizes.InputChannels : g.InputChannels, padTop = folded ? 0 : g.PadTop, padLeft = folded ? 0 : g.PadLeft, lanes;
        int firstChannel = Width * firstPanel, channels = Math.Min(Width * endPanel, _sizes.InputChannels) - firstChannel;
        for (int pixel = 0; pixel < height * width; pixel++)
            new Span<float>(target + (nint)pixel * step + firstChannel, channels).Clear();
        for (int i = 0; i < _grid.Rows.Tiles; i++)
            for (int panel = firstPanel; panel < endPanel; panel++)
                for (int j = 0; j < _grid.Columns.Tiles; j++)
                {
                    int y = _grid.Rows.Start(i) - padTop, x = _grid.Columns.Start(j) - padLeft;
                    int points = _grid.Rows.Size(i) + _fold.Height - 1, columns = _grid.Columns.Size(j) + _fold.Width - 1;
                    int firstRow = Math.Clamp(-y, 0, points), lastRow = Math.Clamp(height - y, firstRow, points);
                    int from = Math.Clamp(-x, 0, columns), to = Math.Clamp(width - x, from, columns);
                    float* source = block.InputAt(0, block.Tiles.Row(image, i, j), panel), corner = target + ((nint)y * width + x) * step + Width * panel;
                    int last = Math.Min(Width, _sizes.InputChannels - Width * panel);
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
        int end = Math.Min((rows + 1) * WeightRows, _sizes.InputChannels), last = Math.Min(Width, _sizes.OutputChannels - Width * panel), lanes;
        for (int ic = rows * WeightRows; ic < end; ic++)
        {
            _fold.TapPointers(GradWeight + _group * _sizes.OutputChannels, Geometry.OutputChannels, ic, null, taps);
            float* source = GradWeights(0) + (nint)panel * _sizes.InputChannels * Width + ic * Width;
            for (int c = 0; c < last; c += lanes)
            {
                AxisPasses passes = Passes(last - c);
                lanes = passes.Lanes;
                passes.LargestRow.WeightAdjointVertical(source + c, _sizes.WeightPlane, _grid.Pitch, passes.LargestColumn.Points, scratch);
                passes.LargestColumn.WeightAdjointHorizontal(scratch, _fold.Height, taps, Width * panel + c, Accumulate);
            }
        }
    }

    /// <summary>Adds the sums of the other parts to those of the first, at one point, in the order of the parts.</summary>
    private void SumParts(int plane)
    {
        float* sums = GradWeights(0) + (long)plane * _sizes.WeightPlane;
        for (int part = 1; part < Parts; part++)
        {
            float* other = GradWeights(part) + (long)plane * _sizes.WeightPlane;
            for (int i = 0; i < _sizes.OutputPanels * _sizes.InputChannels * Width; i += V.Count)
                V.Store(V.Load(sums + i) + V.Load(other + i), sums + i);
        }
    }

    /// <summary>The sums (+)= Σ of the masked output gradient over the block, for 32 output channels.</summary>
    /// <remarks>At the point (1, 1) the adjoint output transform is the sum of a tile's gradients, divided by the N of both dimensions.</remarks>
    private void SumBias(int panel, in BlockMatrices block, float* sums, bool accumulate)
    {
        Span<(int First, int Count, int Row, int Column)> groups = stackalloc (int, int, int, int)[4];
        block.Tiles.Groups(groups);
        for (int c = 0; c < Width; c += V.Count)
        {
            V sum = accumulate ? V.Load(sums + c) : V.Zero;
            foreach ((int first, int count, int row, int column) in groups)
            {
                // Sums of some rows are added up, so that few roundings meet in any one sum.
                V group = V.Zero;
                for (int r = 0; r < count; r += RowsTogether)
                {
                    V part = V.Zero;
                    for (int i = r; i < Math.Min(r + RowsTogether, count); i++)
                        part += V.Load(block.OutputAt(_grid.PlaneOfOne, first + i, panel) + c);
                    group += part;
                }
                sum = V.MultiplyAdd(group, V.Broadcast(_one.Row(row).NormOfOne * _one.Column(column).NormOfOne), sum);
            }
            V.Store(sum, sums + c);
        }
    }

    /// <summary>bias' (+)= the sums of all parts.</summary>
    private void SumBiasParts()
    {
        float* gradient = GradBias + _group * _sizes.OutputChannels;
        for (int c = 0; c < _sizes.OutputChannels; c++)
        {
            float sum = Accumulate ? gradient[c] : 0;
            for (int part = 0; part < Parts; part++)
                sum += GradBiases(part)[c];
            gradient[c] = sum;
        }
    }
}

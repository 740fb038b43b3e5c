using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Convolution.Winograd;

// Backward, the adjoint of forward: Ỹ' = A y' Aᵀ feeds both W̃' = X̃ᵀ·Ỹ', w' = Gᵀ W̃' G and X̃' = Ỹ'·W̃ᵀ, x' = B X̃' Bᵀ.
internal sealed unsafe partial class ConvWinograd<V>
{
    /// <summary>Rows of a matrix that are summed on their own for the gradient of the bias.</summary>
    private const int RowsTogether = 32;

    public override void Backward(bool accumulate)
    {
        _accumulate = accumulate;
        for (int group = 0; group < Geometry.Groups; group++)
        {
            if (_sizes.FusedBackward is not null)
                BackwardFused(group);
            else
                for (int block = 0; block < _sizes.Staged.Blocks; block++)
                    BackwardStaged(group * _sizes.Staged.Blocks + block);
            if (GradWeight != null)
                Pool.Run(_gradWeightTransform, group * WeightPieces, WeightPieces);
            if (GradBias != null)
                SumBiasParts(group);
        }
    }

    private void BackwardFused(int group)
    {
        if (GradInput != null)
            Pool.Run(_transpose, group * _planes.Length, _planes.Length);
        if (!IsWide)
            Pool.Run(_backwardPart, group * Parts, Parts);
        else
        {
            if (GradWeight != null)
                Pool.Run(_weightPiece, group * Parts * PiecesOfPart, Parts * PiecesOfPart);
            if (GradInput != null)
                Pool.Run(_inputBlock, group * _sizes.FusedBackward!.Blocks, _sizes.FusedBackward.Blocks);
        }
        if (GradWeight != null)
            Pool.Run(_sumParts, _planes.Length);
    }

    private void BackwardStaged(int stage)
    {
        int tileRows = StagedTileRows(stage);
        RunStage(stage, _backwardTransform, GradWeight != null ? 2 * tileRows : tileRows);
        if (ProductParts.Count == 1)
            RunStage(stage, _backwardProduct, _planes.Length);
        else
        {
            if (GradWeight != null)
                RunStage(stage, _weightPart, _planes.Length * ProductParts.Count);
            if (GradInput != null)
                RunStage(stage, _inputPart, _planes.Length * InputParts.Count);
        }
        if (GradInput != null)
            RunStage(stage, _addTiles, tileRows / _grid.Rows.Tiles * _sizes.AddedPanels.Count);
    }

    /// <summary>Fused: all stages of the blocks of one part of a group.</summary>
    private void BackwardPart(int index, int worker)
    {
        (int group, int part) = Math.DivRem(index, Parts);
        int first = _sizes.BackwardParts.Start(part), end = _sizes.BackwardParts.Start(part + 1);
        for (int b = first; b < end; b++)
        {
            BlockMatrices block = FusedBlock(_sizes.FusedBackward!, b, group, worker);
            TileBlock tiles = block.Tiles;
            for (int row = 0; row < tiles.Images * tiles.TileRows; row++)
            {
                TransformGradOutput(row, 0, _sizes.OutputPanels, block, worker);
                if (GradWeight != null)
                    TransformInput(row, 0, _sizes.InputPanels, block, worker);
            }
            foreach (int plane in _planes)
                BackwardProduct(plane, block, part, accumulate: b > first, worker);
            if (GradInput != null)
                for (int image = tiles.FirstImage; image < tiles.FirstImage + tiles.Images; image++)
                    AddTiles(image, 0, _sizes.InputPanels, block, worker);
        }
    }

    /// <summary>
    /// Fused, for more threads than there are parts: the weight gradient of one part for some panels of both channels. Each piece transforms the panels
    /// that it needs itself, so some are transformed several times; the sums and their order are those of <see cref="BackwardPart"/>.
    /// </summary>
    private void WeightPiece(int index, int worker)
    {
        (index, int inputPiece) = Math.DivRem(index, _wideInput.Count);
        (index, int outputPiece) = Math.DivRem(index, _wideOutput.Count);
        (int group, int part) = Math.DivRem(index, Parts);
        (int firstInput, int endInput) = (_wideInput.Start(inputPiece), _wideInput.Start(inputPiece + 1));
        (int firstOutput, int endOutput) = (_wideOutput.Start(outputPiece), _wideOutput.Start(outputPiece + 1));
        int first = _sizes.BackwardParts.Start(part), end = _sizes.BackwardParts.Start(part + 1);
        for (int b = first; b < end; b++)
        {
            BlockMatrices block = FusedBlock(_sizes.FusedBackward!, b, group, worker);
            for (int row = 0; row < block.Tiles.Images * block.Tiles.TileRows; row++)
            {
                TransformGradOutput(row, firstOutput, endOutput, block, worker);
                TransformInput(row, firstInput, endInput, block, worker);
            }
            foreach (int plane in _planes)
                WeightProduct(plane, block, GradWeights(part, plane), firstInput, endInput, firstOutput, endOutput, accumulate: b > first);
            if (GradBias != null && inputPiece == 0)
                for (int panel = firstOutput; panel < endOutput; panel++)
                    SumBias(panel, block, GradBiases(part) + Width * panel, accumulate: b > first);
        }
    }

    /// <summary>Fused, for more threads than there are parts: the gradient of the input of one block.</summary>
    private void InputBlock(int index, int worker)
    {
        (int group, int b) = Math.DivRem(index, _sizes.FusedBackward!.Blocks);
        BlockMatrices block = FusedBlock(_sizes.FusedBackward, b, group, worker);
        TileBlock tiles = block.Tiles;
        for (int row = 0; row < tiles.Images * tiles.TileRows; row++)
            TransformGradOutput(row, 0, _sizes.OutputPanels, block, worker);
        foreach (int plane in _planes)
            InputProduct(plane, 0, _sizes.InputPanels, block, worker);
        for (int image = tiles.FirstImage; image < tiles.FirstImage + tiles.Images; image++)
            AddTiles(image, 0, _sizes.InputPanels, block, worker);
    }

    /// <summary>Staged, for many threads: the weight product of one point, for some panels of output channels.</summary>
    private void StagedWeightPart(int index, int worker)
    {
        BlockMatrices block = StagedBlock(index, out int piece);
        (int point, int part) = Math.DivRem(piece, ProductParts.Count);
        (int plane, int first, int end) = (_planes[point], ProductParts.Start(part), ProductParts.Start(part + 1));
        bool accumulate = block.Tiles.FirstImage > 0;
        WeightProduct(plane, block, GradWeights(0, plane), 0, _sizes.InputPanels, first, end, accumulate);
        if (GradBias != null && plane == _grid.PlaneOfOne)
            for (int panel = first; panel < end; panel++)
                SumBias(panel, block, GradBiases(0) + Width * panel, accumulate);
    }

    /// <summary>Staged, for many threads: the product for the input's gradient at one point, for some panels of input channels.</summary>
    private void StagedInputPart(int index, int worker)
    {
        BlockMatrices block = StagedBlock(index, out int piece);
        (int point, int part) = Math.DivRem(piece, InputParts.Count);
        InputProduct(_planes[point], InputParts.Start(part), InputParts.Start(part + 1), block, worker);
    }

    /// <summary>Staged: first the tile rows of this block's output gradient, then those of its input.</summary>
    private void StagedBackwardTransform(int index, int worker)
    {
        BlockMatrices block = StagedBlock(index, out int row);
        int tileRows = block.Tiles.Images * block.Tiles.TileRows;
        if (row < tileRows)
            TransformGradOutput(row, 0, _sizes.OutputPanels, block, worker);
        else
            TransformInput(row - tileRows, 0, _sizes.InputPanels, block, worker);
    }

    /// <summary>Staged: both products of one point.</summary>
    private void StagedBackwardProduct(int index, int worker)
    {
        BlockMatrices block = StagedBlock(index, out int piece);
        BackwardProduct(_planes[piece], block, part: 0, accumulate: block.Tiles.FirstImage > 0, worker);
    }

    /// <summary>Staged: some panels of channels of x' of one image.</summary>
    private void StagedAddTiles(int index, int worker)
    {
        EvenSplit panels = _sizes.AddedPanels;
        BlockMatrices block = StagedBlock(index, out int piece);
        (int image, int part) = Math.DivRem(piece, panels.Count);
        AddTiles(block.Tiles.FirstImage + image, panels.Start(part), panels.Start(part + 1), block, worker);
    }

    /// <summary>Both products of one point, while its Ỹ' is in the cache; X̃' takes the place of X̃, which nobody needs any more.</summary>
    private void BackwardProduct(int plane, in BlockMatrices block, int part, bool accumulate, int worker)
    {
        if (GradWeight != null)
            WeightProduct(plane, block, GradWeights(part, plane), 0, _sizes.InputPanels, 0, _sizes.OutputPanels, accumulate);
        if (GradInput != null)
            InputProduct(plane, 0, _sizes.InputPanels, block, worker);
        if (GradBias != null && plane == _grid.PlaneOfOne)
            for (int panel = 0; panel < _sizes.OutputPanels; panel++)
                SumBias(panel, block, GradBiases(part) + Width * panel, accumulate);
    }

    /// <summary>Ỹ' = A y' Aᵀ of one row of tiles, where y' is masked by the ReLU, from one panel of channels to another.</summary>
    private void TransformGradOutput(int row, int firstPanel, int endPanel, in BlockMatrices block, int worker)
    {
        ConvGeometry g = Geometry;
        (int image, int tileRow) = block.Tiles.TileRow(row);
        float* scratch = Worker(worker, _workerTile);
        int start = _grid.Rows.Start(tileRow), height = _grid.Rows.Size(tileRow);
        float** gradients = stackalloc float*[2 * WinogradTiles.MaxPoints];
        float** outputs = Request.MaskGradient ? gradients + WinogradTiles.MaxPoints : null;
        for (int panel = firstPanel; panel < endPanel; panel++)
            for (int j = 0; j < _grid.Columns.Tiles; j++)
            {
                int x = _grid.Columns.Start(j), columns = _grid.Columns.Size(j);
                for (int k = 0; k < height; k++)
                {
                    bool inside = start + k < g.OutputHeight;
                    long at = (((long)image * g.OutputHeight + start + k) * g.OutputWidth + x) * g.OutputChannels + block.Group * _sizes.OutputChannels;
                    gradients[k] = inside ? GradOutput + at : _zeros;
                    if (outputs != null)
                        outputs[k] = inside ? Output + at : _zeros;
                }
                float* target = block.OutputAt(0, block.Tiles.Row(image, tileRow, j), panel);
                int last = Math.Min(Width, _sizes.OutputChannels - Width * panel);
                for (int c = 0; c < last;)
                {
                    AxisPasses passes = Passes(last - c);
                    TilePasses vertical = passes.Row(tileRow), horizontal = passes.Column(j);
                    for (; c + passes.Lanes <= last; c += passes.Lanes)
                    {
                        vertical.OutputAdjointVertical(
                            gradients, outputs, Width * panel + c, g.OutputChannels, Math.Min(columns, g.OutputWidth - x), columns, scratch);
                        horizontal.OutputAdjointHorizontal(
                            scratch, vertical.Points, target + c, block.Layout.OutputPlane, _grid.Pitch);
                    }
                }
            }
    }

    /// <summary>W̃'[ic, oc] (+)= X̃ᵀ[ic, tiles]·Ỹ'[tiles, oc] at one point, for some panels of ic and oc.</summary>
    private void WeightProduct(
        int plane, in BlockMatrices block, float* gradWeights, int firstInput, int endInput, int firstOutput, int endOutput, bool accumulate)
    {
        (int first, int count) = block.Tiles.Range(plane);
        int panelLength = Width * _sizes.InputChannels, channels = Math.Min(Width * endInput, _sizes.InputChannels) - Width * firstInput;
        float* target = gradWeights + (nint)firstOutput * panelLength + firstInput * Width * Width;
        if (count > 0)
            GemmKernel.MultiplyTransposed<V>(
                block.InputAt(plane, first, firstInput), block.Layout.PanelStride, block.OutputAt(plane, first, firstOutput), block.Layout.PanelStride,
                target, panelLength, channels, endOutput - firstOutput, count, accumulate);
        else if (!accumulate)
            for (int panel = firstOutput; panel < endOutput; panel++, target += panelLength)
                new Span<float>(target, channels * Width).Clear();
    }

    /// <summary>X̃'[tiles, ic] = Ỹ'[tiles, oc]·W̃ᵀ[oc, ic] at one point, from one panel of ic to another.</summary>
    /// <remarks>Staged, weights are transposed just before, into the cache: that costs less than to hold them twice.</remarks>
    private void InputProduct(int plane, int firstPanel, int endPanel, in BlockMatrices block, int worker)
    {
        bool ready = _sizes.FusedBackward is not null;
        int panelLength = Width * Width * _sizes.OutputPanels, panels;
        (int first, int count) = block.Tiles.Range(plane);
        for (int begin = firstPanel; begin < endPanel && count > 0; begin += panels)
        {
            panels = Math.Min(_sizes.InputPieces.Length(0), endPanel - begin);
            float* transposed = ready ? Transposed(plane) : Worker(worker, _workerPanel);
            if (!ready)
                TransposeWeights(block.Group, plane, begin, panels, transposed);
            GemmKernel.Multiply<V>(
                block.OutputAt(plane, first), block.Layout.PanelStride, transposed, panelLength,
                block.InputAt(plane, first, begin), block.Layout.PanelStride, count, panels, _sizes.OutputChannels, accumulate: false);
        }
    }

    /// <summary>Fused: W̃ᵀ of one point of a group.</summary>
    private void TransposePoint(int index, int worker)
    {
        (int group, int piece) = Math.DivRem(index, _planes.Length);
        TransposeWeights(group, _planes[piece], 0, _sizes.InputPanels, Transposed(_planes[piece]));
    }

    /// <summary>W̃ᵀ of one point for some panels of input channels, each [oc, 32].</summary>
    private void TransposeWeights(int group, int plane, int firstPanel, int panels, float* transposed)
    {
        float* weights = Weights(group, plane);
        for (int panel = firstPanel; panel < firstPanel + panels; panel++)
            for (int o = 0; o < _sizes.OutputPanels; o++, transposed += Width * Width)
                PanelPacking.PackTransposed(
                    weights + ((nint)o * _sizes.InputChannels + panel * Width) * Width, Width, Math.Min(Width, _sizes.InputChannels - Width * panel), Width, transposed);
    }

    /// <summary>x' of one image, from one panel of channels to another: its tiles B X̃' Bᵀ added where they overlap.</summary>
    private void AddTiles(int image, int firstPanel, int endPanel, in BlockMatrices block, int worker)
    {
        ConvGeometry g = Geometry;
        bool folded = _fold.Rearranges;
        float* scratch = Worker(worker, _workerTile);
        float* pixels = GradInput + (long)image * g.InputHeight * g.InputWidth * g.InputChannels;
        float* target = folded ? Worker(worker, _workerFoldedImage) : pixels + block.Group * _sizes.InputChannels;
        int height = folded ? _sizes.FoldedHeight : g.InputHeight, width = folded ? _sizes.FoldedWidth : g.InputWidth;
        int step = folded ? _sizes.InputChannels : g.InputChannels, padTop = folded ? 0 : g.PadTop, padLeft = folded ? 0 : g.PadLeft;
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
                    for (int c = 0; c < last;)
                    {
                        AxisPasses passes = Passes(last - c);
                        TilePasses vertical = passes.Row(i), horizontal = passes.Column(j);
                        for (; c + passes.Lanes <= last; c += passes.Lanes)
                        {
                            vertical.InputAdjointVertical(source + c, block.Layout.InputPlane, _grid.Pitch, columns, scratch);
                            horizontal.InputAdjointHorizontal(scratch, firstRow, lastRow, corner + c, (nint)width * step, step, from, to);
                        }
                    }
                }
        if (folded)
            _fold.Scatter(target, height, width, block.Group, pixels);
    }

    /// <summary>w' = Gᵀ W̃' G of one panel of output channels and <see cref="WeightRows"/> input channels of a group.</summary>
    private void TransformGradWeight(int index, int worker)
    {
        (int group, int piece) = Math.DivRem(index, WeightPieces);
        (int rows, int panel) = Math.DivRem(piece, _sizes.OutputPanels);
        float** taps = stackalloc float*[KernelFold.Pitch * KernelFold.Pitch];
        float* scratch = Worker(worker, _workerTile);
        int end = Math.Min((rows + 1) * WeightRows, _sizes.InputChannels), last = Math.Min(Width, _sizes.OutputChannels - Width * panel);
        for (int ic = rows * WeightRows; ic < end; ic++)
        {
            _fold.TapPointers(GradWeight + group * _sizes.OutputChannels, Geometry.OutputChannels, ic, null, taps);
            float* source = GradWeights(0) + (nint)panel * _sizes.InputChannels * Width + ic * Width;
            for (int c = 0; c < last;)
            {
                AxisPasses passes = Passes(last - c);
                TilePasses vertical = passes.LargestRow, horizontal = passes.LargestColumn;
                for (; c + passes.Lanes <= last; c += passes.Lanes)
                {
                    vertical.WeightAdjointVertical(source + c, _sizes.WeightPlane, _grid.Pitch, horizontal.Points, scratch);
                    horizontal.WeightAdjointHorizontal(scratch, _fold.Height, taps, Width * panel + c, _accumulate);
                }
            }
        }
    }

    /// <summary>Adds the sums of the other parts to those of the first, at one point, in the order of the parts.</summary>
    private void SumParts(int index, int worker)
    {
        float* sums = GradWeights(0, _planes[index]);
        for (int part = 1; part < Parts; part++)
        {
            float* other = GradWeights(part, _planes[index]);
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
    private void SumBiasParts(int group)
    {
        float* gradient = GradBias + group * _sizes.OutputChannels;
        for (int c = 0; c < _sizes.OutputChannels; c++)
        {
            float sum = _accumulate ? gradient[c] : 0;
            for (int part = 0; part < Parts; part++)
                sum += GradBiases(part)[c];
            gradient[c] = sum;
        }
    }
}

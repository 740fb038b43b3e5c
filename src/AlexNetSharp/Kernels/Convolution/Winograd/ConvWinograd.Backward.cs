using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Convolution.Winograd;

// Backward, the adjoint of forward: Ỹ' = A y' Aᵀ feeds both X̃' = Ỹ'·W̃ᵀ, x' = B X̃' Bᵀ and W̃' = X̃ᵀ·Ỹ', w' = Gᵀ W̃' G.
internal sealed unsafe partial class ConvWinograd<V>
{
    private Job _transposeJob = null!, _fusedBackwardJob = null!, _sumChunksJob = null!;
    private Job _gradOutputJob = null!, _weightProductJob = null!, _inputProductJob = null!, _gradInputJob = null!, _gradWeightJob = null!;
    private TileRowTransform _transformGradOutput = null!;

    private void MakeBackwardJobs()
    {
        _transformGradOutput = TransformGradOutput;
        _transposeJob = new MethodJob((index, _) => TransposePanel(
            index / _sizes.InputPanels, index % _sizes.InputPanels,
            _transposed + (long)(index / _sizes.InputPanels) * _sizes.TransposedPlane + (long)(index % _sizes.InputPanels) * _sizes.OutputChannels * 32));
        _fusedBackwardJob = new MethodJob(BackwardChunk);
        _sumChunksJob = new MethodJob((index, _) => SumChunks(index));
        _gradOutputJob = new MethodJob((index, worker) => TransformTileRow(index, worker, _transformGradOutput));
        _weightProductJob = new MethodJob((index, worker) => WeightProduct(_planes[index], _sizes.Block(_block), worker, _block > 0));
        _inputProductJob = new MethodJob(InputProductPanel);
        _gradInputJob = new MethodJob((index, worker) => AddTiles(_sizes.Block(_block).FirstImage + index, _sizes.Block(_block), worker, true, true));
        _gradWeightJob = new MethodJob((index, worker) => GradWeights(
            index, worker, _gradWeight + _group * _sizes.OutputChannels, Geometry.OutputChannels, _accumulate));
    }

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
        for (_group = 0; _group < Geometry.Groups; _group++)
            if (_sizes.Fused)
            {
                if (gradInput != null)
                    _pool.Run(_transposeJob, _grid.Planes * _sizes.InputPanels);
                _pool.Run(_fusedBackwardJob, _sizes.Chunks);
                if (gradWeight != null)
                    _pool.Run(_sumChunksJob, SumPieces);
            }
            else
                BackwardStaged();
    }

    private void BackwardStaged()
    {
        for (_block = 0; _block < _sizes.Images.Count; _block++)
        {
            TileBlock block = _sizes.Block(_block);
            _pool.Run(_gradOutputJob, block.Images * block.TileRows);
            if (_gradWeight != null)
            {
                _pool.Run(_inputJob, block.Images * block.TileRows);
                _pool.Run(_weightProductJob, _planes.Length);
                if (_gradBias != null)
                    GradBias(block, 0, _gradBias + _group * _sizes.OutputChannels, _accumulate || _block > 0);
            }
            if (_gradInput != null)
            {
                _pool.Run(_inputProductJob, _planes.Length * _sizes.InputPanels);
                _pool.Run(_gradInputJob, block.Images);
            }
        }
        if (_gradWeight != null)
            _pool.Run(_gradWeightJob, WeightPieces);
    }

    /// <summary>All stages of some blocks of images, one after the other; the sums of weight and bias gradients go to the chunk's own memory.</summary>
    private void BackwardChunk(int chunk, int worker)
    {
        var chunks = new EvenSplit(_sizes.Images.Count, (_sizes.Images.Count + _sizes.Chunks - 1) / _sizes.Chunks, 1);
        float* sums = _chunkSums + chunk * ChunkLength;
        int first = chunks.Start(chunk) * _sizes.TileRows.Count, end = chunks.Start(chunk + 1) * _sizes.TileRows.Count;
        for (int index = first; index < end; index++)
        {
            TileBlock block = _sizes.Block(index);
            TransformBlock(block, worker, _transformGradOutput);
            if (_gradWeight != null)
            {
                TransformBlock(block, worker, _transformInput);
                foreach (int plane in _planes)
                    WeightProduct(plane, block, worker, index > first);
                GradBias(block, worker, sums + Aligned(Geometry.WeightLength / Geometry.Groups), index > first);
            }
            if (_gradInput != null)
            {
                foreach (int plane in _planes)
                    InputProduct(plane, block, worker, _transposed + (long)plane * _sizes.TransposedPlane, 0, _sizes.InputPanels);
                for (int n = 0; n < block.Images; n++)
                    AddTiles(
                        block.FirstImage + n, block, worker,
                        begins: block.FirstTileRow == 0, ends: block.FirstTileRow + block.TileRows == _grid.Rows.Tiles);
            }
        }
        if (_gradWeight != null)
            for (int piece = 0; piece < WeightPieces; piece++)
                GradWeights(piece, worker, sums, _sizes.OutputChannels, accumulate: false);
    }

    /// <summary>Ỹ' = A y' Aᵀ of one row of tiles, where y' is masked by the ReLU.</summary>
    private void TransformGradOutput(int image, int tileRow, in TileBlock block, int worker)
    {
        ConvGeometry g = Geometry;
        float* scratch = Worker(worker, _workerTile), planes = OutputPlanes(worker);
        int start = _grid.Rows.Start(tileRow), height = _grid.Rows.Size(tileRow);
        float** gradients = stackalloc float*[2 * WinogradTiles.MaxPoints];
        float** outputs = Request.Relu ? gradients + WinogradTiles.MaxPoints : null;
        for (int j = 0; j < _grid.Columns.Tiles; j++)
        {
            int x = _grid.Columns.Start(j);
            for (int k = 0; k < height; k++)
            {
                bool inside = start + k < g.OutputHeight;
                long at = (((long)image * g.OutputHeight + start + k) * g.OutputWidth + x) * g.OutputChannels + _group * _sizes.OutputChannels;
                gradients[k] = inside ? _gradOutput + at : _zeros;
                if (outputs != null)
                    outputs[k] = inside ? _output + at : _zeros;
            }
            float* target = planes + 32 * block.Row(image, tileRow, j);
            int columns = _grid.Columns.Size(j), lanes;
            for (int c = 0; c < _sizes.OutputChannels; c += lanes)
            {
                AxisPasses passes = Passes(_sizes.OutputChannels - c);
                lanes = passes.Lanes;
                passes.Row(tileRow).OutputAdjointVertical(
                    gradients, outputs, c, g.OutputChannels, Math.Min(columns, g.OutputWidth - x), columns, scratch);
                passes.Column(j).OutputAdjointHorizontal(
                    scratch, passes.Row(tileRow).Points, target + c / 32 * (nint)_sizes.PanelStride + c % 32, _sizes.OutputPlane, _grid.Pitch);
            }
        }
    }

    /// <summary>W̃'[ic, oc] (+)= X̃ᵀ[ic, tiles]·Ỹ'[tiles, oc] at one point.</summary>
    private void WeightProduct(int plane, in TileBlock block, int worker, bool accumulate)
    {
        (int first, int count) = block.Range(plane);
        float* target = GradWeightPlanes(worker) + (long)plane * _sizes.WeightPlane;
        if (count > 0)
            GemmKernel.MultiplyTransposed<V>(
                InputPlanes(worker) + (long)plane * _sizes.InputPlane + 32 * first, _sizes.PanelStride,
                OutputPlanes(worker) + (long)plane * _sizes.OutputPlane + 32 * first, _sizes.PanelStride,
                target, 32 * _sizes.InputChannels, _sizes.InputChannels, _sizes.OutputPanels, count, accumulate);
        else if (!accumulate)
            new Span<float>(target, _sizes.WeightPlane).Clear();
    }

    /// <summary>X̃'[tiles, ic] = Ỹ'[tiles, oc]·W̃ᵀ[oc, ic] at one point, for some panels of ic; overwrites the transformed input.</summary>
    private void InputProduct(int plane, in TileBlock block, int worker, float* transposed, int panel, int panels)
    {
        (int first, int count) = block.Range(plane);
        if (count > 0)
            GemmKernel.Multiply<V>(
                OutputPlanes(worker) + (long)plane * _sizes.OutputPlane + 32 * first, _sizes.PanelStride,
                transposed, 32 * _sizes.OutputChannels,
                InputPlanes(worker) + (long)plane * _sizes.InputPlane + (nint)panel * _sizes.PanelStride + 32 * first, _sizes.PanelStride,
                count, panels, _sizes.OutputChannels, accumulate: false);
    }

    /// <summary>One point and panel of the staged product; the panel of weights is transposed just before.</summary>
    private void InputProductPanel(int index, int worker)
    {
        (int plane, int panel) = Math.DivRem(index, _sizes.InputPanels);
        float* transposed = Worker(worker, _workerPanel);
        TransposePanel(_planes[plane], panel, transposed);
        InputProduct(_planes[plane], _sizes.Block(_block), worker, transposed, panel, 1);
    }

    /// <summary>transposed[oc, 32] = the weights of 32 input channels at one point, zeros beyond the last channel.</summary>
    private void TransposePanel(int plane, int panel, float* transposed)
    {
        float* weights = Weights + (long)plane * _sizes.WeightPlane + panel * 32 * 32;
        int channels = Math.Min(32, _sizes.InputChannels - 32 * panel);
        for (int o = 0; o < _sizes.OutputChannels; o++)
        {
            float* column = weights + o / 32 * (nint)_sizes.InputChannels * 32 + o % 32;
            for (int c = 0; c < 32; c++)
                transposed[32 * o + c] = c < channels ? column[32 * c] : 0;
        }
    }

    /// <summary>x' of one image: its tiles B X̃' Bᵀ added where they overlap.</summary>
    /// <param name="image">Number of the image.</param>
    /// <param name="block">The block that its tiles, or some of them, belong to.</param>
    /// <param name="worker">Whose scratch.</param>
    /// <param name="begins">Whether the block holds the image's first tiles, so that it is cleared before.</param>
    /// <param name="ends">Whether the block holds its last, so that a folded image is taken back apart.</param>
    private void AddTiles(int image, in TileBlock block, int worker, bool begins, bool ends)
    {
        ConvGeometry g = Geometry;
        float* scratch = Worker(worker, _workerTile), planes = InputPlanes(worker);
        float* pixels = _gradInput + (long)image * g.InputHeight * g.InputWidth * g.InputChannels;
        bool folded = _fold.Rearranges;
        float* target = folded ? Worker(worker, _workerFoldedImage) : pixels + _group * _sizes.InputChannels;
        int height = folded ? _sizes.FoldedHeight : g.InputHeight, width = folded ? _sizes.FoldedWidth : g.InputWidth;
        int step = folded ? _sizes.InputChannels : g.InputChannels, padTop = folded ? 0 : g.PadTop, padLeft = folded ? 0 : g.PadLeft;
        if (begins)
            for (int pixel = 0; pixel < height * width; pixel++)
                new Span<float>(target + (nint)pixel * step, _sizes.InputChannels).Clear();
        for (int i = block.FirstTileRow; i < block.FirstTileRow + block.TileRows; i++)
        for (int j = 0; j < _grid.Columns.Tiles; j++)
        {
            int y = _grid.Rows.Start(i) - padTop, x = _grid.Columns.Start(j) - padLeft;
            int points = _grid.Rows.Size(i) + _fold.Height - 1, columns = _grid.Columns.Size(j) + _fold.Width - 1;
            int firstRow = Math.Clamp(-y, 0, points), lastRow = Math.Clamp(height - y, firstRow, points);
            int from = Math.Clamp(-x, 0, columns), to = Math.Clamp(width - x, from, columns), lanes;
            float* source = planes + 32 * block.Row(image, i, j), corner = target + ((nint)y * width + x) * step;
            for (int c = 0; c < _sizes.InputChannels; c += lanes)
            {
                AxisPasses passes = Passes(_sizes.InputChannels - c);
                lanes = passes.Lanes;
                passes.Row(i).InputAdjointVertical(
                    source + c / 32 * (nint)_sizes.PanelStride + c % 32, _sizes.InputPlane, _grid.Pitch, columns, scratch);
                passes.Column(j).InputAdjointHorizontal(scratch, firstRow, lastRow, corner + c, (nint)width * step, step, from, to);
            }
        }
        if (ends && folded)
            _fold.Scatter(target, height, width, _group, pixels);
    }
}

namespace AlexNetSharp.Kernels.Convolution.Winograd;

// The ends of the weight gradient: back from the transformed domain, sums over chunks, and the bias.
internal sealed unsafe partial class ConvWinograd<V>
{
    /// <summary>Floats that one piece of work sums over the chunks.</summary>
    private const int SumLength = 1 << 14;

    private int SumPieces => (int)((ChunkLength + SumLength - 1) / SumLength);

    /// <summary>w' = Gᵀ W̃' G of one panel of output channels and <see cref="WeightRows"/> input channels.</summary>
    /// <param name="index">Number of the piece, as in <see cref="PrepareWeights"/>.</param>
    /// <param name="worker">Whose scratch.</param>
    /// <param name="gradient">The group's first output channel in a tensor [kh, kw, ic, rowLength].</param>
    /// <param name="rowLength">Floats between its channels.</param>
    /// <param name="accumulate">Whether to add to it.</param>
    private void GradWeights(int index, int worker, float* gradient, int rowLength, bool accumulate)
    {
        (int rows, int panel) = Math.DivRem(index, _sizes.OutputPanels);
        float** taps = stackalloc float*[KernelFold.Pitch * KernelFold.Pitch];
        float* scratch = Worker(worker, _workerTile);
        int end = Math.Min((rows + 1) * WeightRows, _sizes.InputChannels);
        for (int ic = rows * WeightRows; ic < end; ic++)
        {
            _fold.TapPointers(gradient, rowLength, ic, null, taps);
            float* source = GradWeightPlanes(worker) + (nint)panel * _sizes.InputChannels * 32 + ic * 32;
            int last = Math.Min(32, _sizes.OutputChannels - 32 * panel), lanes;
            for (int c = 0; c < last; c += lanes)
            {
                AxisPasses passes = Passes(last - c);
                lanes = passes.Lanes;
                passes.LargestRow.WeightAdjointVertical(source + c, _sizes.WeightPlane, _grid.Pitch, passes.LargestColumn.Points, scratch);
                passes.LargestColumn.WeightAdjointHorizontal(scratch, _fold.Height, taps, 32 * panel + c, accumulate);
            }
        }
    }

    /// <summary>bias'[oc] (+)= Σ of the masked output gradient over the block.</summary>
    /// <remarks>At the point (1, 1) the adjoint output transform is the sum of a tile's gradients, divided by the N of both dimensions.</remarks>
    private void GradBias(in TileBlock block, int worker, float* gradient, bool accumulate)
    {
        float* plane = OutputPlanes(worker) + (long)_grid.PlaneOfOne * _sizes.OutputPlane;
        for (int o = 0; o < _sizes.OutputChannels; o++)
        {
            float* column = plane + o / 32 * (nint)_sizes.PanelStride + o % 32;
            float sum = 0;
            for (int i = block.FirstTileRow; i < block.FirstTileRow + block.TileRows; i++)
            for (int j = 0; j < _grid.Columns.Tiles; j++)
            {
                float tiles = 0;
                for (int n = block.FirstImage; n < block.FirstImage + block.Images; n++)
                    tiles += column[32 * block.Row(n, i, j)];
                sum += tiles * (_one.Row(i).NormOfOne * _one.Column(j).NormOfOne);
            }
            gradient[o] = accumulate ? gradient[o] + sum : sum;
        }
    }

    /// <summary>Adds up the chunks' gradients of weight and bias, a stretch of one piece of work, always in the same order.</summary>
    private void SumChunks(int index)
    {
        int channels = _sizes.OutputChannels, weights = Geometry.WeightLength / Geometry.Groups;
        long biases = Aligned(weights), start = (long)index * SumLength, end = Math.Min(start + SumLength, biases + channels);
        for (long i = start; i < end; i++)
        {
            float* target = i < weights
                ? _gradWeight + i / channels * Geometry.OutputChannels + _group * channels + i % channels
                : i >= biases && _gradBias != null ? _gradBias + _group * channels + (i - biases) : null;
            if (target == null)
                continue;
            float sum = _accumulate ? *target : 0;
            for (int chunk = 0; chunk < _sizes.Chunks; chunk++)
                sum += _chunkSums[chunk * ChunkLength + i];
            *target = sum;
        }
    }
}

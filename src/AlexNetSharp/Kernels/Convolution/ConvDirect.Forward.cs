using System.Runtime.CompilerServices;
using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Convolution;

// Forward.
internal sealed unsafe partial class ConvDirect<V>
{
    public override void PrepareWeights()
    {
        Pool.Run(_packWeight, _panels);
        _inputGradient?.PrepareWeights();
    }

    /// <summary>32 output channels, as columns of a panel.</summary>
    private void PackWeight(int panel, int worker) =>
        PanelPacking.Pack<V>(
            Weight + panel * Width, Geometry.OutputChannels, _columns, Outputs(panel),
            _packedWeight + (nint)panel * Width * _columns, Width * _columns);

    public override void Forward()
    {
        var padded = new Span<float>(_paddedBias, _panels * Width);
        padded.Clear();
        if (Bias != null)
            new Span<float>(Bias, Geometry.OutputChannels).CopyTo(padded);
        Pool.Run(_forward, Geometry.Batch * _bands.Count);
    }

    /// <summary>A band of output rows of one image.</summary>
    private void ForwardBand(int index, int worker)
    {
        ConvGeometry g = Geometry;
        (int image, int row, int rows) = Band(index);
        float* padded = Padded(worker), tile = padded + _workerPadded;
        Pad(image, row, rows, padded);
        for (int panel = 0; panel < _panels; panel++)
            for (int y = 0; y < rows; y++)
                ForwardRow(
                    padded + (nint)y * g.StrideHeight * _rowLength, panel, tile,
                    Output + ((long)image * g.OutputHeight + row + y) * g.OutputWidth * g.OutputChannels + panel * Width);
    }

    /// <summary>One row of the output, 32 channels; <paramref name="tile"/> takes the tiles whose last channels do not exist.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ForwardRow(float* padded, int panel, float* tile, float* output)
    {
        int outputs = Outputs(panel), rowStride = Geometry.OutputChannels, runs = Geometry.KernelHeight, height;
        float* weight = _packedWeight + (nint)panel * Width * _columns, bias = _paddedBias + panel * Width;
        var tiles = new EvenSplit(Geometry.OutputWidth, ConvDirectTile.MaxHeight<V>(), 1);
        for (int x = 0; x < Geometry.OutputWidth; x += height)
        {
            height = tiles.Length(x);
            float* patches = padded + (nint)x * _step, pixels = output + (nint)x * rowStride;
            for (int n = 0; n < outputs; n += 2 * V.Count)
            {
                bool whole = n + 2 * V.Count <= outputs;
                ConvDirectTile.Rows<V>(
                    height, patches, _step, _rowLength - _run, weight + n, bias + n, whole ? pixels + n : tile, whole ? rowStride : Width,
                    _run, runs, Request.Relu);
                if (whole)
                    continue;
                for (int i = 0; i < height; i++)
                    new Span<float>(tile + i * Width, outputs - n).CopyTo(new(pixels + (nint)i * rowStride + n, outputs - n));
            }
        }
    }
}

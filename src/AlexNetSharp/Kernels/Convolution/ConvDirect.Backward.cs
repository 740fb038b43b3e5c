using System.Runtime.CompilerServices;
using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Convolution;

// Backward: gradWeight[ky, kx, ic, oc] = Σ over pixels of the padded input at (ky, kx, ic) times the masked gradient of the output at oc.
internal sealed unsafe partial class ConvDirect<V>
{
    public override void Backward(bool accumulate)
    {
        _accumulate = accumulate;
        if (GradWeight != null)
        {
            Pool.Run(_backwardPart, _parts.Count);
            Pool.Run(_sumParts, Geometry.KernelHeight + 1);
        }
        if (GradInput != null)
            _inputGradient!.Backward(accumulate);
    }

    /// <summary>Sums of one part: weights in panels [columns, 32], then biases.</summary>
    private float* PartSums(int part) => _partSums + part * _partLength;

    /// <summary>The sums of one part, band after band.</summary>
    private void BackwardPart(int part, int worker)
    {
        ConvGeometry g = Geometry;
        float* padded = Padded(worker), gradients = padded + _workerPadded, sums = PartSums(part);
        new Span<float>(sums, checked((int)_partLength)).Clear();
        for (int piece = _parts.Start(part); piece < _parts.Start(part + 1); piece++)
        {
            (int image, int row, int rows) = Band(piece);
            Pad(image, row, rows, padded);
            for (int y = 0; y < rows; y += _gradientRows)
            {
                int together = Math.Min(_gradientRows, rows - y);
                long first = ((long)image * g.OutputHeight + row + y) * g.OutputWidth * g.OutputChannels;
                int pixels = together * g.OutputWidth;
                PanelPacking.PackGradient<V>(
                    GradOutput + first, Request.MaskGradient ? Output + first : null, g.OutputChannels, pixels, g.OutputChannels,
                    gradients, Width * pixels, sums + (nint)_panels * Width * _columns);
                AddWeightGradient(padded + (nint)y * g.StrideHeight * _rowLength, gradients, together, first, sums);
            }
        }
    }

    /// <summary>Adds the products of some rows of the output to the sums of the weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddWeightGradient(float* padded, float* gradients, int rows, long first, float* sums)
    {
        ConvGeometry g = Geometry;
        int pixels = rows * g.OutputWidth, height;
        nint skip = (nint)g.StrideHeight * _rowLength - (nint)g.OutputWidth * _step;
        var tiles = new EvenSplit(_run, ConvDirectGradientTile.MaxHeight<V>(), 1);

        // The tiles together prefetch what the next packing will read: half of them the gradient, half the output.
        int halves = Request.MaskGradient ? 2 : 1, calls = 0;
        int callsOfHalf = Math.Max(1, _panels * (Width / (2 * V.Count)) * g.KernelHeight * tiles.Count / halves);
        nint streamStep = (g.OutputChannels + callsOfHalf - 1) / callsOfHalf;
        for (int panel = 0; panel < _panels; panel++)
            for (int n = 0; n < Outputs(panel); n += 2 * V.Count)
                for (int ky = 0; ky < g.KernelHeight; ky++)
                    for (int t = 0; t < _run; t += height, calls++)
                    {
                        height = tiles.Length(t);
                        (int part, int half) = Math.DivRem(calls, halves);
                        float* stream = (half == 0 ? GradOutput : Output) + first + pixels * (g.OutputChannels + part * streamStep);
                        ConvDirectGradientTile.Rows<V>(
                            height, padded + (nint)ky * _rowLength + t, _step, skip, gradients + (nint)panel * Width * pixels + n,
                            sums + ((nint)panel * _columns + ky * _run + t) * Width + n, g.OutputWidth, rows, stream, streamStep);
                    }
    }

    /// <summary>Adds up the parts in their order: one row of the kernel, or the biases.</summary>
    private void SumPartsOfRow(int ky, int worker)
    {
        int outputs = Geometry.OutputChannels;
        if (ky < Geometry.KernelHeight)
            for (int k = ky * _run; k < (ky + 1) * _run; k++)
                for (int panel = 0; panel < _panels; panel++)
                    SumParts(((nint)panel * _columns + k) * Width, GradWeight + (nint)k * outputs + panel * Width, Outputs(panel));
        else if (GradBias != null)
            SumParts((nint)_panels * Width * _columns, GradBias, outputs);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SumParts(nint at, float* gradient, int count)
    {
        for (int n = 0; n < count; n += V.Count)
        {
            int lanes = Math.Min(V.Count, count - n);
            V sum = V.Zero;
            for (int part = 0; part < _parts.Count; part++)
                sum += V.Load(PartSums(part) + at + n);
            if (_accumulate)
                sum += V.LoadPartial(gradient + n, lanes);
            V.StorePartial(sum, gradient + n, lanes);
        }
    }
}

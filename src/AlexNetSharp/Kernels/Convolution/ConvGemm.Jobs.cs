using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Convolution;

/// <content>The pieces of work.</content>
internal sealed unsafe partial class ConvGemm
{
    private float* Scratch(int worker) => _scratch + worker * WorkerScratch;

    /// <summary>Output channels of a group in the given panel.</summary>
    private int Outputs(int panel) => Math.Min(Width, _groupOutputs - panel * Width);

    /// <summary>Packs the masked gradient of some pixels, all output channels of a group.</summary>
    private void PackGradient(int group, long firstPixel, int pixels, float* panels, nint panelStride, float* sums)
    {
        long at = firstPixel * Geometry.OutputChannels + group * _groupOutputs;
        PanelPacking.PackGradient(
            GradOutput + at, Request.MaskGradient ? Output + at : null, Geometry.OutputChannels, pixels, _groupOutputs, panels, panelStride, sums);
    }

    /// <summary>32 output channels of a group.</summary>
    private sealed class PackWeightJob(ConvGemm c) : Job
    {
        public override void Execute(int index, int worker)
        {
            (int group, int panel) = Math.DivRem(index, c._outputPanels);
            int rowLength = c.Geometry.OutputChannels, outputs = c.Outputs(panel);
            float* weight = c.Weight + group * c._groupOutputs + panel * Width;
            PanelPacking.Pack(weight, rowLength, c._columns, outputs, c._packedWeight + index * c._weightStride, c._weightStride);
            if (!c.Request.InputGradient)
                return;
            for (int k = 0; k < c._columnPanels; k++)
                PanelPacking.PackTransposed(
                    weight + (nint)k * Width * rowLength, rowLength, Math.Min(Width, c._columns - k * Width), outputs,
                    c._packedTransposed + ((nint)group * c._columnPanels + k) * c._transposedStride + panel * Width * Width);
        }
    }

    /// <summary>A block of output pixels.</summary>
    private sealed class ForwardJob(ConvGemm c) : Job
    {
        public override void Execute(int index, int worker)
        {
            ConvGeometry g = c.Geometry;
            long first = (long)index * c._pixelsTogether;
            int pixels = (int)Math.Min(c._pixelsTogether, c._pixels - first);
            float* patches = c.Scratch(worker), sums = patches + MaxColumns / Width * c._blockStride;
            for (int group = 0; group < g.Groups; group++)
            {
                for (int k = 0; k < c._columns; k += c._columnBlocks.Length(k))
                {
                    int columns = c._columnBlocks.Length(k);
                    PatchPacking.Gather(g, c.Input, group, first, pixels, k, columns, patches, c._blockStride);
                    GemmKernel.Multiply(
                        patches, c._blockStride, c._packedWeight + group * c._outputPanels * c._weightStride + k * Width, c._weightStride,
                        sums, c._blockStride, pixels, c._outputPanels, columns, accumulate: k > 0);
                }
                for (int p = 0; p < c._outputPanels; p++)
                {
                    int channel = group * c._groupOutputs + p * Width;
                    PanelPacking.Unpack(
                        sums + p * c._blockStride, pixels, c.Outputs(p), c.Bias == null ? null : c.Bias + channel, c.Request.Relu,
                        c.Output + first * g.OutputChannels + channel, g.OutputChannels);
                }
            }
        }
    }

    /// <summary>Some panels of columns of a group's weight, summed over all pixels; the first of a group sums the bias too.</summary>
    private sealed class BackwardWeightJob(ConvGemm c) : Job
    {
        public override void Execute(int index, int worker)
        {
            ConvGeometry g = c.Geometry;
            (int group, int block) = Math.DivRem(index, c._gradientBlocks.Count);
            int column = c._gradientBlocks.Start(block) * Width;
            int columns = Math.Min(c._gradientBlocks.Start(block + 1) * Width, c._columns) - column;
            float* patches = c.Scratch(worker), gradients = patches + MaxGradientPanels * c._gradientStride;
            float* sums = gradients + c._outputPanels * c._gradientStride;
            float* biasSums = block == 0 && c.GradBias != null ? sums + c._outputPanels * c._gradientWeightStride : null;
            if (biasSums != null)
                new Span<float>(biasSums, c._outputPanels * Width).Clear();
            for (long pixel = 0; pixel < c._pixels; pixel += GradientPixels)
            {
                int pixels = (int)Math.Min(GradientPixels, c._pixels - pixel);
                PatchPacking.Gather(g, c.Input, group, pixel, pixels, column, columns, patches, c._gradientStride);
                c.PackGradient(group, pixel, pixels, gradients, c._gradientStride, biasSums);
                GemmKernel.MultiplyTransposed(
                    patches, c._gradientStride, gradients, c._gradientStride, sums, c._gradientWeightStride,
                    columns, c._outputPanels, pixels, accumulate: pixel > 0);
            }
            for (int p = 0; p < c._outputPanels; p++)
            {
                int channel = group * c._groupOutputs + p * Width;
                float* from = sums + p * c._gradientWeightStride, to = c.GradWeight + (nint)column * g.OutputChannels + channel;
                for (int k = 0; k < columns; k++)
                    Give(from + k * Width, to + (nint)k * g.OutputChannels, c.Outputs(p));
                if (biasSums != null)
                    Give(biasSums + p * Width, c.GradBias + channel, c.Outputs(p));
            }
        }

        private void Give(float* from, float* to, int count)
        {
            for (int i = 0; i < count; i++)
                to[i] = c.Accumulate ? to[i] + from[i] : from[i];
        }
    }

    /// <summary>One image of the input gradient.</summary>
    private sealed class BackwardInputJob(ConvGemm c) : Job
    {
        public override void Execute(int index, int worker)
        {
            ConvGeometry g = c.Geometry;
            int image = g.OutputHeight * g.OutputWidth;
            long inputImage = g.InputLength / g.Batch;
            new Span<float>(c.GradInput + index * inputImage, checked((int)inputImage)).Clear();
            float* patches = c.Scratch(worker), gradients = patches + MaxColumns / Width * c._blockStride;
            for (int y = 0; y < image; y += MaxPixels)
                for (int group = 0; group < g.Groups; group++)
                {
                    long first = (long)index * image + y;
                    int pixels = Math.Min(MaxPixels, image - y);
                    c.PackGradient(group, first, pixels, gradients, c._blockStride, null);
                    for (int k = 0; k < c._columns; k += c._columnBlocks.Length(k))
                    {
                        int columns = c._columnBlocks.Length(k);
                        GemmKernel.Multiply(
                            gradients, c._blockStride, c._packedTransposed + ((nint)group * c._columnPanels + k / Width) * c._transposedStride,
                            c._transposedStride, patches, c._blockStride, pixels, GemmKernel.Panels(columns), c._groupOutputs, accumulate: false);
                        PatchPacking.ScatterAdd(g, c.GradInput, group, first, pixels, k, columns, patches, c._blockStride);
                    }
                }
        }
    }
}

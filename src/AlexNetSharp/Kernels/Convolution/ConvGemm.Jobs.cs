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
    private sealed class PackWeightJob(ConvGemm owner) : Job
    {
        public override void Execute(int index, int worker)
        {
            (int group, int panel) = Math.DivRem(index, owner._outputPanels);
            int rowLength = owner.Geometry.OutputChannels, outputs = owner.Outputs(panel);
            float* weight = owner.Weight + group * owner._groupOutputs + panel * Width;
            PanelPacking.Pack(weight, rowLength, owner._columns, outputs, owner._packedWeight + index * owner._weightStride, owner._weightStride);
            if (!owner.Request.InputGradient)
                return;
            for (int k = 0; k < owner._columnPanels; k++)
                PanelPacking.PackTransposed(
                    weight + (nint)k * Width * rowLength, rowLength, Math.Min(Width, owner._columns - k * Width), outputs,
                    owner._packedTransposed + ((nint)group * owner._columnPanels + k) * owner._transposedStride + panel * Width * Width);
        }
    }

    /// <summary>A block of output pixels.</summary>
    private sealed class ForwardJob(ConvGemm owner) : Job
    {
        public override void Execute(int index, int worker)
        {
            ConvGeometry g = owner.Geometry;
            long first = (long)index * owner._pixelsTogether;
            int pixels = (int)Math.Min(owner._pixelsTogether, owner._pixels - first);
            float* patches = owner.Scratch(worker), sums = patches + MaxColumns / Width * owner._blockStride;
            for (int group = 0; group < g.Groups; group++)
            {
                for (int k = 0; k < owner._columns; k += owner._columnBlocks.Length(k))
                {
                    int columns = owner._columnBlocks.Length(k);
                    PatchPacking.Gather(g, owner.Input, group, first, pixels, k, columns, patches, owner._blockStride);
                    GemmKernel.Multiply(
                        patches, owner._blockStride, owner._packedWeight + group * owner._outputPanels * owner._weightStride + k * Width, owner._weightStride,
                        sums, owner._blockStride, pixels, owner._outputPanels, columns, accumulate: k > 0);
                }
                for (int p = 0; p < owner._outputPanels; p++)
                {
                    int channel = group * owner._groupOutputs + p * Width;
                    PanelPacking.Unpack(
                        sums + p * owner._blockStride, pixels, owner.Outputs(p), owner.Bias == null ? null : owner.Bias + channel, owner.Request.Relu,
                        owner.Output + first * g.OutputChannels + channel, g.OutputChannels);
                }
            }
        }
    }

    /// <summary>Some panels of columns of a group's weight, summed over all pixels; the first of a group sums the bias too.</summary>
    private sealed class BackwardWeightJob(ConvGemm owner) : Job
    {
        public override void Execute(int index, int worker)
        {
            ConvGeometry g = owner.Geometry;
            (int group, int block) = Math.DivRem(index, owner._gradientBlocks.Count);
            int column = owner._gradientBlocks.Start(block) * Width;
            int columns = Math.Min(owner._gradientBlocks.Start(block + 1) * Width, owner._columns) - column;
            float* patches = owner.Scratch(worker), gradients = patches + MaxGradientPanels * owner._gradientStride;
            float* sums = gradients + owner._outputPanels * owner._gradientStride;
            float* biasSums = block == 0 && owner.GradBias != null ? sums + owner._outputPanels * owner._gradientWeightStride : null;
            if (biasSums != null)
                new Span<float>(biasSums, owner._outputPanels * Width).Clear();
            for (long pixel = 0; pixel < owner._pixels; pixel += GradientPixels)
            {
                int pixels = (int)Math.Min(GradientPixels, owner._pixels - pixel);
                PatchPacking.Gather(g, owner.Input, group, pixel, pixels, column, columns, patches, owner._gradientStride);
                owner.PackGradient(group, pixel, pixels, gradients, owner._gradientStride, biasSums);
                GemmKernel.MultiplyTransposed(
                    patches, owner._gradientStride, gradients, owner._gradientStride, sums, owner._gradientWeightStride,
                    columns, owner._outputPanels, pixels, accumulate: pixel > 0);
            }
            for (int p = 0; p < owner._outputPanels; p++)
            {
                int channel = group * owner._groupOutputs + p * Width;
                float* from = sums + p * owner._gradientWeightStride, to = owner.GradWeight + (nint)column * g.OutputChannels + channel;
                for (int k = 0; k < columns; k++)
                    Give(from + k * Width, to + (nint)k * g.OutputChannels, owner.Outputs(p));
                if (biasSums != null)
                    Give(biasSums + p * Width, owner.GradBias + channel, owner.Outputs(p));
            }
        }

        private void Give(float* from, float* to, int count)
        {
            for (int i = 0; i < count; i++)
                to[i] = owner.Accumulate ? to[i] + from[i] : from[i];
        }
    }

    /// <summary>One image of the input gradient.</summary>
    private sealed class BackwardInputJob(ConvGemm owner) : Job
    {
        public override void Execute(int index, int worker)
        {
            ConvGeometry g = owner.Geometry;
            int image = g.OutputHeight * g.OutputWidth;
            long inputImage = g.InputLength / g.Batch;
            new Span<float>(owner.GradInput + index * inputImage, checked((int)inputImage)).Clear();
            float* patches = owner.Scratch(worker), gradients = patches + MaxColumns / Width * owner._blockStride;
            for (int y = 0; y < image; y += MaxPixels)
                for (int group = 0; group < g.Groups; group++)
                {
                    long first = (long)index * image + y;
                    int pixels = Math.Min(MaxPixels, image - y);
                    owner.PackGradient(group, first, pixels, gradients, owner._blockStride, null);
                    for (int k = 0; k < owner._columns; k += owner._columnBlocks.Length(k))
                    {
                        int columns = owner._columnBlocks.Length(k);
                        GemmKernel.Multiply(
                            gradients, owner._blockStride, owner._packedTransposed + ((nint)group * owner._columnPanels + k / Width) * owner._transposedStride,
                            owner._transposedStride, patches, owner._blockStride, pixels, GemmKernel.Panels(columns), owner._groupOutputs, accumulate: false);
                        PatchPacking.ScatterAdd(g, owner.GradInput, group, first, pixels, k, columns, patches, owner._blockStride);
                    }
                }
        }
    }
}

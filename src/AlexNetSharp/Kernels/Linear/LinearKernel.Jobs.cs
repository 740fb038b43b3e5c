using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Linear;

/// <content>The pieces of work.</content>
internal sealed unsafe partial class LinearKernel
{
    private const int PackedTogether = 16;

    private float* Scratch(int worker) => _workerScratch + worker * WorkerScratch;

    // Columns of the given panel of a matrix.
    private static int Columns(int panel, int total) => Math.Min(Width, total - panel * Width);

    /// <summary>Sixteen panels of the input.</summary>
    private sealed class PackInputJob(LinearKernel l) : Job
    {
        public override void Execute(int index, int worker)
        {
            int first = index * PackedTogether, column = first * Width;
            PanelPacking.Pack(
                l._input + column, l.InFeatures, l.Batch, Math.Min(PackedTogether * Width, l.InFeatures - column),
                l._inputPanels + first * l._batchStride, l._batchStride);
        }
    }

    /// <summary>One panel of the masked output gradient, as it is and transposed, and its bias gradient.</summary>
    private sealed class PackGradOutputJob(LinearKernel l) : Job
    {
        public override void Execute(int index, int worker)
        {
            int first = index * Width, columns = Columns(index, l.OutFeatures);
            float* panel = l._gradOutputPanels + index * l._batchStride;
            float* sums = stackalloc float[Width];
            new Span<float>(sums, Width).Clear();
            PanelPacking.PackGradient(
                l._gradOutput + first, l._relu ? l._output + first : null, l.OutFeatures, l.Batch, columns, panel, l._batchStride, sums);
            if (l._gradBias != null)
                for (int i = 0; i < columns; i++)
                    l._gradBias[first + i] = (l._accumulate ? l._gradBias[first + i] : 0) + sums[i];
            if (l._gradInput != null)
                for (int b = 0; b < l._batchPanels; b++)
                    PanelPacking.PackTransposed(
                        panel + b * Width * Width, Width, Columns(b, l.Batch), columns,
                        l._gradOutputTransposed + b * l._transposedStride + first * Width);
        }
    }

    /// <summary>One panel of the weight in bfloat16.</summary>
    private sealed class RoundWeightJob(LinearKernel l) : Job
    {
        public override void Execute(int index, int worker)
        {
            long length = (long)l.InFeatures * Width;
            BFloat16.Round(l._weight + index * length, l._rounded + index * length, length);
        }
    }

    /// <summary>Some panels of the output.</summary>
    private sealed class ForwardJob(LinearKernel l) : Job
    {
        public override void Execute(int index, int worker)
        {
            int first = index * l._forwardPanels, panels = Math.Min(l._forwardPanels, l._outPanels - first);
            nint weightStride = (nint)l.InFeatures * Width;
            float* c = l.Scratch(worker);
            if (l._bfloat16)
                GemmKernel.Multiply(
                    l._inputPanels, l._batchStride, l._rounded + first * weightStride, weightStride, c, l._batchStride,
                    l.Batch, panels, l.InFeatures);
            else
                GemmKernel.Multiply(
                    l._inputPanels, l._batchStride, l._weight + first * weightStride, weightStride, c, l._batchStride,
                    l.Batch, panels, l.InFeatures, accumulate: false);
            for (int p = 0; p < panels; p++)
            {
                int column = (first + p) * Width;
                PanelPacking.Unpack(
                    c + p * l._batchStride, l.Batch, Columns(first + p, l.OutFeatures), l._bias == null ? null : l._bias + column,
                    l._relu, l._output + column, l.OutFeatures);
            }
        }
    }

    /// <summary>A block of rows of one panel of the weight gradient.</summary>
    private sealed class BackwardWeightJob(LinearKernel l) : Job
    {
        public override void Execute(int index, int worker)
        {
            // All panels of one block of rows follow each other, so that its input stays in the cache.
            (int block, int panel) = Math.DivRem(index, l._outPanels);
            int row = block * GradWeightRows;
            nint weightStride = (nint)l.InFeatures * Width;
            GemmKernel.MultiplyTransposed(
                l._inputPanels + row / Width * l._batchStride, l._batchStride, l._gradOutputPanels + panel * l._batchStride, 0,
                l._gradWeight + panel * weightStride + row * Width, weightStride,
                Math.Min(GradWeightRows, l.InFeatures - row), 1, l.Batch, l._accumulate);
        }
    }

    /// <summary>A block of columns of the input gradient, computed transposed.</summary>
    private sealed class BackwardInputJob(LinearKernel l) : Job
    {
        public override void Execute(int index, int worker)
        {
            int row = index * GradInputRows, rows = Math.Min(GradInputRows, l.InFeatures - row);
            float* c = l.Scratch(worker);
            GemmKernel.Multiply(
                l._weight + row * Width, (nint)l.InFeatures * Width, l._gradOutputTransposed, l._transposedStride,
                c, l._gradInputStride, rows, l._batchPanels, l.OutFeatures, accumulate: false);
            for (int b = 0; b < l._batchPanels; b++)
                PanelPacking.UnpackTransposed(
                    c + b * l._gradInputStride, rows, Columns(b, l.Batch),
                    l._gradInput + (nint)b * Width * l.InFeatures + row, l.InFeatures);
        }
    }
}

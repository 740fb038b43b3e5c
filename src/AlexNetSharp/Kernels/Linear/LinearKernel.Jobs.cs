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
    private sealed class PackInputJob(LinearKernel owner) : Job
    {
        public override void Execute(int index, int worker)
        {
            int first = index * PackedTogether, column = first * Width;
            PanelPacking.Pack(
                owner._input + column, owner.InFeatures, owner.Batch, Math.Min(PackedTogether * Width, owner.InFeatures - column),
                owner._inputPanels + first * owner._batchStride, owner._batchStride);
        }
    }

    /// <summary>One panel of the masked output gradient, as it is and transposed, and its bias gradient.</summary>
    private sealed class PackGradOutputJob(LinearKernel owner) : Job
    {
        public override void Execute(int index, int worker)
        {
            int first = index * Width, columns = Columns(index, owner.OutFeatures);
            float* panel = owner._gradOutputPanels + index * owner._batchStride;
            float* sums = stackalloc float[Width];
            new Span<float>(sums, Width).Clear();
            PanelPacking.PackGradient(
                owner._gradOutput + first, owner._relu ? owner._output + first : null, owner.OutFeatures, owner.Batch, columns, panel, owner._batchStride, sums);
            if (owner._gradBias != null)
                for (int i = 0; i < columns; i++)
                    owner._gradBias[first + i] = (owner._accumulate ? owner._gradBias[first + i] : 0) + sums[i];
            if (owner._gradInput != null)
                for (int b = 0; b < owner._batchPanels; b++)
                    PanelPacking.PackTransposed(
                        panel + b * Width * Width, Width, Columns(b, owner.Batch), columns,
                        owner._gradOutputTransposed + b * owner._transposedStride + first * Width);
        }
    }

    /// <summary>One panel of the weight in bfloat16.</summary>
    private sealed class RoundWeightJob(LinearKernel owner) : Job
    {
        public override void Execute(int index, int worker)
        {
            long length = (long)owner.InFeatures * Width;
            BFloat16.Round(owner._weight + index * length, owner._rounded + index * length, length);
        }
    }

    /// <summary>Some panels of the output.</summary>
    private sealed class ForwardJob(LinearKernel owner) : Job
    {
        public override void Execute(int index, int worker)
        {
            int first = index * owner._forwardPanels, panels = Math.Min(owner._forwardPanels, owner._outPanels - first);
            nint weightStride = (nint)owner.InFeatures * Width;
            float* c = owner.Scratch(worker);
            if (owner._bfloat16)
                GemmKernel.Multiply(
                    owner._inputPanels, owner._batchStride, owner._rounded + first * weightStride, weightStride, c, owner._batchStride,
                    owner.Batch, panels, owner.InFeatures);
            else
                GemmKernel.Multiply(
                    owner._inputPanels, owner._batchStride, owner._weight + first * weightStride, weightStride, c, owner._batchStride,
                    owner.Batch, panels, owner.InFeatures, accumulate: false);
            for (int p = 0; p < panels; p++)
            {
                int column = (first + p) * Width;
                PanelPacking.Unpack(
                    c + p * owner._batchStride, owner.Batch, Columns(first + p, owner.OutFeatures), owner._bias == null ? null : owner._bias + column,
                    owner._relu, owner._output + column, owner.OutFeatures);
            }
        }
    }

    /// <summary>A block of rows of one panel of the weight gradient.</summary>
    private sealed class BackwardWeightJob(LinearKernel owner) : Job
    {
        public override void Execute(int index, int worker)
        {
            // All panels of one block of rows follow each other, so that its input stays in the cache.
            (int block, int panel) = Math.DivRem(index, owner._outPanels);
            int row = block * GradWeightRows;
            nint weightStride = (nint)owner.InFeatures * Width;
            GemmKernel.MultiplyTransposed(
                owner._inputPanels + row / Width * owner._batchStride, owner._batchStride, owner._gradOutputPanels + panel * owner._batchStride, 0,
                owner._gradWeight + panel * weightStride + row * Width, weightStride,
                Math.Min(GradWeightRows, owner.InFeatures - row), 1, owner.Batch, owner._accumulate);
        }
    }

    /// <summary>A block of columns of the input gradient, computed transposed.</summary>
    private sealed class BackwardInputJob(LinearKernel owner) : Job
    {
        public override void Execute(int index, int worker)
        {
            int row = index * GradInputRows, rows = Math.Min(GradInputRows, owner.InFeatures - row);
            float* c = owner.Scratch(worker);
            GemmKernel.Multiply(
                owner._weight + row * Width, (nint)owner.InFeatures * Width, owner._gradOutputTransposed, owner._transposedStride,
                c, owner._gradInputStride, rows, owner._batchPanels, owner.OutFeatures, accumulate: false);
            for (int b = 0; b < owner._batchPanels; b++)
                PanelPacking.UnpackTransposed(
                    c + b * owner._gradInputStride, rows, Columns(b, owner.Batch),
                    owner._gradInput + (nint)b * Width * owner.InFeatures + row, owner.InFeatures);
        }
    }
}

using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Benchmarks;

/// <summary>The products of <see cref="GemmKernel"/> on all threads of a pool.</summary>
/// <remarks>
/// C is cut into blocks of rows and panels that do not depend on the number of threads; every element is summed by one thread, so the
/// result is the same bits for any pool. An object serves one call at a time and allocates only when it is made. The library has no use for
/// it: its products are parts of the pieces of work of layers.
/// </remarks>
internal sealed unsafe class GemmJob(WorkerPool pool) : Job
{
    private const int BlockRows = 224, BlockPanels = 4;

    private float* _a, _b, _c;
    private nint _aPanelStride, _bPanelStride, _cPanelStride;
    private int _rows, _panels, _depth, _rowBlocks;
    private bool _accumulate, _transposed;

    /// <inheritdoc cref="GemmKernel.Multiply(float*, nint, float*, nint, float*, nint, int, int, int, bool)"/>
    public void Multiply(
        float* a, nint aPanelStride, float* b, nint bPanelStride, float* c, nint cPanelStride,
        int rows, int panels, int depth, bool accumulate) =>
        Run(false, a, aPanelStride, b, bPanelStride, c, cPanelStride, rows, panels, depth, accumulate);

    /// <inheritdoc cref="GemmKernel.MultiplyTransposed(float*, nint, float*, nint, float*, nint, int, int, int, bool)"/>
    public void MultiplyTransposed(
        float* a, nint aPanelStride, float* b, nint bPanelStride, float* c, nint cPanelStride,
        int rows, int panels, int depth, bool accumulate) =>
        Run(true, a, aPanelStride, b, bPanelStride, c, cPanelStride, rows, panels, depth, accumulate);

    private void Run(
        bool transposed, float* a, nint aPanelStride, float* b, nint bPanelStride, float* c, nint cPanelStride,
        int rows, int panels, int depth, bool accumulate)
    {
        (_transposed, _accumulate) = (transposed, accumulate);
        _a = a;
        _b = b;
        _c = c;
        (_aPanelStride, _bPanelStride, _cPanelStride) = (aPanelStride, bPanelStride, cPanelStride);
        (_rows, _panels, _depth) = (rows, panels, depth);
        _rowBlocks = (rows + BlockRows - 1) / BlockRows;
        pool.Run(this, _rowBlocks * ((panels + BlockPanels - 1) / BlockPanels));
    }

    public override void Execute(int index, int worker)
    {
        int m = index % _rowBlocks * BlockRows, p = index / _rowBlocks * BlockPanels;
        int rows = Math.Min(BlockRows, _rows - m), panels = Math.Min(BlockPanels, _panels - p);
        float* b = _b + p * _bPanelStride, c = _c + p * _cPanelStride + m * GemmKernel.PanelWidth;
        if (_transposed)
            GemmKernel.MultiplyTransposed(
                _a + m / GemmKernel.PanelWidth * _aPanelStride, _aPanelStride, b, _bPanelStride, c, _cPanelStride,
                rows, panels, _depth, _accumulate);
        else
            GemmKernel.Multiply(
                _a + m * GemmKernel.PanelWidth, _aPanelStride, b, _bPanelStride, c, _cPanelStride,
                rows, panels, _depth, _accumulate);
    }
}

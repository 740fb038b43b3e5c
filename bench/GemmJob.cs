using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Simd;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Benchmarks;

/// <summary>Runs the matrix products of <see cref="GemmKernel"/> on all threads of a pool.</summary>
/// <remarks>
/// C is cut into blocks of rows and panels that do not depend on the number of threads; every element is summed by one thread, so the
/// result is bitwise identical for any pool. An instance serves one call at a time and allocates only on creation. The library does not use
/// it: there, products are parts of the layers' work items.
/// </remarks>
internal sealed unsafe class GemmJob
{
    private const int BlockRows = 224, BlockPanels = 4;

    private readonly WorkerPool _pool;
    private readonly Job _job;
    private float* _a, _b, _c;
    private nint _aPanelStride, _bPanelStride, _cPanelStride;
    private int _rows, _panels, _depth, _rowBlocks;
    private bool _accumulate, _transposed;

    /// <summary>Creates a job for the threads of <paramref name="pool"/>.</summary>
    public GemmJob(WorkerPool pool) => (_pool, _job) = (pool, (index, _) => SimdTiers.Call<Piece, int>(new Piece(this, index)));

    /// <inheritdoc cref="GemmKernel.Multiply{V}(float*, nint, float*, nint, float*, nint, int, int, int, bool)"/>
    public void Multiply(
        float* a, nint aPanelStride, float* b, nint bPanelStride, float* c, nint cPanelStride,
        int rows, int panels, int depth, bool accumulate) =>
        Run(false, a, aPanelStride, b, bPanelStride, c, cPanelStride, rows, panels, depth, accumulate);

    /// <inheritdoc cref="GemmKernel.MultiplyTransposed{V}"/>
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
        _pool.Run(_job, _rowBlocks * ((panels + BlockPanels - 1) / BlockPanels));
    }

    private readonly struct Piece(GemmJob job, int index) : IVectorCode<int>
    {
        public int Call<B, V>()
            where B : unmanaged, ISimdBits<B, V>
            where V : unmanaged, ISimd<V>
        {
            job.Multiply<V>(index);
            return index;
        }
    }

    private void Multiply<V>(int index)
        where V : unmanaged, ISimd<V>
    {
        int m = index % _rowBlocks * BlockRows, p = index / _rowBlocks * BlockPanels;
        int rows = Math.Min(BlockRows, _rows - m), panels = Math.Min(BlockPanels, _panels - p);
        float* b = _b + p * _bPanelStride, c = _c + p * _cPanelStride + m * GemmKernel.PanelWidth;
        if (_transposed)
            GemmKernel.MultiplyTransposed<V>(
                _a + m / GemmKernel.PanelWidth * _aPanelStride, _aPanelStride, b, _bPanelStride, c, _cPanelStride,
                rows, panels, _depth, _accumulate);
        else
            GemmKernel.Multiply<V>(
                _a + m * GemmKernel.PanelWidth, _aPanelStride, b, _bPanelStride, c, _cPanelStride,
                rows, panels, _depth, _accumulate);
    }
}

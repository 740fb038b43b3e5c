using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Elementwise;

/// <summary>Adding one row to every row of a matrix, and the gradient of that: the sum of all rows.</summary>
internal abstract unsafe class RowBias
{
    private const int RowsOfPiece = 16, ColumnsOfPiece = 256;

    private readonly Job _add, _sum;
    private float* _matrix, _row;
    private int _rows, _columns;
    private bool _flag;

    /// <summary>Prepares the jobs.</summary>
    protected RowBias()
    {
        _add = new AddJob(this);
        _sum = new SumJob(this);
    }

    /// <summary>Makes the operation for vectors of <paramref name="tier"/>.</summary>
    public static RowBias Create(SimdTier tier) => tier switch
    {
        SimdTier.Vector512 => new RowBias<F32x16>(),
        SimdTier.Vector256 => new RowBias<F32x8>(),
        SimdTier.Vector128 => new RowBias<F32x4>(),
        _ => new RowBias<F32x1>(),
    };

    /// <summary>matrix[r, c] = matrix[r, c] + row[c], or max(0, ·) of it.</summary>
    public void Add(WorkerPool pool, float* matrix, float* row, int rows, int columns, bool relu)
    {
        Set(matrix, row, rows, columns, relu);
        pool.Run(_add, (rows + RowsOfPiece - 1) / RowsOfPiece);
    }

    /// <summary>row[c] = Σ over r of matrix[r, c], or that added to row[c]; the rows are added in order.</summary>
    public void Sum(WorkerPool pool, float* matrix, float* row, int rows, int columns, bool accumulate)
    {
        Set(matrix, row, rows, columns, accumulate);
        pool.Run(_sum, (columns + ColumnsOfPiece - 1) / ColumnsOfPiece);
    }

    /// <summary>Adds the row to <paramref name="rows"/> rows.</summary>
    protected abstract void AddRows(float* matrix, float* row, int rows, int columns, bool relu);

    /// <summary>Sums some columns of a matrix whose rows are <paramref name="stride"/> floats apart.</summary>
    protected abstract void SumColumns(float* matrix, float* row, int rows, int columns, int stride, bool accumulate);

    private void Set(float* matrix, float* row, int rows, int columns, bool flag)
    {
        _matrix = matrix;
        _row = row;
        (_rows, _columns, _flag) = (rows, columns, flag);
    }

    private sealed class AddJob(RowBias b) : Job
    {
        public override void Execute(int index, int worker)
        {
            int first = index * RowsOfPiece;
            b.AddRows(b._matrix + (long)first * b._columns, b._row, Math.Min(RowsOfPiece, b._rows - first), b._columns, b._flag);
        }
    }

    private sealed class SumJob(RowBias b) : Job
    {
        public override void Execute(int index, int worker)
        {
            int first = index * ColumnsOfPiece;
            b.SumColumns(b._matrix + first, b._row + first, b._rows, Math.Min(ColumnsOfPiece, b._columns - first), b._columns, b._flag);
        }
    }
}

/// <summary><see cref="RowBias"/> on vectors of columns.</summary>
internal sealed unsafe class RowBias<V> : RowBias
    where V : unmanaged, ISimd<V>
{
    protected override void AddRows(float* matrix, float* row, int rows, int columns, bool relu)
    {
        int whole = columns / V.Count * V.Count;
        AddRows<V>(matrix, row, rows, columns, relu, 0, whole);
        AddRows<F32x1>(matrix, row, rows, columns, relu, whole, columns);
    }

    protected override void SumColumns(float* matrix, float* row, int rows, int columns, int stride, bool accumulate)
    {
        int whole = columns / V.Count * V.Count;
        SumColumns<V>(matrix, row, rows, stride, accumulate, 0, whole);
        SumColumns<F32x1>(matrix, row, rows, stride, accumulate, whole, columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRows<W>(float* matrix, float* row, int rows, int columns, bool relu, int from, int to)
        where W : unmanaged, ISimd<W>
    {
        for (; rows > 0; rows--, matrix += columns)
            for (int c = from; c < to; c += W.Count)
            {
                W sum = W.Load(matrix + c) + W.Load(row + c);
                W.Store(relu ? W.MaxNative(W.Zero, sum) : sum, matrix + c);
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SumColumns<W>(float* matrix, float* row, int rows, int stride, bool accumulate, int from, int to)
        where W : unmanaged, ISimd<W>
    {
        for (int c = from; c < to; c += W.Count)
        {
            W sum = accumulate ? W.Load(row + c) : W.Zero;
            float* value = matrix + c;
            for (int r = 0; r < rows; r++, value += stride)
                sum += W.Load(value);
            W.Store(sum, row + c);
        }
    }
}

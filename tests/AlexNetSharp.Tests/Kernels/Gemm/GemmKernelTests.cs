using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Simd;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Tests.Kernels.Gemm;

public unsafe class GemmKernelTests
{
    private const float Canary = 1234567;

    /// <summary>A product with all its memory: operands, result between canaries, and the result in float64.</summary>
    private sealed class Case : IDisposable
    {
        private readonly AlignedBuffer _a, _b, _c;
        private readonly int _cPanels, _cRows;
        public readonly nint AStride, BStride, CStride;
        public readonly double[] Expected, Magnitude;
        public readonly int Rows, Columns, Depth;

        public float* A => _a.Pointer;
        public float* B => _b.Pointer;
        public float* C => _c.Pointer;

        public Case(int rows, int panels, int depth, bool transposed, bool accumulate, bool integers)
        {
            (Rows, Columns, Depth, _cPanels, _cRows) = (rows, 32 * panels, depth, panels, rows);
            (int aRows, int aColumns) = transposed ? (depth, rows) : (rows, depth);
            AStride = 32 * aRows + 16;
            BStride = 32 * depth + 48;
            CStride = 32 * rows + 32;
            _a = new AlignedBuffer(GemmKernel.Panels(aColumns) * AStride);
            _b = new AlignedBuffer(panels * BStride);
            _c = new AlignedBuffer(panels * CStride);
            var random = new System.Random(rows * 7919 + depth * 31 + panels);
            float Next() => integers ? random.Next(-4, 5) : 2 * random.NextSingle() - 1;
            // What lies beyond the last column of A and between panels must not matter: not a number.
            _a.Span.Fill(float.NaN);
            _b.Span.Fill(float.NaN);
            _c.Span.Fill(Canary);
            for (int r = 0; r < aRows; r++)
                for (int c = 0; c < aColumns; c++)
                    A[c / 32 * AStride + 32 * r + c % 32] = Next();
            for (int k = 0; k < depth; k++)
                for (int n = 0; n < Columns; n++)
                    B[n / 32 * BStride + 32 * k + n % 32] = Next();
            Expected = new double[rows * Columns];
            Magnitude = new double[rows * Columns];
            for (int m = 0; m < rows; m++)
                for (int n = 0; n < Columns; n++)
                {
                    double start = Next(), sum = accumulate ? start : 0, magnitude = Math.Abs(sum);
                    C[n / 32 * CStride + 32 * m + n % 32] = accumulate ? (float)start : float.NaN;
                    for (int k = 0; k < depth; k++)
                    {
                        double product = (double)(transposed ? A[m / 32 * AStride + 32 * k + m % 32] : A[k / 32 * AStride + 32 * m + k % 32])
                        * B[n / 32 * BStride + 32 * k + n % 32];
                        sum += product;
                        magnitude += Math.Abs(product);
                    }
                    Expected[m * Columns + n] = sum;
                    Magnitude[m * Columns + n] = magnitude;
                }
        }

        /// <summary>Compares with float64, exactly where all sums are small integers.</summary>
        public void Check(bool exact)
        {
            for (int m = 0; m < Rows; m++)
                for (int n = 0; n < Columns; n++)
                {
                    int i = m * Columns + n;
                    float actual = C[n / 32 * CStride + 32 * m + n % 32];
                    // 2⁻²⁴ for each of depth additions and one for the product's own rounding where there is no fused multiply-add.
                    double bound = exact ? 0 : Magnitude[i] * (Depth + 2) * Math.Pow(2, -24);
                    Assert.True(Math.Abs(actual - Expected[i]) <= bound, $"[{m}, {n}] is {actual}, expected {Expected[i]} ± {bound}");
                }
            for (int p = 0; p < _cPanels; p++)
                for (int i = 32 * _cRows; i < CStride; i++)
                    Assert.Equal(Canary, C[p * CStride + i]);
        }

        public float[] Result() => _c.Span.ToArray();

        public void Dispose()
        {
            _a.Dispose();
            _b.Dispose();
            _c.Dispose();
        }
    }

    /// <summary>A block of rows and panels of a product.</summary>
    private readonly struct Product(Case x, int firstRow, int rows, int firstPanel, int panels, bool transposed, bool accumulate) : IVectorCode<int>
    {
        public int Call<B, V>()
            where B : unmanaged, ISimdBits<B, V>
            where V : unmanaged, ISimd<V>
        {
            float* b = x.B + firstPanel * x.BStride, c = x.C + firstPanel * x.CStride + firstRow * 32;
            if (transposed)
                GemmKernel.MultiplyTransposed<V>(
                    x.A + firstRow / 32 * x.AStride, x.AStride, b, x.BStride, c, x.CStride, rows, panels, x.Depth, accumulate);
            else
                GemmKernel.Multiply<V>(x.A + firstRow * 32, x.AStride, b, x.BStride, c, x.CStride, rows, panels, x.Depth, accumulate);
            return rows;
        }
    }

    private static void Run(SimdTier tier, Case x, int panels, bool transposed, bool accumulate) =>
        SimdTiers.Call<Product, int>(new(x, 0, x.Rows, 0, panels, transposed, accumulate), tier);

    [Theory, CombinatorialData]
    public void EveryHeightAndDepthAgreesWithFloat64(bool transposed, bool accumulate)
    {
        foreach (int rows in Enumerable.Range(1, 40).Append(67))
            Check(rows, 1, 1 + rows * 5 % 70);
        foreach (int depth in Enumerable.Range(1, 66).Concat([191, 192, 193, 224, 385]))
            Check(13, 2, depth);

        void Check(int rows, int panels, int depth)
        {
            foreach (SimdTier tier in TestedTiers.All)
            {
                using var x = new Case(rows, panels, depth, transposed, accumulate, integers: false);
                Run(tier, x, panels, transposed, accumulate);
                x.Check(exact: false);
            }
        }
    }

    [Theory, CombinatorialData]
    public void SmallIntegersAreExact(bool transposed, bool accumulate)
    {
        foreach ((int rows, int panels, int depth) in new[] { (1, 1, 1), (29, 3, 450), (700, 2, 200), (64, 1, 31) })
        {
            foreach (SimdTier tier in TestedTiers.All)
            {
                using var x = new Case(rows, panels, depth, transposed, accumulate, integers: true);
                Run(tier, x, panels, transposed, accumulate);
                x.Check(exact: true);
            }
        }
    }

    [Theory, CombinatorialData]
    public void PlainLoopsAgreeWithFloat64(bool transposed, bool accumulate)
    {
        using var x = new Case(37, 2, 70, transposed, accumulate, integers: false);
        if (transposed)
            GemmPlain.MultiplyTransposed(x.A, x.AStride, x.B, x.BStride, x.C, x.CStride, 37, 2, 70, accumulate);
        else
            GemmPlain.Multiply(x.A, x.AStride, x.B, x.BStride, x.C, x.CStride, 37, 2, 70, accumulate);
        x.Check(exact: false);
    }

    [Theory, CombinatorialData]
    public void AnyDivisionOfRowsAndPanelsGivesTheSameBits(bool transposed)
    {
        const int rows = 500, panels = 6, depth = 300;
        using var whole = new Case(rows, panels, depth, transposed, accumulate: true, integers: false);
        Run(SimdTiers.Best, whole, panels, transposed, accumulate: true);
        foreach ((int blockRows, int blockPanels) in ((int, int)[])[(32, 1), (224, 4), (480, 5)])
        {
            using var x = new Case(rows, panels, depth, transposed, accumulate: true, integers: false);
            for (int m = 0; m < rows; m += blockRows)
                for (int p = 0; p < panels; p += blockPanels)
                {
                    int height = Math.Min(blockRows, rows - m), width = Math.Min(blockPanels, panels - p);
                    SimdTiers.Call<Product, int>(new(x, m, height, p, width, transposed, accumulate: true));
                }
            x.Check(exact: false);
            Assert.Equal(whole.Result(), x.Result());
        }
    }
}

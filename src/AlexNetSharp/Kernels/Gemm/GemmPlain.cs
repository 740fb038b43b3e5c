namespace AlexNetSharp.Kernels.Gemm;

/// <summary>The products of <see cref="GemmKernel"/> as their formulas say: the readable definition.</summary>
internal static unsafe class GemmPlain
{
    /// <summary>As <see cref="GemmKernel.Multiply{V}(float*, nint, float*, nint, float*, nint, int, int, int, bool)"/>.</summary>
    public static void Multiply(
        float* a, nint aPanelStride, float* b, nint bPanelStride, float* c, nint cPanelStride,
        int rows, int panels, int depth, bool accumulate)
    {
        for (int m = 0; m < rows; m++)
            for (int n = 0; n < 32 * panels; n++)
            {
                float* element = c + At(cPanelStride, m, n);
                float sum = accumulate ? *element : 0;
                for (int k = 0; k < depth; k++)
                    sum += a[At(aPanelStride, m, k)] * b[At(bPanelStride, k, n)];
                *element = sum;
            }
    }

    /// <summary>As <see cref="GemmKernel.MultiplyTransposed{V}"/>.</summary>
    public static void MultiplyTransposed(
        float* a, nint aPanelStride, float* b, nint bPanelStride, float* c, nint cPanelStride,
        int rows, int panels, int depth, bool accumulate)
    {
        for (int m = 0; m < rows; m++)
            for (int n = 0; n < 32 * panels; n++)
            {
                float* element = c + At(cPanelStride, m, n);
                float sum = accumulate ? *element : 0;
                for (int r = 0; r < depth; r++)
                    sum += a[At(aPanelStride, r, m)] * b[At(bPanelStride, r, n)];
                *element = sum;
            }
    }

    /// <summary>Place of X[row, column] in panels.</summary>
    private static nint At(nint panelStride, int row, int column) => column / 32 * panelStride + 32 * row + column % 32;
}

namespace AlexNetSharp.Data;

/// <summary>Eigenvalues and eigenvectors of a small symmetric matrix by C. Jacobi's rotations (1846).</summary>
internal static class SymmetricEigen
{
    /// <summary>A = V · diag(values) · Vᵀ.</summary>
    /// <param name="matrix">A, symmetric.</param>
    /// <returns>Eigenvalues in falling order and, as columns in the same order, unit eigenvectors whose largest component is positive.</returns>
    public static (double[] Values, double[,] Vectors) Decompose(double[,] matrix)
    {
        int n = matrix.GetLength(0);
        double[,] a = (double[,])matrix.Clone(), v = new double[n, n];
        for (int i = 0; i < n; i++)
            v[i, i] = 1;
        // Convergence is quadratic: a 3×3 matrix is diagonal to the last bit after some five sweeps.
        for (int sweep = 0; sweep < 30; sweep++)
            for (int p = 0; p < n; p++)
                for (int q = p + 1; q < n; q++)
                    if (a[p, q] != 0)
                        Rotate(a, v, p, q);
        int[] order = [.. Enumerable.Range(0, n).OrderByDescending(i => a[i, i])];
        double[,] vectors = new double[n, n];
        for (int i = 0; i < n; i++)
        {
            int largest = Enumerable.Range(0, n).MaxBy(row => Math.Abs(v[row, order[i]]));
            for (int row = 0; row < n; row++)
                vectors[row, i] = v[row, order[i]] * Math.Sign(v[largest, order[i]]);
        }
        return ([.. order.Select(i => a[i, i])], vectors);
    }

    /// <summary>Turns the plane of axes p and q so that A[p, q] becomes 0.</summary>
    private static void Rotate(double[,] a, double[,] v, int p, int q)
    {
        int n = a.GetLength(0);
        double theta = (a[q, q] - a[p, p]) / (2 * a[p, q]);
        double t = (theta >= 0 ? 1 : -1) / (Math.Abs(theta) + Math.Sqrt(theta * theta + 1));
        double c = 1 / Math.Sqrt(t * t + 1), s = t * c;
        for (int i = 0; i < n; i++)
            (a[i, p], a[i, q]) = (c * a[i, p] - s * a[i, q], s * a[i, p] + c * a[i, q]);
        for (int i = 0; i < n; i++)
            (a[p, i], a[q, i]) = (c * a[p, i] - s * a[q, i], s * a[p, i] + c * a[q, i]);
        for (int i = 0; i < n; i++)
            (v[i, p], v[i, q]) = (c * v[i, p] - s * v[i, q], s * v[i, p] + c * v[i, q]);
    }
}

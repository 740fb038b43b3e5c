using System.Runtime.CompilerServices;

namespace AlexNetSharp.Tensors;

/// <summary>A panel of weights as 8-bit numbers, rounded so that the errors of each output cancel.</summary>
/// <remarks>
/// What a layer reads are mostly outputs of a ReLU, whose mean is positive: errors that add up to Σe shift an output by Σe times that mean, whatever the
/// image. So all weights are rounded to nearest first, and then as many as Σe has steps are rounded to their other neighbor, those closest to the
/// middle between both. The idea, to correct the shift that quantization brings without looking at data, is that of
/// M. Nagel et al., Data-Free Quantization Through Weight Equalization and Bias Correction, 2019; there a bias takes the shift up.
/// </remarks>
internal static unsafe class Int8Panel
{
    /// <summary>Classes of errors: how exactly weights close to the middle are told from others.</summary>
    private const int Bins = 64;

    /// <summary>panel[r, c] ≈ quantized[r, c] · scales[c].</summary>
    /// <param name="panel">[rows][32].</param>
    /// <param name="rows">Rows: inputs of the layer.</param>
    /// <param name="scales">[32], <see cref="Int8.Scale"/> of the largest magnitude of each column.</param>
    /// <param name="quantized">Receives [rows][32].</param>
    // Runs a few hundred times in a process that loads one model: too seldom for the runtime to improve it step by step.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Quantize(float* panel, int rows, float* scales, sbyte* quantized)
    {
        float* inverse = stackalloc float[Panel.Width];
        double* errors = stackalloc double[Panel.Width];
        for (int c = 0; c < Panel.Width; c++)
            (inverse[c], errors[c]) = (Int8.Inverse(scales[c]), 0);
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < Panel.Width; c++)
            {
                int at = r * Panel.Width + c;
                quantized[at] = Int8.Round(panel[at], inverse[c]);
                errors[c] += quantized[at] - panel[at] * inverse[c];
            }

        int* steps = stackalloc int[Panel.Width];
        bool exact = true;
        for (int c = 0; c < Panel.Width; c++)
        {
            steps[c] = double.IsFinite(errors[c]) ? (int)Math.Round(errors[c]) : 0;
            exact &= steps[c] == 0;
        }
        if (!exact)
            Cancel(panel, rows, inverse, steps, quantized);
    }

    /// <summary>Moves as many weights of each column by one as the column has steps too many, or too few.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Cancel(float* panel, int rows, float* inverse, int* steps, sbyte* quantized)
    {
        int* counts = stackalloc int[Panel.Width * Bins], least = stackalloc int[Panel.Width], left = stackalloc int[Panel.Width];
        new Span<int>(counts, Panel.Width * Bins).Clear();
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < Panel.Width; c++)
            {
                int at = r * Panel.Width + c, bin = Bin(quantized[at], panel[at] * inverse[c], steps[c]);
                if (bin >= 0)
                    counts[c * Bins + bin]++;
            }
        for (int c = 0; c < Panel.Width; c++)
            for ((least[c], left[c]) = (Bins - 1, Math.Abs(steps[c])); least[c] >= 0 && left[c] > counts[c * Bins + least[c]]; least[c]--)
                left[c] -= counts[c * Bins + least[c]];
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < Panel.Width; c++)
            {
                int at = r * Panel.Width + c, bin = Bin(quantized[at], panel[at] * inverse[c], steps[c]);
                if (bin >= 0 && (bin > least[c] || (bin == least[c] && left[c]-- > 0)))
                    quantized[at] -= (sbyte)Math.Sign(steps[c]);
            }
    }

    /// <summary>The class of a weight by how far it was rounded in the direction of the column's error; -1 for one that stays.</summary>
    // The largest of a column stay, so that quantizing what they stand for gives the same scale.
    private static int Bin(sbyte quantized, float exact, int steps)
    {
        float error = (quantized - exact) * Math.Sign(steps);
        return error > 0 && Math.Abs((int)quantized) < Int8.Largest ? Math.Min((int)(error * (2 * Bins)), Bins - 1) : -1;
    }
}

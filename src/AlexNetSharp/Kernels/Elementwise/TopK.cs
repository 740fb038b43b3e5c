namespace AlexNetSharp.Kernels.Elementwise;

/// <summary>How often the right class is among the k largest.</summary>
internal static unsafe class TopK
{
    /// <summary>Counts the rows whose label is among the <paramref name="k"/> classes with the largest values.</summary>
    /// <remarks>Of equal values the lower class comes first. A row whose right value is not a number does not count.</remarks>
    /// <param name="values">[labels.Length, classes].</param>
    /// <param name="labels">The right class of each row, in [0, classes).</param>
    /// <param name="classes">Length of a row.</param>
    /// <param name="k">At least 1.</param>
    public static int CountCorrect(float* values, ReadOnlySpan<int> labels, int classes, int k)
    {
        int correct = 0;
        foreach (int label in labels)
        {
            float value = values[label];
            int before = 0;
            for (int c = 0; c < classes; c++)
                if (values[c] > value || values[c] == value && c < label)
                    before++;
            if (before < k && !float.IsNaN(value))
                correct++;
            values += classes;
        }
        return correct;
    }
}

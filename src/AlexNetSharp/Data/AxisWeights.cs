namespace AlexNetSharp.Data;

/// <summary>Which source pixels make up each target pixel along one axis, and with which weights.</summary>
/// <remarks>
/// <para>Antialiased bilinear: the triangle w(d) = max(0, 1 − |d|) around the target pixel's center, stretched by the reduction when
/// the image shrinks, normalized to sum 1. Pixel i covers [i, i + 1), so its center is i + ½.</para>
/// <para>Weights are rounded to multiples of 2⁻²² and a sum of products is rounded to a gray level after each axis. These are the
/// numbers of Pillow's <c>Image.resize(size, BILINEAR)</c> and of torchvision on its images, so results equal theirs.</para>
/// </remarks>
internal sealed class AxisWeights
{
    /// <summary>Bits after the point: 8 bits of the pixel, 2 to spare for sums, and these fill 32.</summary>
    public const int Precision = 32 - 8 - 2;

    private (int Source, long Target, long First, int Count) _made;
    private double[] _exact = [];

    /// <summary>First source pixel of each target pixel.</summary>
    public int[] Start { get; private set; } = [];

    /// <summary>Number of source pixels of each target pixel.</summary>
    public int[] Taps { get; private set; } = [];

    /// <summary>Weights, <see cref="Stride"/> apart for successive target pixels.</summary>
    public int[] Weights { get; private set; } = [];

    /// <summary>Most source pixels that a target pixel can have.</summary>
    public int Stride { get; private set; }

    /// <summary>Computes the weights, unless they are already those.</summary>
    /// <param name="source">Pixels along the axis before.</param>
    /// <param name="target">Pixels along the axis after.</param>
    /// <param name="first">First pixel of the target that is wanted.</param>
    /// <param name="count">Number of pixels wanted.</param>
    public void Make(int source, int target, int first, int count)
    {
        if (_made == (source, target, first, count))
            return;
        double scale = source / (double)target, stretch = Math.Max(scale, 1);
        Stride = (int)Math.Ceiling(stretch) * 2 + 1;
        if (Start.Length < count)
            (Start, Taps) = (new int[count], new int[count]);
        if (Weights.Length < (long)count * Stride)
            Weights = new int[checked(count * Stride)];
        if (_exact.Length < Stride)
            _exact = new double[Stride];
        for (int i = 0; i < count; i++)
        {
            double center = (first + i + 0.5) * scale;
            int start = Math.Max((int)(center - stretch + 0.5), 0);
            int taps = Math.Min((int)(center + stretch + 0.5), source) - start;
            double sum = 0;
            for (int k = 0; k < taps; k++)
                sum += _exact[k] = Math.Max(0, 1 - Math.Abs((start + k - center + 0.5) / stretch));
            for (int k = 0; k < taps; k++)
                Weights[i * Stride + k] = (int)(_exact[k] / sum * (1 << Precision) + 0.5);
            (Start[i], Taps[i]) = (start, taps);
        }
        _made = (source, target, first, count);
    }
}

namespace AlexNetSharp.Models;

/// <summary>Kernels between PyTorch's order [out, in, height, width] and ours, [height, width, in, out].</summary>
internal static class KernelOrder
{
    private const int Red = 0, Blue = 2;

    /// <summary>hwio[y, x, i, o] = oihw[o, i, y, x]; with <paramref name="flip"/> input channel i of 3 comes from 2 − i.</summary>
    /// <param name="oihw">All values.</param>
    /// <param name="dimensions">Sizes in our order.</param>
    /// <param name="flip">Whether the source's channels are blue, green, red.</param>
    /// <param name="hwio">Receives all values.</param>
    public static void ToHwio(ReadOnlySpan<float> oihw, IReadOnlyList<int> dimensions, bool flip, Span<float> hwio)
    {
        (int taps, int inputs, int outputs) = (dimensions[0] * dimensions[1], dimensions[2], dimensions[3]);
        for (int i = 0; i < inputs; i++)
        {
            int from = flip && inputs == 3 ? Blue - i + Red : i;
            for (int tap = 0; tap < taps; tap++)
            {
                Span<float> row = hwio.Slice((tap * inputs + i) * outputs, outputs);
                int at = from * taps + tap;
                for (int o = 0; o < row.Length; o++, at += inputs * taps)
                    row[o] = oihw[at];
            }
        }
    }

    /// <summary>Fills <paramref name="destination"/> with elements of the order [out, in, height, width], from index <paramref name="first"/> on.</summary>
    public static void ToOihw(ReadOnlySpan<float> hwio, IReadOnlyList<int> dimensions, long first, Span<float> destination)
    {
        (int taps, int inputs, int outputs) = (dimensions[0] * dimensions[1], dimensions[2], dimensions[3]);
        for (int n = 0; n < destination.Length; n++)
        {
            (int rest, int tap) = Math.DivRem((int)(first + n), taps);
            (int o, int i) = Math.DivRem(rest, inputs);
            destination[n] = hwio[(tap * inputs + i) * outputs + o];
        }
    }
}

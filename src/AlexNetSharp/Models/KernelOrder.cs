using System.Runtime.CompilerServices;
using AlexNetSharp.Formats;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Models;

/// <summary>Kernels between PyTorch's order [out, in, height, width] and ours, [height, width, in, out].</summary>
internal static class KernelOrder
{
    private const int Red = 0, Blue = 2;

    /// <summary>Outputs that are turned together: a cache line of ours.</summary>
    private const int Outputs = 16;

    /// <summary>weight[y, x, i, o] = source[o, i, y, x]; with <paramref name="flip"/> input channel i of 3 comes from 2 − i.</summary>
    /// <param name="source">[out, in, height, width].</param>
    /// <param name="target">The weight.</param>
    /// <param name="flip">Whether the source's channels are blue, green, red.</param>
    public static unsafe void Load(NamedTensor source, Parameter target, bool flip)
    {
        IReadOnlyList<int> d = target.Spec.Dimensions;
        (int taps, int inputs, int outputs) = (d[0] * d[1], d[2], d[3]);
        float* hwio = target.Pointer;
        PiecesOfAFile.Read((outputs + Outputs - 1) / Outputs, Math.Min(Outputs, outputs) * inputs * taps, (block, rows) =>
        {
            int first = block * Outputs, count = Math.Min(Outputs, outputs - first);
            source.CopyRange((long)first * inputs * taps, rows.AsSpan(0, count * inputs * taps));
            fixed (float* oihw = rows)
                Turn(oihw, count, inputs, taps, flip && inputs == 3, hwio + first, outputs);
        });
    }

    /// <summary>Some outputs, at most sixteen: <paramref name="hwio"/> is where the first of them lies, and <paramref name="outputs"/> apart for each next tap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Turn(float* oihw, int count, int inputs, int taps, bool flip, float* hwio, int outputs)
    {
        int columns = inputs * taps;
        float* turned = stackalloc float[Transpose.Size * Outputs];
        for (int c = 0; c < columns; c += Transpose.Size)
        {
            int width = Math.Min(Transpose.Size, columns - c);
            if (width == Transpose.Size && count == Outputs)
                for (int o = 0; o < Outputs; o += Transpose.Size)
                    Transpose.Block(oihw + (nint)o * columns + c, columns, turned + o, Outputs);
            else
                for (int k = 0; k < width; k++)
                    for (int o = 0; o < count; o++)
                        turned[k * Outputs + o] = oihw[(nint)o * columns + c + k];
            for (int k = 0; k < width; k++)
            {
                (int i, int tap) = Math.DivRem(c + k, taps);
                float* row = hwio + (nint)(tap * inputs + (flip ? Blue - i + Red : i)) * outputs;
                new ReadOnlySpan<float>(turned + k * Outputs, count).CopyTo(new Span<float>(row, count));
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

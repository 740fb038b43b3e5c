using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using AlexNetSharp.Formats;
using AlexNetSharp.Networks;
using AlexNetSharp.Simd;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Models;

/// <summary>Fully connected weights between PyTorch's order [out, in] and our panels [out / 32][in][32].</summary>
internal static class MatrixPanels
{
    private const int Lanes = Panel.Width;
    internal const int TileInputs = 16;

    /// <summary>panel[p][i][l] = source[i, 32 p + l]; the last panel is filled up with zeros.</summary>
    /// <param name="source">[in, out], inputs in our order.</param>
    /// <param name="target">The weight.</param>
    public static unsafe void LoadInputMajor(NamedTensor source, Parameter target)
    {
        (int inputs, int outputs) = (target.Spec.Dimensions[0], target.Spec.Dimensions[1]);
        float* storage = target.Pointer;
        PiecesOfAFile.Read((inputs + TileInputs - 1) / TileInputs, TileInputs * outputs, (tile, rows) =>
        {
            int first = tile * TileInputs, count = Math.Min(TileInputs, inputs - first);
            source.CopyRange((long)first * outputs, rows.AsSpan(0, count * outputs));
            for (int o = 0; o < outputs; o += Lanes)
            {
                int width = Math.Min(Lanes, outputs - o);
                for (int i = 0; i < count; i++)
                {
                    var lanes = new Span<float>(storage + ((long)o * inputs) + (long)(first + i) * Lanes, Lanes);
                    rows.AsSpan(i * outputs + o, width).CopyTo(lanes);
                    lanes[width..].Clear();
                }
            }
        });
    }

    /// <summary>Fills <paramref name="destination"/> with elements of the order [out, in], from index <paramref name="first"/> on.</summary>
    /// <param name="storage">The panels of the weight.</param>
    /// <param name="position">See <see cref="Positions"/>.</param>
    /// <param name="first">Index of the first element.</param>
    /// <param name="destination">Receives the elements.</param>
    public static void Save<T>(ReadOnlySpan<T> storage, int[] position, long first, Span<float> destination)
        where T : unmanaged, INumberBase<T>
    {
        int inputs = position.Length;
        (long o, long i) = Math.DivRem(first, inputs);
        for (int n = 0; n < destination.Length; n++)
        {
            destination[n] = float.CreateTruncating(storage[(int)((o / Lanes * inputs + position[i]) * Lanes + o % Lanes)]);
            if (++i == inputs)
                (o, i) = (o + 1, 0);
        }
    }

    /// <summary>The 8-bit form of a weight, in its panels.</summary>
    /// <param name="source">The weight.</param>
    /// <param name="scales">Those of <see cref="Scales"/>.</param>
    public static unsafe sbyte[] Quantize(Parameter source, float[] scales)
    {
        int inputs = source.Spec.Dimensions[0], panels = (scales.Length + Lanes - 1) / Lanes;
        sbyte[] quantized = new sbyte[(long)panels * inputs * Lanes];
        float[] whole = [.. scales, .. new float[panels * Lanes - scales.Length]];
        Parallel.For(0, panels, panel =>
        {
            using AlignedBuffer.Lease lease = source.Hold();
            fixed (float* scale = whole)
            fixed (sbyte* target = quantized)
                Int8Panel.Quantize(source.Pointer + (long)panel * inputs * Lanes, inputs, scale + panel * Lanes, target + (long)panel * inputs * Lanes);
        });
        return quantized;
    }

    /// <summary>The scale of the 8-bit form of each output's weights.</summary>
    public static unsafe float[] Scales(Parameter source)
    {
        (int inputs, int outputs) = (source.Spec.Dimensions[0], source.Spec.Dimensions[1]);
        using AlignedBuffer.Lease lease = source.Hold();
        float* storage = source.Pointer;
        float[] scales = new float[outputs];
        for (int first = 0; first < outputs; first += Lanes)
        {
            float* panel = storage + (long)first * inputs;
            int width = Math.Min(Lanes, outputs - first);
            Span<float> largest = scales.AsSpan(first, width);
            for (int i = 0; i < inputs; i++)
                System.Numerics.Tensors.TensorPrimitives.MaxMagnitude(largest, new ReadOnlySpan<float>(panel + (long)i * Lanes, width), largest);
            foreach (ref float value in largest)
                value = Int8.Scale(Math.Abs(value));
        }
        return scales;
    }

    /// <summary>Where input i of the order channel, row, column lies in the order row, column, channel.</summary>
    public static int[] Positions(int inputs, Shape? map)
    {
        int[] position = new int[inputs];
        (int pixels, int channels) = map is { } shape ? (shape.Height * shape.Width, shape.Channels) : (1, inputs);
        for (int i = 0; i < inputs; i++)
            position[i] = i % pixels * channels + i / pixels;
        return position;
    }

    /// <summary>panel[position(i)][l] = rows[l][i].</summary>
    /// <param name="rows">[32][in].</param>
    /// <param name="rowLength">Floats between rows; not a multiple of 1024, or rows would displace each other from the cache.</param>
    /// <param name="position">See <see cref="Positions"/>.</param>
    /// <param name="panel">[in][32].</param>
    // Rows of the panel are written whole, wherever they lie. It runs a few hundred times in a process that loads one model: too seldom for the runtime
    // to improve it step by step.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe void Turn(float* rows, int rowLength, ReadOnlySpan<int> position, float* panel)
    {
        float* turned = stackalloc float[TileInputs * Lanes];
        int inputs = position.Length, whole = inputs - inputs % TileInputs;
        for (int i = 0; i < whole; i += TileInputs)
        {
            for (int l = 0; l < Lanes; l += Transpose.Size)
                for (int k = 0; k < TileInputs; k += Transpose.Size)
                    Transpose.Block(rows + (long)l * rowLength + i + k, rowLength, turned + k * Lanes + l, Lanes);
            for (int k = 0; k < TileInputs; k++)
            {
                float* lanes = panel + (long)position[i + k] * Lanes;
                for (int l = 0; l < Lanes; l += Vector256<float>.Count)
                    Vector256.Store(Vector256.Load(turned + k * Lanes + l), lanes + l);
            }
        }
        for (int i = whole; i < inputs; i++)
            for (int l = 0; l < Lanes; l++)
                panel[(long)position[i] * Lanes + l] = rows[(long)l * rowLength + i];
    }
}

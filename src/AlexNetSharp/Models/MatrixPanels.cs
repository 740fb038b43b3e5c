using System.Numerics;
using System.Runtime.CompilerServices;
using AlexNetSharp.Formats;
using AlexNetSharp.Networks;
using AlexNetSharp.Simd;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Models;

/// <summary>Fully connected weights between PyTorch's order [out, in] and our panels [out / 32][in][32].</summary>
/// <remarks>
/// A panel takes 32 rows of the file. They are read by themselves, so that beside the weights only one panel for each thread is in
/// memory, and turned in tiles of one cache line: the rows lie a multiple of 4096 bytes apart and would displace each other otherwise.
/// </remarks>
internal static class MatrixPanels
{
    private const int Lanes = Panel.Width;
    private const int TileInputs = 16;

    /// <summary>panel[p][position(i)][l] = source[32 p + l, i]; the last panel is filled up with zeros.</summary>
    /// <param name="source">[out, in].</param>
    /// <param name="target">The weight.</param>
    /// <param name="map">The map whose values the inputs are, in the order channel, row, column; null if they are in our order already.</param>
    public static unsafe void Load(NamedTensor source, Parameter target, Shape? map)
    {
        (int inputs, int outputs) = (target.Spec.Dimensions[0], target.Spec.Dimensions[1]);
        int[] position = Positions(inputs, map);
        float* storage = target.Pointer;
        Parallel.For(
            0,
            (outputs + Lanes - 1) / Lanes,
            () => new float[Lanes * inputs],
            (panel, _, rows) =>
            {
                int width = Math.Min(Lanes, outputs - panel * Lanes);
                source.CopyRange((long)panel * Lanes * inputs, rows.AsSpan(0, width * inputs));
                rows.AsSpan(width * inputs).Clear();
                Turn(rows, inputs, position, storage + (long)panel * Lanes * inputs);
                return rows;
            },
            _ => { });
    }

    /// <summary>panel[p][i][l] = source[i, 32 p + l]; the last panel is filled up with zeros.</summary>
    /// <param name="source">[in, out], inputs in our order.</param>
    /// <param name="target">The weight.</param>
    public static unsafe void LoadInputMajor(NamedTensor source, Parameter target)
    {
        (int inputs, int outputs) = (target.Spec.Dimensions[0], target.Spec.Dimensions[1]);
        float* storage = target.Pointer;
        Parallel.For(
            0,
            (inputs + TileInputs - 1) / TileInputs,
            () => new float[TileInputs * outputs],
            (tile, _, rows) =>
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
                return rows;
            },
            _ => { });
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

    // Runs a few hundred times in a process that loads one model: too seldom for the runtime to improve it step by step.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Turn(float[] rows, int inputs, int[] position, float* panel)
    {
        float* tile = stackalloc float[Lanes * TileInputs], turned = stackalloc float[TileInputs * Lanes];
        fixed (float* from = rows)
        {
            for (int i = 0; i < inputs; i += TileInputs)
            {
                int width = Math.Min(TileInputs, inputs - i);
                for (int l = 0; l < Lanes; l++)
                    new ReadOnlySpan<float>(from + (long)l * inputs + i, width).CopyTo(new Span<float>(tile + l * TileInputs, width));
                for (int l = 0; l < Lanes; l += Transpose.Size)
                    for (int k = 0; k < TileInputs; k += Transpose.Size)
                        Transpose.Block(tile + l * TileInputs + k, TileInputs, turned + k * Lanes + l, Lanes);
                for (int k = 0; k < width; k++)
                    new ReadOnlySpan<float>(turned + k * Lanes, Lanes).CopyTo(new Span<float>(panel + (long)position[i + k] * Lanes, Lanes));
            }
        }
    }
}

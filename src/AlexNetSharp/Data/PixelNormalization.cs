using System.Runtime.Intrinsics;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Data;

/// <summary>The last step of preprocessing: bytes to floats, output = pixel · factor + offset, in the network's order of channels.</summary>
/// <remarks>
/// (p·scale − mean) / deviation is computed as p·(scale/deviation) + (−mean/deviation); the two factors are rounded once, which
/// differs from the formula by a few units in the last place.
/// </remarks>
internal sealed class PixelNormalization
{
    private readonly int _height, _width, _channels;
    private readonly bool _bgr;
    private readonly float[] _factors;       // one row: [width, channels]
    private readonly float[] _offsets;       // one row, or with a mean for each element all of them
    private readonly float[] _rowOffsets;    // scratch: offsets of one row and the color shift
    private readonly byte[] _row;            // scratch: one row in the network's channels

    /// <summary>Works out factors and offsets.</summary>
    public PixelNormalization(Preprocessing settings)
    {
        (_height, _width, _channels) = (settings.CropHeight, settings.CropWidth, settings.Channels);
        _bgr = settings.ChannelOrder == ChannelOrder.Bgr;
        int row = _width * _channels;
        _factors = new float[row];
        for (int i = 0; i < row; i++)
            _factors[i] = (float)(settings.Scale / Deviation(i));
        bool perElement = settings.Mean.Length == settings.Length && settings.Length != _channels;
        _offsets = new float[perElement ? settings.Length : row];
        if (settings.Mean.Length > 0)
            for (int i = 0; i < _offsets.Length; i++)
                _offsets[i] = (float)(-settings.Mean[perElement ? i : i % _channels] / Deviation(i));
        _rowOffsets = new float[row];
        _row = new byte[row];

        double Deviation(int i) => settings.StandardDeviation.Length == 0 ? 1 : settings.StandardDeviation[i % _channels];
    }

    /// <summary>Converts a crop.</summary>
    /// <param name="crop">Pixels [height, width, channels].</param>
    /// <param name="channels">Channels of the crop, 1 or 3: gray becomes three equal channels, and color one, where the network wants that.</param>
    /// <param name="flip">Whether to mirror left and right. The mean belongs to places of the input, so it is not mirrored.</param>
    /// <param name="colorShift">Added to each pixel's red, green and blue, in gray levels.</param>
    /// <param name="output">Receives [height, width, channels of the network].</param>
    public void Apply(ReadOnlySpan<byte> crop, int channels, bool flip, (float Red, float Green, float Blue) colorShift, Span<float> output)
    {
        int row = _row.Length, cropRow = _width * channels;
        bool asIs = channels == _channels && !flip && !_bgr, shifted = colorShift != default;
        for (int y = 0; y < _height; y++)
        {
            ReadOnlySpan<byte> pixels = crop.Slice(y * cropRow, cropRow);
            if (!asIs)
            {
                Rearrange(pixels, channels, flip);
                pixels = _row;
            }
            ReadOnlySpan<float> offsets = _offsets.AsSpan(_offsets.Length == row ? 0 : y * row, row);
            if (shifted)
                offsets = Shift(offsets, colorShift);
            Scale(pixels, _factors, offsets, output.Slice(y * row, row));
        }
    }

    /// <summary>Brings one row into the network's channels, mirrored if asked for.</summary>
    private void Rearrange(ReadOnlySpan<byte> pixels, int channels, bool flip)
    {
        (int from, int step) = flip ? ((_width - 1) * channels, -channels) : (0, channels);
        Span<byte> row = _row;
        if (_channels == 1)
        {
            for (int x = 0; x < _width; x++, from += step)
                row[x] = channels == 1 ? pixels[from] : (byte)((299 * pixels[from] + 587 * pixels[from + 1] + 114 * pixels[from + 2] + 500) / 1000);
            return;
        }
        int green = channels == 3 ? 1 : 0, blue = channels == 3 ? 2 : 0;
        (int first, int last) = _bgr ? (blue, 0) : (0, blue);
        for (int i = 0; i + 2 < row.Length; i += 3, from += step)
        {
            row[i] = pixels[from + first];
            row[i + 1] = pixels[from + green];
            row[i + 2] = pixels[from + last];
        }
    }

    private ReadOnlySpan<float> Shift(ReadOnlySpan<float> offsets, (float Red, float Green, float Blue) shift)
    {
        Span<float> shifted = _rowOffsets;
        if (_channels == 1)
        {
            float gray = 0.299f * shift.Red + 0.587f * shift.Green + 0.114f * shift.Blue;
            for (int i = 0; i < shifted.Length; i++)
                shifted[i] = offsets[i] + _factors[i] * gray;
            return shifted;
        }
        (float first, float last) = _bgr ? (shift.Blue, shift.Red) : (shift.Red, shift.Blue);
        for (int i = 0; i + 2 < shifted.Length; i += 3)
        {
            shifted[i] = offsets[i] + _factors[i] * first;
            shifted[i + 1] = offsets[i + 1] + _factors[i + 1] * shift.Green;
            shifted[i + 2] = offsets[i + 2] + _factors[i + 2] * last;
        }
        return shifted;
    }

    private static void Scale(ReadOnlySpan<byte> pixels, ReadOnlySpan<float> factors, ReadOnlySpan<float> offsets, Span<float> output)
    {
        int i = 0;
        for (; i + 16 <= output.Length; i += 16)
        {
            (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(Vector128.Create(pixels.Slice(i, 16)));
            Part(low, i, factors, offsets, output);
            Part(high, i + 8, factors, offsets, output);
        }
        for (; i < output.Length; i++)
            output[i] = pixels[i] * factors[i] + offsets[i];

        static void Part(Vector128<ushort> values, int at, ReadOnlySpan<float> factors, ReadOnlySpan<float> offsets, Span<float> output)
        {
            Vector256<float> floats = Vector256.ConvertToSingle(Vector256.Create(Vector128.WidenLower(values), Vector128.WidenUpper(values)).AsInt32());
            (floats * Vector256.Create(factors.Slice(at, 8)) + Vector256.Create(offsets.Slice(at, 8))).CopyTo(output.Slice(at, 8));
        }
    }
}

using System.Runtime.Intrinsics;

namespace AlexNetSharp.Data;

/// <summary>Resizes images: antialiased bilinear, in 8 bits, equal to Pillow's. Holds scratch memory, so each thread has its own.</summary>
internal sealed unsafe class Resampler
{
    private readonly AxisWeights _columns = new(), _rows = new();
    private byte[] _scratch = [];

    /// <summary>Bytes beyond the last pixel that loads of whole vectors may touch.</summary>
    public const int Slack = 32;

    /// <summary>Resizes a part of an image and writes a part of the result; only what that part needs is computed.</summary>
    /// <param name="source">The image.</param>
    /// <param name="region">What to resize; pixels outside of it have no influence.</param>
    /// <param name="height">Rows of the whole result.</param>
    /// <param name="width">Columns of the whole result.</param>
    /// <param name="window">The part of the result to write; inside [0, height) × [0, width).</param>
    /// <param name="target">Receives the window's first pixel.</param>
    /// <param name="targetStride">Bytes from one row of <paramref name="target"/> to the next.</param>
    public void Resize(PixelBuffer source, PixelRegion region, int height, int width, PixelRegion window, Span<byte> target, int targetStride)
    {
        int channels = source.Channels, rowBytes = window.Width * channels, sourceStride = source.Width * channels;
        fixed (byte* first = source.Padded, to = target)
        {
            byte* from = first + region.Top * sourceStride + region.Left * channels;
            if (region.Height == height && region.Width == width)
            {
                from += window.Top * sourceStride + window.Left * channels;
                for (int y = 0; y < window.Height; y++)
                    Buffer.MemoryCopy(from + y * sourceStride, to + y * targetStride, rowBytes, rowBytes);
                return;
            }
            _columns.Make(region.Width, width, window.Left, window.Width);
            _rows.Make(region.Height, height, window.Top, window.Height);
            int top = _rows.Start[0], bottom = _rows.Start[window.Height - 1] + _rows.Taps[window.Height - 1];
            int length = checked((bottom - top) * rowBytes + Slack);
            if (_scratch.Length < length)
                _scratch = GC.AllocateUninitializedArray<byte>(length);
            fixed (byte* middle = _scratch)
            {
                for (int y = top; y < bottom; y++)
                    if (channels == 3)
                        ColorRow(from + y * sourceStride, middle + (y - top) * rowBytes, window.Width);
                    else
                        GrayRow(from + y * sourceStride, middle + (y - top) * rowBytes, window.Width);
                for (int y = 0; y < window.Height; y++)
                    SumOfRows(middle + (_rows.Start[y] - top) * rowBytes, y, rowBytes, to + y * targetStride);
            }
        }
    }

    /// <summary>One row of three channels along the columns. Lanes: red, green, blue, and the next red, which is dropped.</summary>
    private void ColorRow(byte* from, byte* to, int count)
    {
        fixed (int* starts = _columns.Start, taps = _columns.Taps, weights = _columns.Weights)
        {
            Vector128<byte> pick = Vector128.Create((byte)0, 4, 8, 12, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255);
            int* weight = weights;
            for (int x = 0; x < count; x++, weight += _columns.Stride)
            {
                byte* pixel = from + 3 * starts[x];
                Vector128<int> sum = Vector128.Create(1 << (AxisWeights.Precision - 1));
                for (int k = 0; k < taps[x]; k++, pixel += 3)
                {
                    Vector128<ushort> half = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(uint*)pixel).AsByte());
                    sum += Vector128.WidenLower(half).AsInt32() * weight[k];
                }
                uint packed = Vector128.Shuffle((sum >> AxisWeights.Precision).AsByte(), pick).AsUInt32().ToScalar();
                // Four bytes a store: the fourth is overwritten by the next pixel, the next row, or lies in the slack.
                *(uint*)(to + 3 * x) = packed;
            }
        }
    }

    private void GrayRow(byte* from, byte* to, int count)
    {
        for (int x = 0; x < count; x++)
        {
            int sum = 1 << (AxisWeights.Precision - 1), start = _columns.Start[x];
            for (int k = 0; k < _columns.Taps[x]; k++)
                sum += from[start + k] * _columns.Weights[x * _columns.Stride + k];
            to[x] = (byte)(sum >> AxisWeights.Precision);
        }
    }

    /// <summary>to[i] = round(Σ weight[k] · from[k·length + i]): one row of the result from a few rows.</summary>
    private void SumOfRows(byte* from, int row, int length, byte* to)
    {
        int taps = _rows.Taps[row];
        fixed (int* weight = &_rows.Weights[row * _rows.Stride])
        {
            int i = 0;
            for (; i + 16 <= length; i += 16)
            {
                Vector256<int> low = Vector256.Create(1 << (AxisWeights.Precision - 1)), high = low;
                for (int k = 0; k < taps; k++)
                {
                    Vector256<ushort> values = Vector256.Create(
                        Vector128.WidenLower(Vector128.Load(from + k * length + i)), Vector128.WidenUpper(Vector128.Load(from + k * length + i)));
                    low += Vector256.WidenLower(values).AsInt32() * weight[k];
                    high += Vector256.WidenUpper(values).AsInt32() * weight[k];
                }
                Vector256<short> words = Vector256.Narrow(low >> AxisWeights.Precision, high >> AxisWeights.Precision);
                Vector128.Narrow(words.GetLower().AsUInt16(), words.GetUpper().AsUInt16()).Store(to + i);
            }
            for (; i < length; i++)
            {
                int sum = 1 << (AxisWeights.Precision - 1);
                for (int k = 0; k < taps; k++)
                    sum += from[k * length + i] * weight[k];
                to[i] = (byte)(sum >> AxisWeights.Precision);
            }
        }
    }
}

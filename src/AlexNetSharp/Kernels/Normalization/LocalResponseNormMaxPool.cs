using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AlexNetSharp.Kernels.Pooling;
using AlexNetSharp.Simd;
using AlexNetSharp.Tensors;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Normalization;

/// <summary>Local response normalization and the max pooling after it in one pass: the normalized map exists only row by row, in cache.</summary>
/// <remarks>
/// <para>
/// Computes what <see cref="LocalResponseNorm{V}"/> and <see cref="MaxPool{V}"/> compute one after the other, bit for bit. Backward normalizes
/// again instead of reading a stored map: it costs arithmetic on values in cache, where the map would cost memory traffic both ways.
/// </para>
/// <para>
/// A piece of work is a band of rows of one image; bands are whole images unless the batch is small, for neighbors both normalize the rows
/// that their windows share. Rows that no window covers are not read, and their gradient is 0.
/// </para>
/// </remarks>
internal sealed unsafe class LocalResponseNormMaxPool<V> : Kernel, IRowConsumer
    where V : unmanaged, ISimd<V>
{
    /// <summary>Fewer pieces than this would leave threads without work.</summary>
    private const int LeastPieces = 16;

    private readonly ResponseNormLines _lines;

    /// <summary>Rows of the input kept at a time: those of one window, the oldest replaced by the next.</summary>
    private readonly int _ring;

    /// <summary>Columns that windows read: 0 to this − 1.</summary>
    private readonly int _columns;

    /// <summary>Floats from one row of the ring to the next; a cache line more than the values, so that rows do not collide in the cache.</summary>
    private readonly long _rowStride;

    private readonly PoolWindows _windows;
    private readonly bool _relu;
    private readonly int _bands;
    private readonly Job _forward, _backward;

    /// <summary>Prepares the operation.</summary>
    /// <param name="settings">Constants of the normalization; its pixels must be those of the input of the pooling.</param>
    /// <param name="windows">Sizes and windows of the pooling.</param>
    /// <param name="relu">Whether the input is the output of a ReLU through which backward goes too: the gradient is 0 where it is not positive.</param>
    /// <exception cref="ArgumentException">Pixels or channels of the two differ.</exception>
    public LocalResponseNormMaxPool(ResponseNormSettings settings, PoolWindows windows, bool relu)
    {
        settings.Check();
        if (settings.Pixels != (long)windows.Batch * windows.InputHeight * windows.InputWidth || settings.Channels != windows.Channels)
            throw new ArgumentException("normalization and pooling differ in the size of the map between them", nameof(windows));
        (_windows, _relu) = (windows, relu);
        _bands = Math.Min((LeastPieces + windows.Batch - 1) / windows.Batch, windows.OutputHeight);
        _lines = new ResponseNormLines(settings);
        foreach (PoolRange rows in windows.Rows)
            _ring = Math.Max(_ring, rows.End - rows.Start);
        foreach (PoolRange columns in windows.Columns)
            _columns = Math.Max(_columns, columns.End);
        _rowStride = AlignedBuffer.WholeLines((long)_columns * windows.Channels) + AlignedBuffer.LineFloats;
        (_forward, _backward) = (ForwardPiece, BackwardPiece);
    }

    public override string Name => "normalization and max pool in one pass";

    public override bool BackwardReadsInput => true;

    public override bool BackwardReadsOutput => true;

    public override long ScratchLength(int threads) => threads * ScratchOfThread;

    public override void Forward() => Pool.Run(_forward, checked(_windows.Batch * _bands));

    public override void Backward(bool accumulate)
    {
        if (GradInput != null)
            Pool.Run(_backward, checked(_windows.Batch * _bands));
    }

    private long ScratchOfThread => (long)_columns * _lines.PaddedChannels + 4 * _ring * _rowStride;

    /// <summary>The image of a piece, and which of the image's rows are its own.</summary>
    private (int Image, int From, int To) Band(int index, int rows)
    {
        (int image, int band) = Math.DivRem(index, _bands);
        return (image, (int)((long)band * rows / _bands), (int)((long)(band + 1) * rows / _bands));
    }

    private void ForwardPiece(int index, int worker)
    {
        (int image, int from, int to) = Band(index, _windows.OutputHeight);
        if (from == to)
            return;
        _lines.ClearPadded(Scratch + worker * ScratchOfThread, _columns);
        ForwardRows(image, Input + image * _windows.InputImage, from, to, _windows.Rows[from].Start, worker);
    }

    /// <inheritdoc/>
    public void Take(int image, float* input, int before, int rows, int worker)
    {
        (int from, int to) = _windows.RowsBetween(before, rows);
        if (before == 0)
            _lines.ClearPadded(Scratch + worker * ScratchOfThread, _columns);
        ForwardRows(image, input, from, to, from == 0 ? 0 : _windows.Rows[from - 1].End, worker);
    }

    /// <summary>Computes some output rows of an image; the thread's ring holds what they need of the input rows before <paramref name="next"/>.</summary>
    private void ForwardRows(int image, float* input, int from, int to, int next, int worker)
    {
        PoolWindows w = _windows;
        float* scratch = Scratch + worker * ScratchOfThread, output = Output + image * w.OutputImage;
        float* ring = scratch + (long)_columns * _lines.PaddedChannels;
        long inputRow = (long)w.InputWidth * w.Channels, outputRow = (long)w.OutputWidth * w.Channels;
        for (int row = from; row < to; row++)
        {
            PoolRange rows = w.Rows[row];
            for (next = Math.Max(next, rows.Start); next < rows.End; next++)
                _lines.Forward<V>(input + next * inputRow, ring + next % _ring * _rowStride, null, null, _columns, scratch);
            WindowMaxima.Row<V>(ring, _ring, _rowStride, rows, w.Columns, w.Channels, output + row * outputRow);
        }
    }

    /// <summary>Computes the gradient of some input rows of an image.</summary>
    private void BackwardPiece(int index, int worker)
    {
        PoolWindows w = _windows;
        (int image, int from, int to) = Band(index, w.InputHeight);
        if (from == to)
            return;
        float* scratch = Scratch + worker * ScratchOfThread;
        float* input = Input + image * w.InputImage, gradInput = GradInput + image * w.InputImage;
        float* output = Output + image * w.OutputImage, gradOutput = GradOutput + image * w.OutputImage;
        float* normalized = scratch + (long)_columns * _lines.PaddedChannels;
        float* power = normalized + _ring * _rowStride, powerNext = power + _ring * _rowStride, gradients = powerNext + _ring * _rowStride;
        long inputRow = (long)w.InputWidth * w.Channels, outputRow = (long)w.OutputWidth * w.Channels;
        _lines.ClearPadded(scratch, _columns);
        int row = 0;
        while (row < w.OutputHeight && w.Rows[row].End <= from)
            row++;
        // The row to normalize next, and the row whose gradient is to be finished next. The first window may begin above the band:
        // it is computed whole, and its gradients above the band are left to the neighbor.
        int next = row < w.OutputHeight ? Math.Min(from, w.Rows[row].Start) : from, done = from;
        for (; row < w.OutputHeight && w.Rows[row].Start < to; row++)
        {
            PoolRange rows = w.Rows[row];
            for (; done < rows.Start; done++)
                Finish(done, ref next);
            for (next = Math.Max(next, rows.Start); next < rows.End; next++)
            {
                long at = next % _ring * _rowStride;
                _lines.Forward<V>(input + next * inputRow, normalized + at, power + at, powerNext + at, _columns, scratch);
                Clear(gradients + at, (long)_columns * w.Channels);
            }
            SpreadRow(normalized, gradients, rows, output + row * outputRow, gradOutput + row * outputRow);
        }
        for (; done < to; done++)
            Finish(done, ref next);

        void Finish(int row, ref int next)
        {
            float* destination = gradInput + row * inputRow;
            if (row >= next)
            {
                // Between or below the windows: nothing was normalized, and nothing came back.
                next = row + 1;
                Clear(destination, inputRow);
                return;
            }
            long at = row % _ring * _rowStride;
            _lines.Backward<V>(input + row * inputRow, power + at, powerNext + at, gradients + at, destination, _columns, scratch, _relu);
            Clear(destination + (long)_columns * w.Channels, (long)(w.InputWidth - _columns) * w.Channels);
        }
    }

    private static void Clear(float* values, long count) => NativeMemory.Clear(values, (nuint)count * sizeof(float));

    private void SpreadRow(float* ring, float* gradients, PoolRange rows, float* output, float* gradOutput)
    {
        int whole = _windows.Channels / V.Count * V.Count;
        SpreadRow<V>(ring, gradients, rows, output, gradOutput, 0, whole);
        SpreadRow<F32x1>(ring, gradients, rows, output, gradOutput, whole, _windows.Channels);
    }

    /// <summary>Adds the gradients of one row of windows to the first maximum of each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SpreadRow<W>(float* ring, float* gradients, PoolRange rows, float* output, float* gradOutput, int from, int to)
        where W : unmanaged, ISimd<W>
    {
        if (from == to)
            return;
        int channels = _windows.Channels, height = rows.End - rows.Start;
        long toGradient = gradients - ring;
        long* lines = stackalloc long[height];
        LinesOf(rows, lines);
        foreach (PoolRange columns in _windows.Columns)
        {
            float* first = ring + (long)columns.Start * channels;
            long width = (long)(columns.End - columns.Start) * channels;
            for (int c = from; c < to; c += W.Count)
            {
                W max = W.Load(output + c), gradient = W.Load(gradOutput + c);
                for (int i = 0; i < height; i++)
                {
                    float* line = first + lines[i] + c;
                    if (width == 3 * channels)
                    {
                        gradient = MaxPool<V>.GiveToMaximum(line, line + toGradient, max, gradient);
                        gradient = MaxPool<V>.GiveToMaximum(line + channels, line + toGradient + channels, max, gradient);
                        gradient = MaxPool<V>.GiveToMaximum(line + 2 * channels, line + toGradient + 2 * channels, max, gradient);
                    }
                    else
                        for (float* y = line; y < line + width; y += channels)
                            gradient = MaxPool<V>.GiveToMaximum(y, y + toGradient, max, gradient);
                }
            }
            output += channels;
            gradOutput += channels;
        }
    }

    /// <summary>Where the rows of a window lie in the ring.</summary>
    private void LinesOf(PoolRange rows, long* lines)
    {
        for (int row = rows.Start; row < rows.End; row++)
            lines[row - rows.Start] = row % _ring * _rowStride;
    }
}

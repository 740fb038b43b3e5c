using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Kernels.Pooling;

/// <summary>output[n, y, x, c] = the largest input[n, i, j, c] over the rows i and columns j of window (y, x).</summary>
/// <remarks>
/// <para>
/// A window that contains NaN gives NaN and passes no gradient on. The first maximum of a window in
/// row-major order gets its gradient, as in TensorFlow, PyTorch and Caffe.
/// </para>
/// <para>
/// For backward, forward keeps the place of each maximum: one byte that counts the values of the window from 1, or 0 where no gradient passes.
/// So neither input nor output need be kept. Windows of more places than a byte can count are searched again, by comparing with the output.
/// </para>
/// </remarks>
internal sealed unsafe class MaxPool<V> : PoolKernel
    where V : unmanaged, ISimd<V>
{
    private readonly bool _backward, _relu, _places;

    /// <summary>Prepares the operation.</summary>
    /// <param name="windows">Sizes and windows.</param>
    /// <param name="backward">Whether there will be a backward pass.</param>
    /// <param name="relu">Whether the input is the output of a ReLU through which backward goes too: no gradient passes where it is not positive.</param>
    public MaxPool(PoolWindows windows, bool backward, bool relu)
        : base(windows)
    {
        (_backward, _relu) = (backward, relu);
        long largest = (long)windows.Rows.Max(rows => rows.End - rows.Start) * windows.Columns.Max(columns => columns.End - columns.Start);
        _places = backward && largest <= sbyte.MaxValue;
    }

    public override string Name => "max pool";

    public override bool InputGradient => _backward;

    public override bool BackwardReadsInput => !_places;

    public override bool BackwardReadsOutput => !_places;

    public override long KeptLength => _places ? (Windows.Batch * Windows.OutputImage + sizeof(float) - 1) / sizeof(float) : 0;

    private protected override void ForwardRow(int image, float* input, int row)
    {
        PoolWindows w = Windows;
        if (_places)
        {
            int whole = w.Channels / V.Count * V.Count;
            ForwardRowWithPlaces<V>(image, input, row, 0, whole);
            ForwardRowWithPlaces<F32x1>(image, input, row, whole, w.Channels);
        }
        else
            WindowMaxima.Row<V>(
                input, w.InputHeight, (long)w.InputWidth * w.Channels, w.Rows[row], w.Columns, w.Channels,
                Output + image * w.OutputImage + (long)row * w.OutputWidth * w.Channels);
    }

    private protected override void BackwardImage(int image, int from, int to)
    {
        int whole = from + (to - from) / V.Count * V.Count;
        BackwardImage<V>(image, from, whole);
        BackwardImage<F32x1>(image, whole, to);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ForwardRowWithPlaces<W>(int image, float* input, int row, int from, int to)
        where W : unmanaged, ISimd<W>
    {
        if (from == to)
            return;
        PoolWindows w = Windows;
        int channels = w.Channels;
        long inputRow = (long)w.InputWidth * channels, at = image * w.OutputImage + (long)row * w.OutputWidth * channels;
        PoolRange rows = w.Rows[row];
        float* output = Output + at;
        sbyte* places = (sbyte*)Kept + at;
        foreach (PoolRange columns in w.Columns)
        {
            float* first = input + rows.Start * inputRow + (long)columns.Start * channels;
            MaximaWithPlaces<W>(first, rows.End - rows.Start, (long)(columns.End - columns.Start) * channels, output, places, from, to);
            output += channels;
            places += channels;
        }
    }

    /// <summary>The maxima of one window in some channels, and which value of the window each is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void MaximaWithPlaces<W>(float* first, int height, long width, float* output, sbyte* places, int from, int to)
        where W : unmanaged, ISimd<W>
    {
        int channels = Windows.Channels;
        long inputRow = (long)Windows.InputWidth * channels;
        W one = W.Broadcast(1);
        for (int c = from; c < to; c += W.Count)
        {
            W max = W.Load(first + c), place = one, next = one;
            float* line = first + c;
            for (int i = 0; i < height; i++, line += inputRow)
                for (float* x = line; x < line + width; x += channels)
                {
                    W value = W.Load(x);
                    // Places only grow, so the larger of two is the later one.
                    place = W.MaxNative(W.SelectGreater(value, max, next), place);
                    max = W.Max(max, value);
                    next += one;
                }
            W.Store(max, output + c);
            // What is not a number is neither greater than 0 nor equal to itself.
            W.StoreInt8(_relu ? W.SelectGreater(max, W.Zero, place) : W.SelectEqual(max, max, place), places + c);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void BackwardImage<W>(int image, int from, int to)
        where W : unmanaged, ISimd<W>
    {
        if (from == to)
            return;
        PoolWindows w = Windows;
        int channels = w.Channels;
        long inputRow = (long)w.InputWidth * channels, at = image * w.OutputImage;
        foreach (PoolRange rows in w.Rows)
            foreach (PoolRange columns in w.Columns)
            {
                long first = image * w.InputImage + rows.Start * inputRow + (long)columns.Start * channels;
                int height = rows.End - rows.Start;
                long width = (long)(columns.End - columns.Start) * channels;
                if (_places)
                    Spread<W>(GradInput + first, height, width, GradOutput + at, (sbyte*)Kept + at, from, to);
                else
                    SpreadBySearch<W>(Input + first, height, width, at, from, to);
                at += channels;
            }
    }

    /// <summary>Adds the gradients of one window in some channels where their maxima were.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Spread<W>(float* first, int height, long width, float* gradOutput, sbyte* places, int from, int to)
        where W : unmanaged, ISimd<W>
    {
        int channels = Windows.Channels;
        long inputRow = (long)Windows.InputWidth * channels;
        W one = W.Broadcast(1);
        for (int c = from; c < to; c += W.Count)
        {
            W place = W.LoadInt8(places + c), gradient = W.Load(gradOutput + c), next = one;
            float* line = first + c;
            for (int i = 0; i < height; i++, line += inputRow)
                for (float* x = line; x < line + width; x += channels)
                {
                    W.Store(W.Load(x) + W.SelectEqual(place, next, gradient), x);
                    next += one;
                }
        }
    }

    /// <summary>As <see cref="Spread{W}"/>, for windows that are searched again.</summary>
    private void SpreadBySearch<W>(float* first, int height, long width, long at, int from, int to)
        where W : unmanaged, ISimd<W>
    {
        int channels = Windows.Channels;
        long inputRow = (long)Windows.InputWidth * channels, toGradient = GradInput - Input;
        for (int c = from; c < to; c += W.Count)
        {
            W max = W.Load(Output + at + c), gradient = W.Load(GradOutput + at + c);
            if (_relu)
                gradient = W.SelectGreater(max, W.Zero, gradient);
            float* line = first + c;
            for (int i = 0; i < height; i++, line += inputRow)
                for (float* x = line; x < line + width; x += channels)
                    gradient = GiveToMaximum(x, x + toGradient, max, gradient);
        }
    }

    /// <summary>Adds the gradient to that of a value if the value is the maximum, and returns what is left of it: once the maximum was met, nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static W GiveToMaximum<W>(float* value, float* gradInput, W max, W gradient)
        where W : unmanaged, ISimd<W>
    {
        W taken = W.SelectEqual(W.Load(value), max, gradient);
        W.Store(W.Load(gradInput) + taken, gradInput);
        return gradient - taken;
    }
}

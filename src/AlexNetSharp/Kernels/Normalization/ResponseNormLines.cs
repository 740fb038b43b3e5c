using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AlexNetSharp.Simd;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Kernels.Normalization;

/// <summary>Normalization across channels for a line of pixels that lie one after the other; the inner loops of all operations that need it.</summary>
/// <remarks>
/// A sum over a window of channels needs values that other lanes of the same vector hold. There are two ways. For the usual radii, and
/// channels that fill vectors, sums grow by doubling in registers (<see cref="ResponseNormWindow{V, TRadius}"/>). Everything else goes through
/// <b>padded</b> memory: for each pixel radius zeros, the channels, radius zeros; window position j is a vector load at offset j.
/// Writing a whole line before reading it keeps the loads from waiting for the stores just made.
/// </remarks>
internal readonly unsafe struct ResponseNormLines
{
    private readonly int _channels, _radius;
    private readonly float _bias, _alpha, _beta, _backwardFactor;
    private readonly InversePower _power;

    public ResponseNormLines(ResponseNormSettings settings)
    {
        (_channels, _radius) = (settings.Channels, settings.Radius);
        (_bias, _alpha, _beta) = (settings.Bias, settings.Alpha, settings.Beta);
        _backwardFactor = 2 * settings.Alpha * settings.Beta;
        _power = new InversePower(settings.Beta);
        PaddedChannels = checked((int)AlignedBuffer.WholeLines(settings.Channels + 2 * settings.Radius));
    }

    /// <summary>Floats from one pixel to the next in padded memory.</summary>
    public int PaddedChannels { get; }

    /// <summary>Makes padded memory for <paramref name="pixels"/> pixels ready: the zeros beside the channels stay until somebody overwrites them.</summary>
    public void ClearPadded(float* padded, int pixels) => NativeMemory.Clear(padded, (nuint)pixels * (nuint)PaddedChannels * sizeof(float));

    /// <summary>
    /// y = x · d^−β for <paramref name="pixels"/> pixels; with <paramref name="power"/> = d^−β and <paramref name="next"/> = d^(−β − 1) for
    /// <see cref="Backward"/>, unless they are null.
    /// </summary>
    public void Forward<V>(float* x, float* y, float* power, float* next, int pixels, float* padded)
        where V : unmanaged, ISimd<V>
    {
        if (InRegisters<V>())
        {
            if (_beta == 0.75f)
                ForwardInRegisters<V, ThreeQuarterPower>(x, y, power, next, pixels);
            else
                ForwardInRegisters<V, HalfPower>(x, y, power, next, pixels);
        }
        else
        {
            int whole = _channels / V.Count * V.Count;
            Squares<V>(x, pixels, padded, 0, whole);
            Squares<F32x1>(x, pixels, padded, whole, _channels);
            Scale<V>(x, y, power, next, pixels, padded, 0, whole);
            Scale<F32x1>(x, y, power, next, pixels, padded, whole, _channels);
        }
    }

    /// <summary>
    /// gradInput = gradient · d^−β − 2·alpha·β · x · Σ gradient · x · d^(−β − 1), with the powers of d from <see cref="Forward"/>;
    /// with <paramref name="relu"/> 0 where x is not positive. <paramref name="gradient"/> may be destroyed.
    /// </summary>
    public void Backward<V>(float* x, float* power, float* next, float* gradient, float* gradInput, int pixels, float* padded, bool relu)
        where V : unmanaged, ISimd<V>
    {
        if (InRegisters<V>())
        {
            if (_radius == 4)
                BackwardInRegisters<V, Radius4>(x, power, next, gradient, gradInput, pixels, relu);
            else
                BackwardInRegisters<V, Radius2>(x, power, next, gradient, gradInput, pixels, relu);
        }
        else
        {
            int whole = _channels / V.Count * V.Count;
            Terms<V>(x, power, next, gradient, pixels, padded, 0, whole);
            Terms<F32x1>(x, power, next, gradient, pixels, padded, whole, _channels);
            Combine<V>(x, gradient, gradInput, pixels, padded, relu, 0, whole);
            Combine<F32x1>(x, gradient, gradInput, pixels, padded, relu, whole, _channels);
        }
    }

    private bool InRegisters<V>()
        where V : unmanaged, ISimd<V> => _radius is 2 or 4 && _beta is 0.75f or 0.5f
            && _channels % V.Count == 0 && V.Count >= _radius;

    private void ForwardInRegisters<V, TPower>(float* x, float* y, float* power, float* next, int pixels)
        where V : unmanaged, ISimd<V>
        where TPower : struct, IRootPower
    {
        if (_radius == 4)
            ForwardInRegisters<V, TPower, Radius4>(x, y, power, next, pixels);
        else
            ForwardInRegisters<V, TPower, Radius2>(x, y, power, next, pixels);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ForwardInRegisters<V, TPower, TRadius>(float* x, float* y, float* power, float* next, int pixels)
        where V : unmanaged, ISimd<V>
        where TPower : struct, IRootPower
        where TRadius : struct, IRadius
    {
        V bias = V.Broadcast(_bias), alpha = V.Broadcast(_alpha);
        int channels = _channels;
        bool save = power != null;
        for (; pixels > 0; pixels--, x += channels, y += channels, power += channels, next += channels)
        {
            V before = V.Zero, last = V.Zero, pairs = V.Zero, fours = V.Zero, sums = V.Zero;
            // One vector more than there are: the window of the last reaches into the zeros behind it.
            for (int c = 0; c <= channels; c += V.Count)
            {
                V square = V.Zero;
                if (c < channels)
                {
                    square = V.Load(x + c);
                    square *= square;
                }
                V window = ResponseNormWindow<V, TRadius>.Next(square, before, last, ref pairs, ref fours, ref sums);
                before = last;
                last = square;
                if (c == 0)
                    continue;
                V root = V.ReciprocalSqrt(V.MultiplyAdd(alpha, window, bias));
                V scale = TPower.Of(root);
                int at = c - V.Count;
                V.Store(V.Load(x + at) * scale, y + at);
                if (save)
                {
                    V.Store(scale, power + at);
                    V.Store(scale * (root * root), next + at);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void BackwardInRegisters<V, TRadius>(float* x, float* power, float* next, float* gradient, float* gradInput, int pixels, bool relu)
        where V : unmanaged, ISimd<V>
        where TRadius : struct, IRadius
    {
        V factor = V.Broadcast(_backwardFactor);
        int channels = _channels;
        for (; pixels > 0; pixels--, x += channels, power += channels, next += channels, gradient += channels, gradInput += channels)
        {
            V before = V.Zero, last = V.Zero, pairs = V.Zero, fours = V.Zero, sums = V.Zero;
            V lastScaled = V.Zero, lastValue = V.Zero;
            for (int c = 0; c <= channels; c += V.Count)
            {
                V term = V.Zero, scaled = V.Zero, value = V.Zero;
                if (c < channels)
                {
                    value = V.Load(x + c);
                    V incoming = V.Load(gradient + c);
                    scaled = incoming * V.Load(power + c);
                    term = incoming * value * V.Load(next + c);
                }
                V window = ResponseNormWindow<V, TRadius>.Next(term, before, last, ref pairs, ref fours, ref sums);
                before = last;
                last = term;
                if (c > 0)
                {
                    V result = V.NegateMultiplyAdd(factor * lastValue, window, lastScaled);
                    V.Store(relu ? V.SelectGreater(lastValue, V.Zero, result) : result, gradInput + c - V.Count);
                }
                lastScaled = scaled;
                lastValue = value;
            }
        }
    }

    /// <summary>padded = x².</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Squares<W>(float* x, int pixels, float* padded, int from, int to)
        where W : unmanaged, ISimd<W>
    {
        if (from == to)
            return;
        padded += _radius;
        for (; pixels > 0; pixels--, x += _channels, padded += PaddedChannels)
            for (int c = from; c < to; c += W.Count)
            {
                W value = W.Load(x + c);
                W.Store(value * value, padded + c);
            }
    }

    /// <summary>y = x · (bias + alpha · Σ padded)^−β.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Scale<W>(float* x, float* y, float* power, float* next, int pixels, float* padded, int from, int to)
        where W : unmanaged, ISimd<W>
    {
        if (from == to)
            return;
        W bias = W.Broadcast(_bias), alpha = W.Broadcast(_alpha);
        InversePower inverse = _power;
        int radius = _radius, channels = _channels, stride = PaddedChannels;
        bool save = power != null;
        for (; pixels > 0; pixels--, x += channels, y += channels, power += channels, next += channels, padded += stride)
            for (int c = from; c < to; c += W.Count)
            {
                W scale = inverse.Of(W.MultiplyAdd(alpha, WindowSum<W>(padded + c, radius), bias), out W nextScale);
                W.Store(W.Load(x + c) * scale, y + c);
                if (save)
                {
                    W.Store(scale, power + c);
                    W.Store(nextScale, next + c);
                }
            }
    }

    /// <summary>padded = gradient · x · d^(−β − 1); gradient becomes gradient · d^−β.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Terms<W>(float* x, float* power, float* next, float* gradient, int pixels, float* padded, int from, int to)
        where W : unmanaged, ISimd<W>
    {
        if (from == to)
            return;
        int channels = _channels, stride = PaddedChannels;
        padded += _radius;
        for (; pixels > 0; pixels--, x += channels, power += channels, next += channels, gradient += channels, padded += stride)
            for (int c = from; c < to; c += W.Count)
            {
                W incoming = W.Load(gradient + c);
                W.Store(incoming * W.Load(power + c), gradient + c);
                W.Store(incoming * W.Load(x + c) * W.Load(next + c), padded + c);
            }
    }

    /// <summary>gradInput = gradient − 2·alpha·β · x · Σ padded.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Combine<W>(float* x, float* gradient, float* gradInput, int pixels, float* padded, bool relu, int from, int to)
        where W : unmanaged, ISimd<W>
    {
        if (from == to)
            return;
        W factor = W.Broadcast(_backwardFactor);
        int radius = _radius, channels = _channels, stride = PaddedChannels;
        for (; pixels > 0; pixels--, x += channels, gradient += channels, gradInput += channels, padded += stride)
            for (int c = from; c < to; c += W.Count)
            {
                W value = W.Load(x + c);
                W result = W.NegateMultiplyAdd(factor * value, WindowSum<W>(padded + c, radius), W.Load(gradient + c));
                W.Store(relu ? W.SelectGreater(value, W.Zero, result) : result, gradInput + c);
            }
    }

    /// <summary>Σ over j from 0 to 2·radius of the vectors at window + j.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static W WindowSum<W>(float* window, int radius)
        where W : unmanaged, ISimd<W>
    {
        W sum = W.Load(window + radius);
        for (int j = 0; j < radius; j++)
            sum += W.Load(window + j) + W.Load(window + 2 * radius - j);
        return sum;
    }
}

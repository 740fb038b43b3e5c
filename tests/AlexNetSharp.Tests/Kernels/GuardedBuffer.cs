using AlexNetSharp.Tensors;

namespace AlexNetSharp.Tests.Kernels;

/// <summary>Aligned memory between two guards: what a kernel reads beyond its end is NaN, and what it writes there is found.</summary>
internal sealed unsafe class GuardedBuffer : IDisposable
{
    private const int Guard = 64;
    private static readonly int s_guardBits = BitConverter.SingleToInt32Bits(float.NaN) | 0x1234;

    private readonly AlignedBuffer _buffer;
    private readonly int _length;

    /// <summary>Memory for <paramref name="length"/> floats, all NaN.</summary>
    public GuardedBuffer(long length)
    {
        _length = checked((int)length);
        _buffer = new AlignedBuffer(length + 2 * Guard);
        _buffer.Span.Fill(BitConverter.Int32BitsToSingle(s_guardBits));
    }

    public GuardedBuffer(ReadOnlySpan<float> values)
        : this(values.Length) => values.CopyTo(Span);

    public float* Pointer => _buffer.Pointer + Guard;

    public Span<float> Span => _buffer.Span.Slice(Guard, _length);

    /// <summary>The content, after a look at the guards.</summary>
    public float[] Values(string what)
    {
        Check(what);
        return Span.ToArray();
    }

    /// <summary>Fails if a guard was written to.</summary>
    public void Check(string what)
    {
        Span<float> all = _buffer.Span;
        for (int i = 0; i < Guard; i++)
        {
            Assert.True(BitConverter.SingleToInt32Bits(all[i]) == s_guardBits, $"{what}: written {Guard - i} floats before the buffer.");
            Assert.True(BitConverter.SingleToInt32Bits(all[Guard + _length + i]) == s_guardBits, $"{what}: written {i} floats behind the buffer.");
        }
    }

    public void Dispose() => _buffer.Dispose();
}

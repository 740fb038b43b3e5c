using AlexNetSharp.Random;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.KernelBenchmarks;

/// <summary>Buffers of one benchmark, filled with noise: zeros could make the work look cheaper.</summary>
internal sealed unsafe class Memory : IDisposable
{
    private readonly List<AlignedBuffer> _buffers = [];

    public float* Noise(long length)
    {
        var buffer = new AlignedBuffer(length);
        _buffers.Add(buffer);
        if (length > 0)
            new Philox(1, (uint)_buffers.Count).FillNormal(buffer.Span);
        return buffer.Pointer;
    }

    public void Dispose()
    {
        foreach (AlignedBuffer buffer in _buffers)
            buffer.Dispose();
        _buffers.Clear();
    }
}

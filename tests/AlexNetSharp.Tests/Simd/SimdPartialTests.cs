using AlexNetSharp.Simd;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Tests.Simd;

public unsafe class SimdPartialTests
{
    [Fact]
    public void PartialLoadsAndStoresTouchOnlyTheirLanes()
    {
        Check<F32x1>();
        Check<F32x4>();
        Check<F32x8>();
        Check<F32x16>();
    }

    private static void Check<V>()
        where V : unmanaged, ISimd<V>
    {
        using var source = new AlignedBuffer(64);
        using var target = new AlignedBuffer(64);
        for (int i = 0; i < 64; i++)
            source.Pointer[i] = i + 1;
        for (int count = 0; count <= V.Count; count++)
        {
            target.Span.Fill(-1);
            V.Store(V.LoadPartial(source.Pointer + 3, count), target.Pointer);
            for (int i = 0; i < 64; i++)
                Assert.Equal(i < count ? 4 + i : i < V.Count ? 0 : -1, target.Pointer[i]);

            target.Span.Fill(-1);
            V.StorePartial(V.Load(source.Pointer), target.Pointer + 5, count);
            for (int i = 0; i < 64; i++)
                Assert.Equal(i >= 5 && i < 5 + count ? i - 4 : -1, target.Pointer[i]);
        }
    }

    [Fact]
    public void BFloat16IsTheUpperHalfOfAFloat()
    {
        CheckBFloat16<F32x1>();
        CheckBFloat16<F32x4>();
        CheckBFloat16<F32x8>();
        CheckBFloat16<F32x16>();
    }

    private static void CheckBFloat16<V>()
        where V : unmanaged, ISimd<V>
    {
        ushort* source = stackalloc ushort[16];
        float* target = stackalloc float[16];
        for (int i = 0; i < V.Count; i++)
            source[i] = (ushort)(0x3F80 + 0x8000 * (i % 2) + i);
        V.Store(V.LoadBFloat16(source), target);
        for (int i = 0; i < V.Count; i++)
            Assert.Equal(BitConverter.UInt32BitsToSingle((uint)source[i] << 16), target[i]);
    }

    [Fact]
    public void SignedBytesBecomeFloats()
    {
        CheckInt8<F32x1>();
        CheckInt8<F32x4>();
        CheckInt8<F32x8>();
        CheckInt8<F32x16>();
    }

    private static void CheckInt8<V>()
        where V : unmanaged, ISimd<V>
    {
        sbyte* source = stackalloc sbyte[16];
        float* target = stackalloc float[16];
        for (int i = 0; i < 16; i++)
            source[i] = (sbyte)(i % 2 == 0 ? 127 - i : i - 128);
        V.Store(V.LoadInt8(source), target);
        for (int i = 0; i < V.Count; i++)
            Assert.Equal(source[i], target[i]);
    }

    [Fact]
    public void PartialLoadsAtTheEndOfMemoryDoNotFault()
    {
        // The last bytes of a page whose successor may be unmapped: only the lanes asked for may be read or written.
        foreach (int count in Enumerable.Range(0, 17))
        {
            nint page = Environment.SystemPageSize;
            void* memory = System.Runtime.InteropServices.NativeMemory.AlignedAlloc((nuint)page, (nuint)page);
            float* end = (float*)((byte*)memory + page) - count;
            F32x16.StorePartial(F32x16.Broadcast(count), end, count);
            Assert.Equal(count * (float)count, F32x16.Sum(F32x16.LoadPartial(end, count)));
            System.Runtime.InteropServices.NativeMemory.AlignedFree(memory);
        }
    }
}

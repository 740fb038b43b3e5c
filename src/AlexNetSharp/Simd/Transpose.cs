using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AlexNetSharp.Simd;

/// <summary>Transposes small blocks of float32 values in registers.</summary>
internal static unsafe class Transpose
{
    /// <summary>Rows and columns of a block.</summary>
    public const int Size = 8;

    /// <summary>target[c, r] = source[r, c] for r, c &lt; 8; the blocks must not overlap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Block(float* source, nint sourceStep, float* target, nint targetStep)
    {
        if (!Avx.IsSupported)
        {
            for (int r = 0; r < Size; r++)
                for (int c = 0; c < Size; c++)
                    target[c * targetStep + r] = source[r * sourceStep + c];
            return;
        }
        // Each step pairs values of two rows, then of four, then of eight.
        Pairs(source, sourceStep, out Vector256<float> a0, out Vector256<float> a1, out Vector256<float> a2, out Vector256<float> a3);
        Pairs(source + 4 * sourceStep, sourceStep, out Vector256<float> b0, out Vector256<float> b1, out Vector256<float> b2, out Vector256<float> b3);
        Avx.Permute2x128(a0, b0, 0x20).Store(target);
        Avx.Permute2x128(a1, b1, 0x20).Store(target + targetStep);
        Avx.Permute2x128(a2, b2, 0x20).Store(target + 2 * targetStep);
        Avx.Permute2x128(a3, b3, 0x20).Store(target + 3 * targetStep);
        Avx.Permute2x128(a0, b0, 0x31).Store(target + 4 * targetStep);
        Avx.Permute2x128(a1, b1, 0x31).Store(target + 5 * targetStep);
        Avx.Permute2x128(a2, b2, 0x31).Store(target + 6 * targetStep);
        Avx.Permute2x128(a3, b3, 0x31).Store(target + 7 * targetStep);
    }

    /// <summary>Of four rows, columns 0 and 4, 1 and 5, 2 and 6, 3 and 7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pairs(
        float* source, nint step, out Vector256<float> c0, out Vector256<float> c1, out Vector256<float> c2, out Vector256<float> c3)
    {
        Vector256<float> r0 = Vector256.Load(source), r1 = Vector256.Load(source + step);
        Vector256<float> r2 = Vector256.Load(source + 2 * step), r3 = Vector256.Load(source + 3 * step);
        Vector256<float> low01 = Avx.UnpackLow(r0, r1), high01 = Avx.UnpackHigh(r0, r1);
        Vector256<float> low23 = Avx.UnpackLow(r2, r3), high23 = Avx.UnpackHigh(r2, r3);
        c0 = Avx.Shuffle(low01, low23, 0x44);
        c1 = Avx.Shuffle(low01, low23, 0xEE);
        c2 = Avx.Shuffle(high01, high23, 0x44);
        c3 = Avx.Shuffle(high01, high23, 0xEE);
    }
}

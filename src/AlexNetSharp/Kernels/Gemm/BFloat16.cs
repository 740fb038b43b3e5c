namespace AlexNetSharp.Kernels.Gemm;

/// <summary>bfloat16: the upper half of a float32, so the same range with 8 bits of precision.</summary>
internal static unsafe class BFloat16
{
    /// <summary>The nearest bfloat16, ties to even; not-a-number stays not-a-number, and what is too large becomes infinite.</summary>
    public static ushort Round(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value)
            ? (ushort)(bits >> 16 | 0x40)
            : (ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }

    /// <summary>destination[i] = the bfloat16 nearest to source[i].</summary>
    public static void Round(float* source, ushort* destination, long length)
    {
        for (long i = 0; i < length; i++)
            destination[i] = Round(source[i]);
    }
}

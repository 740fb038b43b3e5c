using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Random;

/// <summary>Philox 4x32-10 on as many blocks at once as a vector has lanes.</summary>
/// <remarks>
/// <para>Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 4.3 (published constants).</para>
/// <para>
/// Which number of a stream comes from where does not depend on the width: 64 numbers in a row are a group, made of 16 blocks of four words;
/// first come the 16 first words, then the 16 second words, and so on. So number i is word (i / 16) mod 4 of block 16·⌊i / 64⌋ + i mod 16.
/// </para>
/// </remarks>
internal static unsafe class PhiloxLanes
{
    /// <summary>Blocks of a group.</summary>
    public const int GroupBlocks = 16;

    /// <summary>Numbers of a group: what the fill functions make at once.</summary>
    public const int Group = 4 * GroupBlocks;

    /// <summary>Encrypts the counters (block + lane, high half of block, stream, step) with the seed as the key.</summary>
    /// <remarks>The low 32 bits of <paramref name="block"/> must not overflow within the vector.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Block<B, V>(ulong seed, ulong block, uint stream, uint step, out B c0, out B c1, out B c2, out B c3)
        where B : unmanaged, ISimdBits<B, V>
        where V : unmanaged, ISimd<V>
    {
        c0 = B.CountFrom((uint)block);
        c1 = B.Broadcast((uint)(block >> 32));
        c2 = B.Broadcast(stream);
        c3 = B.Broadcast(step);
        Rounds<B, V>((uint)seed, (uint)(seed >> 32), ref c0, ref c1, ref c2, ref c3);
    }

    /// <summary>The ten rounds of the cipher on counters already in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Rounds<B, V>(uint key0, uint key1, ref B c0, ref B c1, ref B c2, ref B c3)
        where B : unmanaged, ISimdBits<B, V>
        where V : unmanaged, ISimd<V>
    {
        B m0 = B.Broadcast(0xD2511F53), m1 = B.Broadcast(0xCD9E8D57);
        // Locals, because the address of the parameters keeps them out of registers.
        B x0 = c0, x1 = c1, x2 = c2, x3 = c3;
        for (int round = 0; round < 10; round++)
        {
            B.MultiplyWide(x0, m0, out B high0, out B low0);
            B.MultiplyWide(x2, m1, out B high1, out B low1);
            x0 = high1 ^ x1 ^ B.Broadcast(key0);
            x1 = low1;
            x2 = high0 ^ x3 ^ B.Broadcast(key1);
            x3 = low0;
            // The golden ratio and √3 − 1, as fractions of 2³².
            key0 += 0x9E3779B9;
            key1 += 0xBB67AE85;
        }
        (c0, c1, c2, c3) = (x0, x1, x2, x3);
    }

    /// <summary>Fills <paramref name="destination"/> with the numbers <paramref name="first"/> to first + count − 1 of a stream.</summary>
    public static void Fill<B, V, D>(ulong seed, uint stream, uint step, D distribution, float* destination, long first, long count)
        where B : unmanaged, ISimdBits<B, V>
        where V : unmanaged, ISimd<V>
        where D : unmanaged, IDistribution
    {
        float* part = stackalloc float[Group];
        while (count > 0)
        {
            long group = first / Group;
            int skip = (int)(first % Group);
            if (skip == 0 && count >= Group)
            {
                long groups = count / Group;
                FillGroups<B, V, D>(seed, stream, step, distribution, destination, group, groups);
                destination += groups * Group;
                first += groups * Group;
                count -= groups * Group;
            }
            else
            {
                FillGroups<B, V, D>(seed, stream, step, distribution, part, group, 1);
                int taken = (int)Math.Min(count, Group - skip);
                new ReadOnlySpan<float>(part + skip, taken).CopyTo(new Span<float>(destination, taken));
                destination += taken;
                first += taken;
                count -= taken;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FillGroups<B, V, D>(ulong seed, uint stream, uint step, D distribution, float* destination, long group, long groups)
        where B : unmanaged, ISimdBits<B, V>
        where V : unmanaged, ISimd<V>
        where D : unmanaged, IDistribution
    {
        for (ulong block = (ulong)group * GroupBlocks; groups > 0; groups--)
        {
            for (int lane = 0; lane < GroupBlocks; lane += V.Count, block += (ulong)V.Count)
            {
                Block<B, V>(seed, block, stream, step, out B c0, out B c1, out B c2, out B c3);
                distribution.Sample<B, V>(c0, c1, out V x0, out V x1);
                distribution.Sample<B, V>(c2, c3, out V x2, out V x3);
                V.Store(x0, destination + lane);
                V.Store(x1, destination + lane + GroupBlocks);
                V.Store(x2, destination + lane + 2 * GroupBlocks);
                V.Store(x3, destination + lane + 3 * GroupBlocks);
            }
            destination += Group;
        }
    }
}

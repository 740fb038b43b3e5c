using AlexNetSharp.Simd;

namespace AlexNetSharp.Random;

/// <summary>Random numbers that are a function of (seed, stream, step, index): the counter-based generator Philox 4x32-10.</summary>
/// <remarks>
/// <para>
/// There is no state. Number i of a stream is the same whether it is drawn alone, in a fill, with any number of threads
/// and any vector width, on any machine. Two streams, or two steps of one stream, never share a number's source:
/// give each tensor (or image, or layer) its stream and each training step its step.
/// </para>
/// <para>
/// Source: J. Salmon and others, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. The seed is the key of the cipher; block,
/// stream and step are its counter. TensorFlow uses the same generator, but assigns blocks to numbers differently.
/// </para>
/// </remarks>
/// <param name="seed">Selects one of 2⁶⁴ families of streams.</param>
/// <param name="stream">Which stream of the seed: for example the number of a tensor.</param>
/// <param name="step">Which part of the stream: for example the training step.</param>
public readonly unsafe struct Philox(ulong seed, uint stream = 0, uint step = 0)
{
    /// <summary>The key of the cipher.</summary>
    internal ulong Seed { get; } = seed;

    /// <summary>Third word of the counter.</summary>
    internal uint Stream { get; } = stream;

    /// <summary>Fourth word of the counter.</summary>
    internal uint Step { get; } = step;

    /// <summary>Number <paramref name="index"/> as 32 random bits.</summary>
    /// <param name="index">At least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="index"/> is negative.</exception>
    internal uint Bits(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        PhiloxLanes.Block<U32x1, F32x1>(
            Seed, (ulong)(index / PhiloxLanes.Group * PhiloxLanes.GroupBlocks + index % PhiloxLanes.GroupBlocks), Stream, Step,
            out U32x1 c0, out U32x1 c1, out U32x1 c2, out U32x1 c3);
        return (index / PhiloxLanes.GroupBlocks % 4) switch { 0 => c0.Value, 1 => c1.Value, 2 => c2.Value, _ => c3.Value };
    }

    /// <summary>Number <paramref name="index"/> as a fraction: a multiple of 2⁻²⁴ in [0, 1).</summary>
    /// <param name="index">At least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="index"/> is negative.</exception>
    internal float Uniform(long index) => Single(index, new UniformDistribution(0, 1));

    /// <summary>Number <paramref name="index"/> of a normal distribution with mean 0 and deviation 1.</summary>
    /// <param name="index">At least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="index"/> is negative.</exception>
    internal float Normal(long index) => Single(index, new NormalDistribution(0, 1));

    /// <summary>Number <paramref name="index"/> of a normal distribution with mean 0 and deviation 1 from which all beyond ±2 is left out.</summary>
    /// <param name="index">At least 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="index"/> is negative.</exception>
    internal float TruncatedNormal(long index) => Single(index, new TruncatedNormalDistribution(0, 1));

    /// <summary>Integer <paramref name="index"/> in [0, <paramref name="bound"/>).</summary>
    /// <param name="index">At least 0. Integers are made of 64 bits, so they share their source with other numbers of the stream.</param>
    /// <param name="bound">At least 1.</param>
    /// <returns>⌊bound · w / 2⁶⁴⌋ for a 64-bit word w; each value is at most bound / 2⁶⁴ more likely than another.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="index"/> is negative, or <paramref name="bound"/> is below 1.</exception>
    internal int Integer(long index, int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, 1);
        PhiloxLanes.Block<U32x1, F32x1>(Seed, (ulong)index, Stream, Step, out U32x1 low, out U32x1 high, out _, out _);
        return (int)Math.BigMul((ulong)high.Value << 32 | low.Value, (uint)bound, out _);
    }

    /// <summary>Brings <paramref name="items"/> into a random order (Fisher and Yates): every order is equally likely.</summary>
    /// <typeparam name="T">Type of the items.</typeparam>
    internal void Shuffle<T>(Span<T> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = Integer(i, i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    /// <summary>destination[i] = a number of [low, high).</summary>
    internal void FillUniform(Span<float> destination, float low = 0, float high = 1)
    {
        fixed (float* pointer = destination)
            Fill(new UniformDistribution(low, high - low), pointer, 0, destination.Length);
    }

    /// <summary>destination[i] = mean + deviation · a standard normal number.</summary>
    public void FillNormal(Span<float> destination, float deviation = 1, float mean = 0)
    {
        fixed (float* pointer = destination)
            Fill(new NormalDistribution(mean, deviation), pointer, 0, destination.Length);
    }

    /// <summary>destination[i] = mean + deviation · a standard normal number, redrawn beyond ±2.</summary>
    internal void FillTruncatedNormal(Span<float> destination, float deviation = 1, float mean = 0)
    {
        fixed (float* pointer = destination)
            Fill(new TruncatedNormalDistribution(mean, deviation), pointer, 0, destination.Length);
    }

    /// <summary>Fills with the numbers <paramref name="first"/> to first + count − 1, on vectors of <paramref name="tier"/> (null: the widest).</summary>
    internal void Fill<D>(D distribution, float* destination, long first, long count, SimdTier? tier = null)
        where D : unmanaged, IDistribution =>
        SimdTiers.Call<FillCode<D>, long>(new FillCode<D>(this, distribution, destination, first, count), tier);

    private readonly struct FillCode<D>(Philox random, D distribution, float* destination, long first, long count) : IVectorCode<long>
        where D : unmanaged, IDistribution
    {
        public long Call<B, V>()
            where B : unmanaged, ISimdBits<B, V>
            where V : unmanaged, ISimd<V>
        {
            PhiloxLanes.Fill<B, V, D>(random.Seed, random.Stream, random.Step, distribution, destination, first, count);
            return count;
        }
    }

    private float Single<D>(long index, D distribution)
        where D : unmanaged, IDistribution
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        float value;
        PhiloxLanes.Fill<U32x1, F32x1, D>(Seed, Stream, Step, distribution, &value, index, 1);
        return value;
    }
}

using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Kernels.Normalization;

/// <summary>A radius that the compiler knows.</summary>
internal interface IRadius
{
    /// <summary>Channels on each side: 2 or 4.</summary>
    static abstract int Value { get; }
}

/// <summary>Five channels: the paper's window.</summary>
internal readonly struct Radius2 : IRadius
{
    public static int Value => 2;
}

/// <summary>Nine channels: the window of TensorFlow's AlexNet benchmark.</summary>
internal readonly struct Radius4 : IRadius
{
    public static int Value => 4;
}

/// <summary>Sums over windows of 2·radius + 1 channels, for channels that come vector by vector.</summary>
/// <remarks>
/// With q the values, sums over 2, 4 and 8 channels that end at c follow from each other: pairs[c] = q[c] + q[c − 1],
/// fours[c] = pairs[c] + pairs[c − 2], eights[c] = fours[c] + fours[c − 4]. The window of radius 4 around c is eights[c + 4] + q[c − 4],
/// that of radius 2 is fours[c + 2] + q[c − 2]. Five additions and shifts of lanes instead of nine loads.
/// </remarks>
internal static class ResponseNormWindow<V, TRadius>
    where V : unmanaged, ISimd<V>
    where TRadius : struct, IRadius
{
    /// <summary>The windows around the channels of the vector before <paramref name="values"/>.</summary>
    /// <param name="values">The next vector.</param>
    /// <param name="before">The vector two before it.</param>
    /// <param name="last">The vector before it.</param>
    /// <param name="pairs">State; zero at the first vector of a pixel.</param>
    /// <param name="fours">State; zero at the first vector of a pixel.</param>
    /// <param name="sums">State; zero at the first vector of a pixel.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Next(V values, V before, V last, ref V pairs, ref V fours, ref V sums)
    {
        V newPairs = values + V.Splice(last, values, V.Count - 1);
        V newFours = newPairs + V.Splice(pairs, newPairs, V.Count - 2);
        V newSums = TRadius.Value == 2 ? newFours : newFours + V.Splice(fours, newFours, V.Count - 4);
        V window = V.Splice(sums, newSums, TRadius.Value) + V.Splice(before, last, V.Count - TRadius.Value);
        pairs = newPairs;
        fours = newFours;
        sums = newSums;
        return window;
    }
}

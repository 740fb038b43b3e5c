using AlexNetSharp.Random;

namespace AlexNetSharp.Tests.Kernels;

/// <summary>What the tests of small kernels share.</summary>
internal static class Values
{
    public static int[] ThreadCounts => [1, 2, 3, 8];

    /// <summary>Normally distributed values.</summary>
    public static float[] Normal(int seed, int count, float deviation = 1)
    {
        var values = new float[count];
        new Philox((ulong)seed).FillNormal(values, deviation);
        return values;
    }

    /// <summary>Whole numbers in [0, <paramref name="bound"/>): many are equal.</summary>
    public static float[] Ties(int seed, int count, int bound) =>
        [.. Enumerable.Range(0, count).Select(i => (float)new Philox((ulong)seed).Integer(i, bound))];

    /// <summary>The larger of the values and zero.</summary>
    public static float[] Relu(float[] values) => Array.ConvertAll(values, v => v > 0 ? v : 0);
}

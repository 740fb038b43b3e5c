using AlexNetSharp.Random;

namespace AlexNetSharp.Data;

/// <summary>Chooses images of a dataset.</summary>
public static class ImageSubset
{
    /// <summary>Some images of a dataset, in an order of their own.</summary>
    /// <param name="all">The dataset.</param>
    /// <param name="indices">Numbers of the images in it.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no image of such a number.</exception>
    public static IImageDataset Of(IImageDataset all, ReadOnlySpan<int> indices)
    {
        ArgumentNullException.ThrowIfNull(all);
        foreach (int index in indices)
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)all.Count, nameof(indices));
        return new Images(all, indices.ToArray());
    }

    /// <summary>All images but some, in their order.</summary>
    /// <param name="all">The dataset.</param>
    /// <param name="without">Numbers of the images to leave out.</param>
    public static IImageDataset Without(IImageDataset all, IEnumerable<int> without)
    {
        ArgumentNullException.ThrowIfNull(all);
        HashSet<int> left = [.. without];
        return Of(all, [.. Enumerable.Range(0, all.Count).Where(i => !left.Contains(i))]);
    }

    /// <summary>Splits a dataset at random into training and validation images, each class in the same proportion.</summary>
    /// <param name="all">The dataset.</param>
    /// <param name="fraction">The fraction to validate on, above 0 and below 1.</param>
    /// <param name="seed">Seed for choosing them.</param>
    /// <remarks>
    /// Each class gives ⌊fraction · images + ½⌋ images, but at least one, and keeps at least one. Both parts keep the order of
    /// <paramref name="all"/>.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="fraction"/> is not between 0 and 1.</exception>
    /// <exception cref="InvalidDataException">A class has only one image.</exception>
    public static (IImageDataset Train, IImageDataset Validation) Split(IImageDataset all, double fraction, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(all);
        if (!(fraction > 0 && fraction < 1))
            throw new ArgumentOutOfRangeException(nameof(fraction), fraction, "The share to validate on must be above 0 and below 1.");
        bool[] validates = new bool[all.Count];
        var byClass = Enumerable.Range(0, all.Count).GroupBy(all.Label).OrderBy(group => group.Key);
        foreach (var group in byClass)
        {
            int[] members = [.. group];
            if (members.Length < 2)
                throw new InvalidDataException($"class '{all.Classes[group.Key]}' has one image ({all.Name(members[0])}), which cannot be split between training and validation; add images or leave out --val-split.");
            new Philox(seed ^ SeedSalts.Split, (uint)group.Key).Shuffle<int>(members);
            int taken = Math.Clamp((int)Math.Floor(fraction * members.Length + 0.5), 1, members.Length - 1);
            foreach (int index in members.AsSpan(0, taken))
                validates[index] = true;
        }
        return (Of(all, [.. Enumerable.Range(0, all.Count).Where(i => !validates[i])]),
            Of(all, [.. Enumerable.Range(0, all.Count).Where(i => validates[i])]));
    }

    private sealed class Images(IImageDataset all, int[] indices) : IImageDataset
    {
        public int Count => indices.Length;

        public IReadOnlyList<string> Classes => all.Classes;

        public bool InMemory => all.InMemory;

        public int Label(int index) => all.Label(indices[index]);

        public string Name(int index) => all.Name(indices[index]);

        public void Read(int index, PixelBuffer target) => all.Read(indices[index], target);
    }
}

using AlexNetSharp.Random;

namespace AlexNetSharp.Data;

/// <summary>Some images of a dataset, in an order of their own.</summary>
public sealed class ImageSubset : IImageDataset
{
    private readonly IImageDataset _all;
    private readonly int[] _indices;

    /// <summary>Chooses images.</summary>
    /// <param name="all">The dataset.</param>
    /// <param name="indices">Numbers of the images in it.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no image of such a number.</exception>
    public ImageSubset(IImageDataset all, ReadOnlySpan<int> indices)
    {
        ArgumentNullException.ThrowIfNull(all);
        foreach (int index in indices)
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)all.Count, nameof(indices));
        _all = all;
        _indices = indices.ToArray();
    }

    /// <inheritdoc/>
    public int Count => _indices.Length;

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes => _all.Classes;

    /// <inheritdoc/>
    public bool InMemory => _all.InMemory;

    /// <inheritdoc/>
    public int Label(int index) => _all.Label(_indices[index]);

    /// <inheritdoc/>
    public string Name(int index) => _all.Name(_indices[index]);

    /// <inheritdoc/>
    public void Read(int index, PixelBuffer target) => _all.Read(_indices[index], target);

    /// <summary>All images but some, in their order.</summary>
    /// <param name="all">The dataset.</param>
    /// <param name="without">Numbers of the images to leave out.</param>
    public static ImageSubset Without(IImageDataset all, IEnumerable<int> without)
    {
        ArgumentNullException.ThrowIfNull(all);
        HashSet<int> left = [.. without];
        return new ImageSubset(all, [.. Enumerable.Range(0, all.Count).Where(i => !left.Contains(i))]);
    }

    /// <summary>Divides a dataset at random into a part to learn from and a part to validate on, each class in the same proportion.</summary>
    /// <param name="all">The dataset.</param>
    /// <param name="fraction">The share to validate on, above 0 and below 1.</param>
    /// <param name="seed">Decides which images those are.</param>
    /// <remarks>
    /// Each class gives ⌊fraction · images + ½⌋ images, but at least one, and keeps at least one. Both parts keep the order of
    /// <paramref name="all"/>.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="fraction"/> is not between 0 and 1.</exception>
    /// <exception cref="InvalidDataException">A class has only one image.</exception>
    public static (ImageSubset Train, ImageSubset Validation) Split(IImageDataset all, double fraction, ulong seed)
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
        return (new ImageSubset(all, [.. Enumerable.Range(0, all.Count).Where(i => !validates[i])]),
            new ImageSubset(all, [.. Enumerable.Range(0, all.Count).Where(i => validates[i])]));
    }
}

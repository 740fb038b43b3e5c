namespace AlexNetSharp.Data;

/// <summary>Numbers that a seed is combined with, so that the random numbers of this namespace differ from each other and from those of layers, which use the seed as it is.</summary>
internal static class SeedSalts
{
    /// <summary>Added to the seed (exclusive or) where a dataset is divided.</summary>
    public const ulong Split = 0x5D1A_7E00_0000_0001;

    /// <summary>Added to the seed where the order of an epoch is drawn.</summary>
    public const ulong Order = 0x5D1A_7E00_0000_0002;

    /// <summary>Added to the seed where an image is changed at random.</summary>
    public const ulong Augmentation = 0x5D1A_7E00_0000_0003;
}

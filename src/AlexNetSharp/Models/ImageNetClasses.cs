namespace AlexNetSharp.Models;

/// <summary>The 1000 classes of ImageNet's challenges since 2012, in the order of the outputs of networks trained on them.</summary>
/// <remarks>
/// The order is that of the WordNet ids (Russakovsky et al. 2015, "ImageNet Large Scale Visual Recognition Challenge"); the names are the
/// words of each synset in WordNet 3.0, Princeton University.
/// </remarks>
internal static class ImageNetClasses
{
    /// <summary>Number of classes.</summary>
    public const int Count = 1000;

    private static readonly Lazy<IReadOnlyList<ClassName>> s_all = new(Read);

    /// <summary>WordNet id and words of each class: <c>n01440764</c>, <c>tench, Tinca tinca</c>.</summary>
    public static IReadOnlyList<ClassName> All => s_all.Value;

    private static IReadOnlyList<ClassName> Read()
    {
        const string name = "AlexNetSharp.Models.ImageNetClasses.txt";
        using Stream stream = typeof(ImageNetClasses).Assembly.GetManifestResourceStream(name)!;
        return ClassNames.Read(stream, name);
    }
}

namespace AlexNetSharp.Studio.Teaching;

/// <summary>How much a page may teach: everything that it holds here is bounded.</summary>
internal static class TeachLimits
{
    /// <summary>Pages that teach at the same time.</summary>
    public const int Sessions = 4;

    /// <summary>Classes of a page.</summary>
    public const int Classes = 50;

    /// <summary>Images of a page.</summary>
    public const int Images = 4000;

    /// <summary>Memory for the features of a page's images.</summary>
    public const long FeatureBytes = 128L << 20;

    /// <summary>Characters of a name.</summary>
    public const int NameLength = 60;

    /// <summary>Epochs of a training.</summary>
    public const int Epochs = 500;
}

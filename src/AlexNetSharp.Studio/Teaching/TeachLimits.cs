namespace AlexNetSharp.Studio.Teaching;

/// <summary>Limits on what a page may teach.</summary>
internal static class TeachLimits
{
    /// <summary>Maximum number of pages teaching at the same time.</summary>
    public const int Sessions = 4;

    /// <summary>Maximum number of classes per page.</summary>
    public const int Classes = 50;

    /// <summary>Maximum number of images per page.</summary>
    public const int Images = 4000;

    /// <summary>Maximum memory for the features of a page's images, in bytes.</summary>
    public const long FeatureBytes = 128L << 20;

    /// <summary>Maximum length of a class name, in characters.</summary>
    public const int NameLength = 60;

    /// <summary>Maximum number of epochs.</summary>
    public const int Epochs = 500;
}

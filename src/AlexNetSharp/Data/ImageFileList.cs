namespace AlexNetSharp.Data;

/// <summary>Image files without classes: all have label 0.</summary>
/// <param name="paths">The files.</param>
/// <param name="decoder">Reads them.</param>
internal sealed class ImageFileList(IReadOnlyList<string> paths, IImageDecoder decoder) : IImageDataset
{
    /// <inheritdoc/>
    public int Count => paths.Count;

    /// <inheritdoc/>
    public IReadOnlyList<string> Classes => [];

    /// <inheritdoc/>
    public int Label(int index) => 0;

    /// <inheritdoc/>
    public string Name(int index) => paths[index];

    /// <inheritdoc/>
    public void Read(int index, PixelBuffer target) => decoder.DecodeFile(paths[index], target);
}

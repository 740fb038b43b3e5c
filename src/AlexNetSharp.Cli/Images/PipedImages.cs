using AlexNetSharp.Data;

namespace AlexNetSharp.Cli.Images;

/// <summary>
/// A decoder for command-line paths: images from standard input (<c>-</c>) and from process substitution <c>&lt;(…)</c> are read into memory once.
/// </summary>
/// <remarks>Pipes in folders do not count as images: opening one blocks until another process writes to it.</remarks>
/// <param name="decoder">Decodes files and bytes in memory.</param>
internal sealed class PipedImages(IImageDecoder decoder) : IImageDecoder
{
    /// <summary>The word for standard input.</summary>
    public const string StandardInput = "-";

    private const int LargestFile = 256 << 20;

    private readonly Dictionary<string, byte[]> _read = [];

    /// <summary>Reads a path into memory if it is standard input or a pipe.</summary>
    /// <returns>Whether it is; the path then stands for the image.</returns>
    /// <exception cref="ImageTooLargeException">The input exceeds the maximum size of an image.</exception>
    public bool TryRead(string path)
    {
        if (_read.ContainsKey(path))
            return true;
        if (path != StandardInput && !(IsOpen(path) && File.Exists(path)))
            return false;
        using Stream stream = path == StandardInput ? Console.OpenStandardInput() : new FileStream(path, FileMode.Open, FileAccess.Read);
        if (path != StandardInput && stream.CanSeek)
            return false;
        using var bytes = new MemoryStream();
        byte[] piece = new byte[1 << 16];
        for (int count; (count = stream.Read(piece)) > 0;)
        {
            bytes.Write(piece, 0, count);
            if (bytes.Length > LargestFile)
                throw new ImageTooLargeException(FormattableString.Invariant($"{path}: too large (more than {LargestFile} bytes from a pipe)."));
        }
        _read.Add(path, bytes.ToArray());
        return true;
    }

    /// <summary>Whether a path stands for an inherited open file descriptor.</summary>
    private static bool IsOpen(string path) => path == "/dev/stdin" || path.StartsWith("/dev/fd/", StringComparison.Ordinal) || path.StartsWith("/proc/self/fd/", StringComparison.Ordinal);

    /// <inheritdoc/>
    public void DecodeFile(string path, PixelBuffer target)
    {
        if (_read.TryGetValue(path, out byte[]? bytes))
            decoder.Decode(bytes, target, path);
        else
            decoder.DecodeFile(path, target);
    }

    /// <inheritdoc/>
    public void Decode(ReadOnlySpan<byte> encoded, PixelBuffer target, string name, CancellationToken cancellationToken = default) =>
        decoder.Decode(encoded, target, name, cancellationToken);
}

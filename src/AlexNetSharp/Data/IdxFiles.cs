using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;

namespace AlexNetSharp.Data;

/// <summary>The four files of MNIST and of datasets in its format, such as Fashion-MNIST, compressed with gzip or not.</summary>
/// <remarks>
/// IDX, as described at Y. LeCun's MNIST page: two zero bytes, the type (8: unsigned bytes), the number of dimensions, each dimension
/// as a big-endian 32-bit integer, then the values.
/// </remarks>
internal static class IdxFiles
{
    /// <summary>deflate compresses at most this much (zlib's documentation); a header that asks for more cannot be honest.</summary>
    private const int MaxDeflateRatio = 1032;

    private static readonly string[] FashionClasses =
        ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

    /// <summary>Whether a folder holds IDX files.</summary>
    public static bool Recognizes(string folder) => Find(folder, "train", "images", 3) is not null || Find(folder, "t10k", "images", 3) is not null;

    /// <summary>Reads the training set and the test set of a folder.</summary>
    public static (IImageDataset Train, IImageDataset Test) Read(string folder)
    {
        (byte[] trainLabels, string trainLabelsPath) = Labels(folder, "train");
        (byte[] testLabels, string testLabelsPath) = Labels(folder, "t10k");
        string[] classes = Classes(folder, Math.Max(Largest(trainLabels), Largest(testLabels)) + 1);
        return (Images(folder, "train", trainLabels, trainLabelsPath, classes), Images(folder, "t10k", testLabels, testLabelsPath, classes));
    }

    private static PackedImages Images(string folder, string part, byte[] labels, string labelsPath, string[] classes)
    {
        string path = Find(folder, part, "images", 3)
            ?? throw new FileNotFoundException($"{folder}: {part}-images-idx3-ubyte is missing (with .gz or without).");
        (byte[] pixels, int[] shape) = ReadFile(path, 3);
        if (shape[0] != labels.Length)
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                $"{path}: {shape[0]} images, but {labelsPath} has {labels.Length} labels."));
        if (shape[1] < 1 || shape[2] < 1)
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"{path}: images of {shape[1]}×{shape[2]} pixels (offset 8)."));
        return new PackedImages(pixels, labels, shape[1], shape[2], 1, classes, path);
    }

    private static (byte[] Labels, string Path) Labels(string folder, string part)
    {
        string path = Find(folder, part, "labels", 1)
            ?? throw new FileNotFoundException($"{folder}: {part}-labels-idx1-ubyte is missing (with .gz or without).");
        return (ReadFile(path, 1).Values, path);
    }

    private static string? Find(string folder, string part, string content, int dimensions)
    {
        // Both spellings are in circulation.
        foreach (string separator in new[] { "-", "." })
            foreach (string ending in new[] { "", ".gz" })
                if (Path.Combine(folder, $"{part}-{content}{separator}idx{dimensions}-ubyte{ending}") is var path && File.Exists(path))
                    return path;
        return null;
    }

    /// <summary>Reads one file whole.</summary>
    /// <param name="path">The file.</param>
    /// <param name="dimensions">How many dimensions it has to have.</param>
    /// <exception cref="InvalidDataException">It is not such a file, shorter or longer than its header says.</exception>
    internal static (byte[] Values, int[] Shape) ReadFile(string path, int dimensions)
    {
        using FileStream file = File.OpenRead(path);
        bool compressed = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
        file.Position = 0;
        using Stream stream = compressed ? new GZipStream(file, CompressionMode.Decompress) : file;
        string where = compressed ? $"{path} (unpacked)" : path;
        try
        {
            byte[] header = new byte[4 + 4 * dimensions];
            if (stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length)
                throw new InvalidDataException($"{where}: ends inside its header of {header.Length} bytes.");
            if (header[0] != 0 || header[1] != 0 || header[2] != 8 || header[3] != dimensions)
                throw new InvalidDataException($"{where}: not an IDX file of bytes in {dimensions} dimensions (offset 0: {Convert.ToHexString(header.AsSpan(0, 4))}).");
            int[] shape = new int[dimensions];
            long length = 1;
            for (int i = 0; i < dimensions; i++)
            {
                shape[i] = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4 + 4 * i));
                // The product of what is allowed so far and one more 31-bit number fits into 64 bits.
                if (shape[i] < 0 || (length *= shape[i]) > Array.MaxLength)
                    throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"{where}: dimension {i} is {(uint)shape[i]}, too large (offset {4 + 4 * i})."));
            }
            if (length > (compressed ? file.Length * MaxDeflateRatio : file.Length - header.Length))
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                    $"{path}: truncated; {length} values do not fit into {file.Length} bytes{(compressed ? " of gzip" : "")}."));
            byte[] values = GC.AllocateUninitializedArray<byte>((int)length);
            int read = stream.ReadAtLeast(values, values.Length, throwOnEndOfStream: false);
            if (read < values.Length)
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                    $"{where}: truncated; {length} values expected from offset {header.Length} on, {read} found."));
            if (stream.ReadByte() >= 0)
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                    $"{where}: longer than its header says (more than {length} values; offset {header.Length + length})."));
            return (values, shape);
        }
        catch (InvalidDataException e) when (!e.Message.StartsWith(path, StringComparison.Ordinal))
        {
            throw new InvalidDataException($"{path}: damaged gzip data before offset {file.Position} ({e.Message})", e);
        }
    }

    private static int Largest(byte[] labels) => labels.Length == 0 ? 0 : labels.Max();

    private static string[] Classes(string folder, int count)
    {
        // The files do not say what they show; the name of the folder usually does. torchvision puts them into FashionMNIST/raw.
        string path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (Path.GetFileName(path) == "raw")
            path = Path.GetDirectoryName(path)!;
        bool fashion = count == FashionClasses.Length && Path.GetFileName(path).Contains("fashion", StringComparison.OrdinalIgnoreCase);
        return fashion ? FashionClasses : [.. Enumerable.Range(0, count).Select(i => i.ToString(CultureInfo.InvariantCulture))];
    }
}

using System.Globalization;
using AlexNetSharp.Models;

namespace AlexNetSharp.Data;

/// <summary>CIFAR-10's binary version: data_batch_1.bin and so on, test_batch.bin, batches.meta.txt.</summary>
/// <remarks>
/// As A. Krizhevsky's page describes it: records of 3073 bytes, one for the class, then 1024 each for red, green and blue, row by row.
/// </remarks>
internal static class CifarBatches
{
    private const int Side = 32, Plane = Side * Side, Record = 1 + 3 * Plane;

    private static readonly string[] ClassNames =
        ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    /// <summary>Whether a folder holds CIFAR-10's binary batches.</summary>
    public static bool Recognizes(string folder) => File.Exists(Path.Combine(folder, "data_batch_1.bin"));

    /// <summary>Reads the training set (all data_batch files) and the test set of a folder.</summary>
    public static (IImageDataset Train, IImageDataset Test) Read(string folder)
    {
        string[] train = Directory.GetFiles(folder, "data_batch_*.bin");
        Array.Sort(train, string.CompareOrdinal);
        string test = Path.Combine(folder, "test_batch.bin");
        if (!File.Exists(test))
            throw new FileNotFoundException($"{test}: no such file; CIFAR-10's test set belongs beside its training batches.", test);
        string[] classes = Classes(folder);
        return (ReadFiles(train, folder, classes), ReadFiles([test], test, classes));
    }

    /// <summary>Reads some batches into one set.</summary>
    /// <exception cref="InvalidDataException">A file is not whole records, or a class is above 9.</exception>
    internal static PackedImages ReadFiles(string[] paths, string source, string[] classes)
    {
        long records = 0;
        foreach (string path in paths)
        {
            long length = new FileInfo(path).Length;
            if (length == 0 || length % Record != 0)
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                    $"{path}: {length} bytes are not whole records of {Record}; truncated, or not a CIFAR-10 batch."));
            records += length / Record;
        }
        if (records * 3 * Plane > Array.MaxLength)
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"{source}: {records} images are more than fit into memory."));
        byte[] pixels = GC.AllocateUninitializedArray<byte>((int)records * 3 * Plane), labels = new byte[records], record = new byte[Record];
        int count = 0;
        foreach (string path in paths)
        {
            using FileStream file = File.OpenRead(path);
            while (count < records && file.ReadAtLeast(record, Record, throwOnEndOfStream: false) == Record)
            {
                if (record[0] >= classes.Length)
                    throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                        $"{path}: class {record[0]} at offset {file.Position - Record}; expected 0 to {classes.Length - 1}."));
                labels[count] = record[0];
                Span<byte> image = pixels.AsSpan(count++ * 3 * Plane, 3 * Plane);
                for (int i = 0; i < Plane; i++)
                    (image[3 * i], image[3 * i + 1], image[3 * i + 2]) = (record[1 + i], record[1 + Plane + i], record[1 + 2 * Plane + i]);
            }
        }
        if (count < records)
            throw new InvalidDataException($"{source}: a file became shorter while it was read.");
        return new PackedImages(pixels, labels, Side, Side, 3, classes, source);
    }

    private static string[] Classes(string folder)
    {
        string path = Path.Combine(folder, "batches.meta.txt");
        if (!File.Exists(path) || new FileInfo(path).Length > 1 << 16)
            return ClassNames;
        string[] names = [.. File.ReadLines(path).Select(line => line.Trim()).Where(line => line.Length > 0)];
        return names.Length == ClassNames.Length ? names : ClassNames;
    }
}

using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Data;
using AlexNetSharp.Diagnostics;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Runs;

/// <summary>
/// Opens the same images in all processes: the first process opens and checks them and sends the list to the others. Each of them
/// checks that it has the same images.
/// </summary>
internal static class SharedImages
{
    /// <summary>Sends the images found by this process, the first one, to the others.</summary>
    public static void Tell(IProcessGroup group, TrainData data)
    {
        using var message = new MemoryStream();
        using (var writer = new BinaryWriter(message))
        {
            writer.Write(JsonSerializer.Serialize(data.Preprocessing, SharedJson.Default.Preprocessing));
            writer.Write(data.ValidationSplit ?? double.NaN);
            ColorPca? colors = data.Augmentation?.ColorPca;
            writer.Write(colors is not null);
            foreach (float value in colors?.Components ?? [])
                writer.Write(value);
            writer.Write(data.Validation is not null);
            Write(writer, data.Training);
            if (data.Validation is not null)
                Write(writer, data.Validation);
        }
        group.BroadcastMessage(message.ToArray());
        RequireSame(group, null);
    }

    /// <summary>Opens the images listed by the first process.</summary>
    /// <param name="group">The processes.</param>
    /// <param name="settings">The settings of the run.</param>
    /// <param name="context">The command's context.</param>
    /// <exception cref="InvalidDataException">A process does not have the same images; the message names it.</exception>
    public static TrainData Open(IProcessGroup group, TrainSettings settings, CommandContext context)
    {
        using var reader = new BinaryReader(new MemoryStream(group.BroadcastMessage(null)));
        Preprocessing preprocessing = JsonSerializer.Deserialize(reader.ReadString(), SharedJson.Default.Preprocessing)!;
        double split = reader.ReadDouble();
        ColorPca? colors = reader.ReadBoolean() ? new ColorPca([.. Enumerable.Range(0, 9).Select(_ => reader.ReadSingle())]) : null;
        bool validated = reader.ReadBoolean();
        IImageDecoder decoder = ImageInput.Decoder(context, settings.MaxPixels, settings.Strict);
        var packed = new Lazy<DatasetPair>(() => DatasetReader.Open(settings.Data, TrainData.Options(settings, decoder)));
        string? difference = null;
        IImageDataset? training = Read(reader, decoder, () => packed.Value.Train, ref difference);
        IImageDataset? validation = validated ? Read(reader, decoder, () => packed.Value.Validation, ref difference) : null;
        RequireSame(group, difference);
        long cache = Math.Min(settings.CacheMegabytes << 20, SystemMemory.AvailableBytes / 2), share = validation is null ? cache : cache * training!.Count / (training.Count + validation.Count);
        training = TrainData.Cached(training!, share);
        validation = validation is null ? null : TrainData.Cached(validation, cache - share);
        return new TrainData(training, validation, preprocessing, TrainData.Changes(settings, colors))
        {
            Caches = [.. new[] { training, validation }.OfType<CachedImages>()],
            ValidationSplit = double.IsNaN(split) ? null : split,
        };
    }

    /// <summary>Opens the images to evaluate, found by the first process, in all processes.</summary>
    /// <param name="group">The processes.</param>
    /// <param name="open">Opens the images, in the first process and, for packed files, in the others.</param>
    /// <param name="decoder">Decodes files.</param>
    /// <exception cref="InvalidDataException">A process does not have the same images; the message names it.</exception>
    public static IImageDataset Evaluated(IProcessGroup group, Func<IImageDataset> open, IImageDecoder decoder)
    {
        string? difference = null;
        IImageDataset? images;
        if (group.Rank == 0)
        {
            images = open();
            using var message = new MemoryStream();
            using (var writer = new BinaryWriter(message))
                Write(writer, images);
            group.BroadcastMessage(message.ToArray());
        }
        else
        {
            using var reader = new BinaryReader(new MemoryStream(group.BroadcastMessage(null)));
            images = Read(reader, decoder, open, ref difference);
        }
        RequireSame(group, difference);
        return images!;
    }

    /// <summary>Ends all processes if one has a different file, such as an older copy of a model; the message names it.</summary>
    /// <exception cref="InvalidDataException">A process has a different file.</exception>
    public static void RequireSameFile(IProcessGroup group, string path)
    {
        if (group.Count == 1)
            return;
        using FileStream stream = File.OpenRead(path);
        byte[][] all = group.AllGatherMessages(SHA256.HashData(stream));
        int other = Array.FindIndex(all, hash => !hash.AsSpan().SequenceEqual(all[0]));
        if (other > 0)
            throw ProcessJob.Everywhere(new InvalidDataException($"{path} of {group.Describe(other)} is not the file of rank 0; all processes need the same, shared or copied"));
    }

    /// <summary>Writes a description of the images: files by name and length, packed images by content.</summary>
    private static void Write(BinaryWriter writer, IImageDataset images)
    {
        writer.Write(images.InMemory);
        writer.Write(images.Count);
        writer.Write(images.Classes.Count);
        foreach (string name in images.Classes)
            writer.Write(name);
        if (images.InMemory)
        {
            writer.Write(ContentOf(images));
            return;
        }
        for (int i = 0; i < images.Count; i++)
        {
            writer.Write(images.Name(i));
            writer.Write(images.Label(i));
            writer.Write(new FileInfo(images.Name(i)).Length);
        }
    }

    private static IImageDataset? Read(BinaryReader reader, IImageDecoder decoder, Func<IImageDataset?> open, ref string? difference)
    {
        bool inMemory = reader.ReadBoolean();
        int count = reader.ReadInt32();
        string[] classes = [.. Enumerable.Range(0, reader.ReadInt32()).Select(_ => reader.ReadString())];
        if (inMemory)
        {
            string expected = reader.ReadString();
            try
            {
                IImageDataset? found = open();
                if (found is null || found.Count != count || ContentOf(found) != expected)
                    difference ??= FormattableString.Invariant($"its dataset differs: {found?.Count ?? 0} images instead of {count}, or different pixels or labels");
                return found;
            }
            catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
            {
                difference ??= e.Message;
                return null;
            }
        }
        (string[] paths, int[] labels, long[] lengths) = (new string[count], new int[count], new long[count]);
        for (int i = 0; i < count; i++)
            (paths[i], labels[i], lengths[i]) = (reader.ReadString(), reader.ReadInt32(), reader.ReadInt64());
        // The lowest index, so that the message does not depend on threads.
        int wrong = int.MaxValue;
        Parallel.For(0, count, i =>
        {
            var file = new FileInfo(paths[i]);
            if (!file.Exists || file.Length != lengths[i])
                lock (paths)
                    wrong = Math.Min(wrong, i);
        });
        if (wrong < count)
            difference ??= new FileInfo(paths[wrong]) is { Exists: true, Length: var length }
                ? FormattableString.Invariant($"{paths[wrong]} has {length} bytes there, but {lengths[wrong]} on rank 0")
                : $"{paths[wrong]} is missing there";
        return new ListedImages(paths, labels, classes, decoder);
    }

    /// <summary>Ends all processes if one has different images; the message names it.</summary>
    private static void RequireSame(IProcessGroup group, string? difference)
    {
        byte[][] all = group.AllGatherMessages(System.Text.Encoding.UTF8.GetBytes(difference ?? ""));
        for (int rank = 0; rank < all.Length; rank++)
            if (all[rank].Length > 0)
                throw ProcessJob.Everywhere(new InvalidDataException(
                    $"the images of {group.Describe(rank)} are not those of rank 0: {System.Text.Encoding.UTF8.GetString(all[rank])}; all processes need the same folder, shared or copied"));
    }

    private static string ContentOf(IImageDataset images)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var image = new PixelBuffer();
        for (int i = 0; i < images.Count; i++)
        {
            images.Read(i, image);
            hash.AppendData(BitConverter.GetBytes(images.Label(i)));
            hash.AppendData(image.Pixels);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}

/// <summary>Image files with the classes found by another process.</summary>
internal sealed class ListedImages(string[] paths, int[] labels, IReadOnlyList<string> classes, IImageDecoder decoder) : IImageDataset
{
    public int Count => paths.Length;

    public IReadOnlyList<string> Classes => classes;

    public int Label(int index) => labels[index];

    public string Name(int index) => paths[index];

    public void Read(int index, PixelBuffer target) => decoder.DecodeFile(paths[index], target);
}

/// <summary>Reflection-free serialization of messages between processes.</summary>
[JsonSerializable(typeof(Preprocessing))]
internal sealed partial class SharedJson : JsonSerializerContext;

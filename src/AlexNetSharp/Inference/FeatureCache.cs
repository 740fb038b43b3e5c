using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AlexNetSharp.Execution;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Inference;

/// <summary>A file of image features, so that the images of a folder are computed only once.</summary>
/// <remarks>
/// A safetensors file: one tensor <c>features</c> [n, length], and in the metadata the SHA-256 of each image file and that of everything
/// else that the features depend on (weights, layers, preprocessing, views, bfloat16). An image is known by its content, not by its name or
/// date, so one that was changed is new and one that was moved is not; anything else that changes makes the whole file stale. The file is
/// not trusted: what does not fit is an <see cref="InvalidDataException"/>, after which one begins with an empty cache.
/// </remarks>
public sealed class FeatureCache
{
    private const string TensorName = "features", ModelKey = "alexnetsharp.features.model", ImagesKey = "alexnetsharp.features.images";
    private const int HashCharacters = 2 * SHA256.HashSizeInBytes;

    private readonly Dictionary<string, float[]> _features = new(StringComparer.Ordinal);

    /// <summary>Creates an empty cache.</summary>
    /// <param name="extractor">What makes the features.</param>
    /// <param name="options">The options that it was made with.</param>
    public FeatureCache(FeatureExtractor extractor, InferenceOptions options)
        : this(KeyOf(extractor, options), extractor.Length)
    {
    }

    /// <summary>Creates an empty cache.</summary>
    /// <param name="model">The key from <see cref="KeyOf"/>.</param>
    /// <param name="length">Features per image.</param>
    internal FeatureCache(string model, int length)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        (Model, Length) = (model, length);
    }

    /// <summary>Hash of everything but the image that the features depend on.</summary>
    internal string Model { get; }

    /// <summary>Features per image.</summary>
    internal int Length { get; }

    /// <summary>Number of images in the cache.</summary>
    internal int Count => _features.Count;

    /// <summary>The features of an image, or null.</summary>
    /// <param name="image">The hash from <see cref="HashOf"/>.</param>
    public float[]? Find(string image) => _features.GetValueOrDefault(image);

    /// <summary>Adds an image.</summary>
    /// <param name="image">The hash from <see cref="HashOf"/>.</param>
    /// <param name="features">As many values as <see cref="FeatureExtractor.Length"/>.</param>
    /// <exception cref="ArgumentException">There are more or fewer values.</exception>
    public void Add(string image, float[] features)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (features.Length != Length)
            throw new ArgumentException(FormattableString.Invariant($"{features.Length} features, where {Length} are expected"), nameof(features));
        _features[image] = features;
    }

    /// <summary>Reads a cache.</summary>
    /// <param name="path">The file.</param>
    /// <param name="extractor">What makes the features.</param>
    /// <param name="options">The options that it was made with.</param>
    /// <returns>The cache; empty if it was made with another model or preprocessing.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is damaged or no cache.</exception>
    public static FeatureCache Load(string path, FeatureExtractor extractor, InferenceOptions options) => Load(path, KeyOf(extractor, options), extractor.Length);

    /// <summary>Reads a cache.</summary>
    /// <param name="path">The file.</param>
    /// <param name="model">The current key from <see cref="KeyOf"/>.</param>
    /// <param name="length">Features per image.</param>
    internal static FeatureCache Load(string path, string model, int length)
    {
        var cache = new FeatureCache(model, length);
        using TensorFile file = TensorFile.Open(path);
        if (!file.Metadata.TryGetValue(ModelKey, out string? key) || !file.Metadata.TryGetValue(ImagesKey, out string? images))
            throw new InvalidDataException($"{path}: not a feature cache");
        if (key != model)
            return cache;
        if (!file.TryGet(TensorName, out NamedTensor? tensor) || tensor.Shape.Length != 2 || tensor.Shape[1] != length
            || !tensor.IsFloatingPoint || tensor.Count > Array.MaxLength || tensor.Shape[0] * HashCharacters != images.Length)
            throw new InvalidDataException($"{path}: the feature cache is damaged");
        // The reader has held sizes against the file, so the tensor is no larger than it.
        float[] all = tensor.ToArray();
        for (int i = 0; i < all.Length / length; i++)
        {
            float[] features = all.AsSpan(i * length, length).ToArray();
            if (!float.IsFinite(TensorPrimitives.SumOfMagnitudes<float>(features)))
                throw new InvalidDataException($"{path}: the feature cache holds NaN or infinite values");
            cache.Add(images.Substring(i * HashCharacters, HashCharacters), features);
        }
        return cache;
    }

    /// <summary>Writes the cache, completely or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="images">Which images to write, by <see cref="HashOf"/>; those that are not in the cache are passed over.</param>
    /// <exception cref="IOException">The file cannot be written; an older one stays.</exception>
    public void Save(string path, IEnumerable<string> images)
    {
        string[] kept = [.. images.Where(_features.ContainsKey).Distinct().Order(StringComparer.Ordinal)];
        var source = new TensorSource(TensorName, [kept.Length, Length], (first, destination) =>
        {
            while (destination.Length > 0)
            {
                (long image, long value) = Math.DivRem(first, Length);
                ReadOnlySpan<float> features = _features[kept[image]].AsSpan((int)value);
                features = features[..Math.Min(features.Length, destination.Length)];
                features.CopyTo(destination);
                destination = destination[features.Length..];
                first += features.Length;
            }
        });
        SafetensorsWriter.Write(path, [source], new Dictionary<string, string>
        {
            [ModelKey] = Model,
            [ImagesKey] = string.Concat(kept),
        });
    }

    /// <summary>The SHA-256 of an image file's bytes, in hexadecimal.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static string HashOf(string path)
    {
        // A pipe or a device has no length, and opening or reading one might never end.
        if ((File.ResolveLinkTarget(path, returnFinalTarget: true) ?? new FileInfo(path)) is FileInfo { Exists: true, Length: 0 })
            throw new IOException($"{path}: empty, or not a regular file");
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        return Convert.ToHexString(SHA256.HashData(file));
    }

    /// <summary>The SHA-256 of what the features depend on beside the image, in hexadecimal.</summary>
    /// <param name="extractor">What makes the features.</param>
    /// <param name="options">The options that it was made with.</param>
    internal static string KeyOf(FeatureExtractor extractor, InferenceOptions options)
    {
        ArgumentNullException.ThrowIfNull(extractor);
        ArgumentNullException.ThrowIfNull(options);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string text = string.Create(CultureInfo.InvariantCulture,
            $"1 {extractor.Network.InputShape}\n{extractor.Network.ToJson()}\n{JsonSerializer.Serialize(extractor.Preprocessing, ModelJson.Default.Preprocessing)}\n{options.TenCrop} {options.Precision == Precision.BFloat16}\n");
        hash.AppendData(Encoding.UTF8.GetBytes(text));
        foreach (ParameterSpec spec in extractor.Network.Parameters)
            hash.AppendData(MemoryMarshal.AsBytes(extractor.Model.Parameters[spec.Name].Storage));
        return Convert.ToHexString(hash.GetHashAndReset());
    }
}

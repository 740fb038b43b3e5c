using System.Numerics.Tensors;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Inference;

namespace AlexNetSharp.Cli.Images;

/// <summary>An image, with the distance of its features from those of the query.</summary>
/// <param name="Path">The file.</param>
/// <param name="Distance">Euclidean distance between the features.</param>
internal sealed record Neighbor(string Path, float Distance);

/// <summary>The features of a folder's images, read from the cache or computed.</summary>
internal sealed class ImageLibrary(FeatureExtractor extractor, InferenceOptions options, CommandContext context, InferenceInput inference)
{
    private readonly List<(string Path, float[] Features)> _images = [];
    private readonly List<FileResult<float[]>> _skipped = [];
    private float[] _query = [];

    /// <summary>Number of images that can be searched.</summary>
    public int Count => _images.Count;

    /// <summary>Number of images whose features were computed, including the query.</summary>
    public int Computed { get; private set; }

    /// <summary>Number of images, including the query, whose features were already available: from the cache, or from an image with the same content.</summary>
    public int Cached { get; private set; }

    /// <summary>Skipped images, which could not be read.</summary>
    public IReadOnlyList<FileResult<float[]>> Skipped => _skipped;

    /// <summary>Gets the features of all images and caches them; after an error or an interruption, those computed so far are cached.</summary>
    /// <param name="files">The images to search.</param>
    /// <param name="cachePath">The cache.</param>
    /// <param name="chosen">Whether the user specified the cache; in that case, a file that is not a cache is not overwritten.</param>
    /// <param name="query">The query image; it is excluded from the search results.</param>
    public void Read(IReadOnlyList<string> files, string cachePath, bool chosen, string query)
    {
        FeatureCache cache = OpenCache(cachePath, chosen);
        string[] all = [query, .. files.Where(file => Path.GetFullPath(file) != Path.GetFullPath(query))];
        string?[] hashes = Hash(all);
        bool done = false;
        try
        {
            Compute(cache, all, hashes);
            done = true;
        }
        finally
        {
            // A cache error must not hide the error that ends the command.
            if (Computed > 0)
                SaveCache(cache, cachePath, required: chosen && done, hashes);
        }
    }

    /// <summary>Gets the features of the query, the first of <paramref name="all"/>, and of the images to search.</summary>
    private void Compute(FeatureCache cache, string[] all, string?[] hashes)
    {
        string query = all[0];
        string[] others = all[1..];
        if (hashes[0] is not { } queryHash || cache.Find(queryHash) is null)
        {
            // Even with --skip-bad: without the query there is nothing to search for.
            cache.Add(hashes[0] ?? "", extractor.Extract(query, context.Cancellation));
            Computed++;
        }
        Dictionary<string, string?> hashOf = all.Zip(hashes).ToDictionary(pair => pair.First, pair => pair.Second);
        // Images with the same content are computed once.
        string[] missing = [.. others.Where(path => hashOf[path] is not { } hash || cache.Find(hash) is null).DistinctBy(path => hashOf[path] ?? path)];
        Cached = all.Length - missing.Length - Computed;
        if (missing.Length > 0)
            inference.Collect(
                context, "features", missing.Length, Keep(cache, hashOf, extractor.ExtractFiles(missing, context.Cancellation)), _skipped,
                allMayFail: others.Length > missing.Length);
        _query = cache.Find(hashes[0] ?? "")!;
        foreach (string path in others)
            if (hashOf[path] is { } hash && cache.Find(hash) is { } features)
                _images.Add((path, features));
    }

    /// <summary>Adds features to the cache as soon as they are computed.</summary>
    private IEnumerable<FileResult<float[]>> Keep(FeatureCache cache, Dictionary<string, string?> hashOf, IEnumerable<FileResult<float[]>> images)
    {
        foreach (FileResult<float[]> image in images)
        {
            if (image.Error is null)
            {
                // An image that was unreadable before but is readable now must not be dropped silently.
                cache.Add(hashOf[image.Path] = hashOf[image.Path] ?? FeatureCache.HashOf(image.Path), image.GetOrThrow());
                Computed++;
            }
            yield return image;
        }
    }

    /// <summary>Returns the nearest images, nearest first.</summary>
    public IReadOnlyList<Neighbor> Nearest(int top) =>
    [
        .. _images.Select(image => new Neighbor(image.Path, TensorPrimitives.Distance<float>(_query, image.Features)))
            .OrderBy(neighbor => neighbor.Distance).ThenBy(neighbor => neighbor.Path, StringComparer.Ordinal).Take(top),
    ];

    private FeatureCache OpenCache(string path, bool chosen)
    {
        // The path of an option has been checked, and may be an empty file.
        if (!File.Exists(path) || new FileInfo(path).Length == 0)
            return new FeatureCache(extractor, options);
        try
        {
            return FeatureCache.Load(path, extractor, options);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            if (chosen)
                throw new InvalidDataException($"--cache: {e.Message}; delete it, or choose another file", e);
            context.Note($"{e.Message}; recomputing all features");
            return new FeatureCache(extractor, options);
        }
    }

    private void SaveCache(FeatureCache cache, string path, bool required, IEnumerable<string?> hashes)
    {
        try
        {
            cache.Save(path, hashes.OfType<string>());
        }
        catch (Exception e) when (!required && e is IOException or UnauthorizedAccessException)
        {
            context.Note($"the features cannot be cached ({e.Message}); choose another location with --cache FILE");
        }
    }

    /// <summary>Returns the hash of each image's content; null if it cannot be read, which decoding will report.</summary>
    private string?[] Hash(string[] files)
    {
        var hashes = new string?[files.Length];
        Parallel.For(0, files.Length, new ParallelOptions { CancellationToken = context.Cancellation }, i =>
        {
            try
            {
                hashes[i] = FeatureCache.HashOf(files[i]);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                hashes[i] = null;
            }
        });
        return hashes;
    }
}

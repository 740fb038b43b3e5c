using System.Numerics.Tensors;
using AlexNetSharp.Data;
using AlexNetSharp.Inference;
using AlexNetSharp.Studio.Api;
using AlexNetSharp.Studio.Hosting;
using Microsoft.AspNetCore.Http;

namespace AlexNetSharp.Studio.Analysis;

/// <summary>The images in the open folders, and their features, which are computed in the background.</summary>
/// <remarks>Pages refer to images by number, so no path comes from a browser.</remarks>
internal sealed class ImageFolder(StudioOptions options, StudioModel model) : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly List<(int Id, float[] Features)> _features = [];
    private string[] _paths = [];
    private FeatureExtractor? _extractor;
    private Task _work = Task.CompletedTask;

    /// <summary>Whether any folder is open.</summary>
    public bool IsOpen => options.ImageFolders.Count > 0;

    /// <summary>Number of images in the folders.</summary>
    public int Count => _paths.Length;

    /// <summary>Number of images processed.</summary>
    public int Done { get; private set; }

    /// <summary>Starts computing features.</summary>
    public void Start() => _work = IsOpen ? Task.Run(ReadAsync) : Task.CompletedTask;

    /// <summary>Cancels the work in progress.</summary>
    public void Stop() => _end.Cancel();

    /// <summary>Path of the image with the given number.</summary>
    /// <exception cref="UserException">There is no such image.</exception>
    public string PathOf(int id) =>
        id >= 0 && id < _paths.Length ? _paths[id] : throw new UserException(StatusCodes.Status404NotFound, "There is no such image.");

    /// <summary>Name of an image: its path relative to the folder that was opened.</summary>
    public string NameOf(int id)
    {
        string path = PathOf(id);
        string root = options.ImageFolders.First(folder => path.StartsWith(folder, StringComparison.Ordinal));
        return Path.GetRelativePath(root, path);
    }

    /// <summary>Finds the images nearest to a given one.</summary>
    public async Task<NearSheet> NearestAsync(byte[] image, int top, CancellationToken cancellation)
    {
        if (!IsOpen)
            throw new UserException(StatusCodes.Status404NotFound, "No folder of images is open: start the studio with one, alexnet studio MODEL FOLDER.");
        FeatureExtractor extractor = _extractor ?? throw new UserException(StatusCodes.Status503ServiceUnavailable, model.Error ?? "The model is being loaded.");
        float[] query = await extractor.ExtractEncodedAsync(image, cancellationToken: cancellation).ConfigureAwait(false);
        (int Id, float[] Features)[] all;
        lock (_features)
            all = [.. _features];
        Near[] nearest = [.. all.Select(candidate => (candidate.Id, Distance: TensorPrimitives.Distance<float>(query, candidate.Features)))
            .OrderBy(candidate => candidate.Distance).ThenBy(candidate => candidate.Id).Take(top)
            .Select(candidate => new Near(candidate.Id, NameOf(candidate.Id), candidate.Distance))];
        return new NearSheet(nearest, all.Length);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _work.ConfigureAwait(false);
        // The model is shared with the classifier; both may dispose it.
        _extractor?.Dispose();
        _end.Dispose();
    }

    private async Task ReadAsync()
    {
        try
        {
            _paths = [.. options.ImageFolders.SelectMany(ImageFiles.Find).Distinct()];
            await model.Loading.ConfigureAwait(false);
            if (model.Classifier is not { } classifier)
                return;
            _extractor = new FeatureExtractor(classifier.Model, null, model.Decoder, new InferenceOptions { Threads = options.Threads });
            Dictionary<string, int> ids = _paths.Select((path, id) => (path, id)).ToDictionary(pair => pair.path, pair => pair.id);
            await foreach (FileResult<float[]> image in _extractor.ExtractFilesAsync(_paths, _end.Token).ConfigureAwait(false))
            {
                Done++;
                if (image.Result is { } features)
                    lock (_features)
                        _features.Add((ids[image.Path], features));
            }
        }
        catch (OperationCanceledException)
        {
            // The studio is shutting down.
        }
#pragma warning disable CA1031 // An unreadable folder must not stop the rest.
        catch (Exception e)
#pragma warning restore CA1031
        {
            options.Note(options.Describe(e));
        }
    }
}

using System.Numerics.Tensors;
using AlexNetSharp.Data;
using AlexNetSharp.Inference;
using AlexNetSharp.Studio.Api;
using AlexNetSharp.Studio.Hosting;
using Microsoft.AspNetCore.Http;

namespace AlexNetSharp.Studio.Analysis;

/// <summary>The images of the open folders and their features, which are computed in the background.</summary>
/// <remarks>Pages know images by number: no path comes from a browser.</remarks>
internal sealed class ImageFolder(StudioOptions options, StudioModel model) : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly List<(int Id, float[] Features)> _features = [];
    private string[] _paths = [];
    private FeatureExtractor? _extractor;
    private Task _work = Task.CompletedTask;

    /// <summary>Whether folders are open.</summary>
    public bool IsOpen => options.ImageFolders.Count > 0;

    /// <summary>Images in the folders.</summary>
    public int Count => _paths.Length;

    /// <summary>Images that were looked at.</summary>
    public int Done { get; private set; }

    /// <summary>Begins.</summary>
    public void Start() => _work = IsOpen ? Task.Run(ReadAsync) : Task.CompletedTask;

    /// <summary>Gives up what is under way.</summary>
    public void Stop() => _end.Cancel();

    /// <summary>The file of an image, by its number.</summary>
    /// <exception cref="UserException">There is none.</exception>
    public string PathOf(int id) =>
        id >= 0 && id < _paths.Length ? _paths[id] : throw new UserException(StatusCodes.Status404NotFound, "There is no such image.");

    /// <summary>Name of an image, from the folder that was opened on.</summary>
    public string NameOf(int id)
    {
        string path = PathOf(id);
        string root = options.ImageFolders.First(folder => path.StartsWith(folder, StringComparison.Ordinal));
        return Path.GetRelativePath(root, path);
    }

    /// <summary>The images nearest to another one.</summary>
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
        // The model belongs to the classifier, too; both may dispose of it.
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
            // The studio ends.
        }
#pragma warning disable CA1031 // A folder that cannot be read must not end the rest.
        catch (Exception e)
#pragma warning restore CA1031
        {
            options.Note(options.Describe(e));
        }
    }
}

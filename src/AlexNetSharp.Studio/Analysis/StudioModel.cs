using AlexNetSharp.Data;
using AlexNetSharp.Images;
using AlexNetSharp.Inference;
using AlexNetSharp.Models;
using AlexNetSharp.Studio.Hosting;
using Microsoft.AspNetCore.Http;

namespace AlexNetSharp.Studio.Analysis;

/// <summary>The model of a studio: it loads while the page is already there; one image is looked into at a time.</summary>
internal sealed class StudioModel(StudioOptions options) : IAsyncDisposable
{
    private readonly SemaphoreSlim _looking = new(1);
    private Task? _loading;
    private volatile Classifier? _classifier;
    private NetworkView? _view;

    /// <summary>File or run folder; null without a model.</summary>
    public string? Path => options.ModelPath;

    /// <summary>What went wrong; null where nothing did.</summary>
    public string? Error { get; private set; }

    /// <summary>The classifier, or null as long as it is not there.</summary>
    public Classifier? Classifier => _classifier;

    /// <summary>Ends when the model is loaded, or cannot be.</summary>
    public Task Loading => _loading ?? Task.CompletedTask;

    /// <summary>Reads images from strangers' hands: everything bounded.</summary>
    public ImageDecoder Decoder { get; } = new(new ImageDecoderOptions { MaxPixels = 64 << 20, MaxFileBytes = 64 << 20, MaxPixelScans = 1 << 28, ReduceBeyond = 6_000_000 });

    /// <summary>Begins to load.</summary>
    public void Start() => _loading = options.ModelPath is null ? Task.CompletedTask : Task.Run(Load);

    /// <summary>The classifier.</summary>
    /// <exception cref="UserException">It is not there.</exception>
    public Classifier Require() => _classifier ?? throw new UserException(
        StatusCodes.Status503ServiceUnavailable,
        Error ?? (options.ModelPath is null ? "No model is open: start the studio with one, alexnet studio MODEL." : "The model is being loaded."));

    /// <summary>Looks into the network with an image, alone.</summary>
    public async Task<T> LookAsync<T>(byte[] image, Func<NetworkView, T> look, CancellationToken cancellation)
    {
        Classifier classifier = Require();
        await _looking.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            _view ??= new NetworkView(classifier.Model, classifier.Preprocessing, options.Threads);
            var pixels = new PixelBuffer();
            Decoder.Decode(image, pixels, "image", cancellation);
            _view.Show(pixels);
            return look(_view);
        }
        finally
        {
            _looking.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_loading is not null)
            await _loading.ConfigureAwait(false);
        await _looking.WaitAsync().ConfigureAwait(false);
        _view?.Dispose();
        _classifier?.Dispose();
    }

    private void Load()
    {
        Classifier? classifier = null;
        try
        {
            classifier = Classifier.Load(options.ModelPath!, Decoder, new InferenceOptions { Threads = options.Threads }, options.Network);
            classifier.WarmUp();
            (_classifier, classifier) = (classifier, null);
        }
#pragma warning disable CA1031 // The page shows what is wrong with the model.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Error = options.Describe(e);
            options.Note(Error);
        }
        finally
        {
            classifier?.Dispose();
        }
    }
}

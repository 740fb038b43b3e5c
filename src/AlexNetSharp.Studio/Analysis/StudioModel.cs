using AlexNetSharp.Data;
using AlexNetSharp.Images;
using AlexNetSharp.Inference;
using AlexNetSharp.Models;
using AlexNetSharp.Studio.Hosting;
using Microsoft.AspNetCore.Http;

namespace AlexNetSharp.Studio.Analysis;

/// <summary>The model of a studio. It loads while the page is already available; one image is analyzed at a time.</summary>
internal sealed class StudioModel(StudioOptions options) : IAsyncDisposable
{
    private readonly SemaphoreSlim _looking = new(1);
    private Task? _loading;
    private volatile Classifier? _classifier;
    private NetworkView? _view;

    /// <summary>Path of the model file or run folder; null if there is no model.</summary>
    public string? Path => options.ModelPath;

    /// <summary>Message of the error that loading failed with; null if there was none.</summary>
    public string? Error { get; private set; }

    /// <summary>The classifier, or null until it is loaded.</summary>
    public Classifier? Classifier => _classifier;

    /// <summary>Completes when loading has succeeded or failed.</summary>
    public Task Loading => _loading ?? Task.CompletedTask;

    /// <summary>Decodes untrusted images, with limits on everything.</summary>
    public ImageDecoder Decoder { get; } = new(new ImageDecoderOptions { MaxPixels = 64 << 20, MaxFileBytes = 64 << 20, MaxPixelScans = 1 << 28, ReduceBeyond = 6_000_000 });

    /// <summary>Starts loading.</summary>
    public void Start() => _loading = options.ModelPath is null ? Task.CompletedTask : Task.Run(Load);

    /// <summary>The classifier.</summary>
    /// <exception cref="UserException">The model is not loaded.</exception>
    public Classifier Require() => _classifier ?? throw new UserException(
        StatusCodes.Status503ServiceUnavailable,
        Error ?? (options.ModelPath is null ? "No model is open: start the studio with one, alexnet studio MODEL." : "The model is being loaded."));

    /// <summary>Runs the network on an image with exclusive access.</summary>
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
#pragma warning disable CA1031 // The page shows the error.
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

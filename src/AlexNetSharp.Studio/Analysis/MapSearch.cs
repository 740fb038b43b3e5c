using AlexNetSharp.Data;
using AlexNetSharp.Inference;
using AlexNetSharp.Networks;
using AlexNetSharp.Studio.Api;
using AlexNetSharp.Studio.Hosting;
using AlexNetSharp.Tensors;
using Microsoft.AspNetCore.Http;

namespace AlexNetSharp.Studio.Analysis;

/// <summary>Finds the images in the open folders that activate a feature map most: those with the largest value anywhere in it (Zeiler and Fergus 2014, section 4).</summary>
/// <remarks>The first query starts a single pass over the images, which covers all maps of all layers.</remarks>
internal sealed class MapSearch(StudioModel model, ImageFolder folder, StudioOptions options) : IAsyncDisposable
{
    private const int Best = 5, MostImages = 2000;

    private readonly CancellationTokenSource _end = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (int Image, float Value)[][]> _best = [];
    private Task? _pass;
    private string? _error;
    private int _searched, _count;

    /// <summary>The images that activate a map most, among those processed so far.</summary>
    /// <exception cref="UserException">No folder is open, the model is not loaded, or it has no such map.</exception>
    public ExcitedSheet Find(string layer, int map)
    {
        if (!folder.IsOpen)
            throw new UserException(StatusCodes.Status404NotFound, "No folder of images is open: start the studio with one, alexnet studio MODEL FOLDER.");
        Classifier classifier = model.Require();
        int index = classifier.Model.Network.IndexOf(layer);
        if (index < 0 || map < 0 || map >= classifier.Model.Network.OutputOf(index).Channels)
            throw new UserException(StatusCodes.Status404NotFound, "The network has no such map.");
        lock (_gate)
        {
            if (_error is not null)
                throw new UserException(StatusCodes.Status503ServiceUnavailable, _error);
            if (_pass is null && folder.Count > 0)
                _pass = Task.Factory.StartNew(() => TryPass(classifier), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            (int Image, float Value)[] best = _best.TryGetValue(layer, out var maps) ? maps[map] : [];
            return new ExcitedSheet([.. best.Where(entry => entry.Value > 0).Select(entry => new Excited(entry.Image, folder.NameOf(entry.Image), entry.Value))], _searched, _count);
        }
    }

    /// <summary>Cancels the work in progress.</summary>
    public void Stop() => _end.Cancel();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        if (_pass is not null)
            await _pass.ConfigureAwait(false);
        _end.Dispose();
    }

    private void TryPass(Classifier classifier)
    {
        try
        {
            Pass(classifier);
        }
#pragma warning disable CA1031 // Out of memory, or a disposed model: the next query reports it, and the studio can still shut down.
        catch (Exception e)
#pragma warning restore CA1031
        {
            lock (_gate)
                _error = options.Describe(e);
            options.Note(options.Describe(e));
        }
    }

    private void Pass(Classifier classifier)
    {
        using var view = new NetworkView(classifier.Model, classifier.Preprocessing, options.Threads);
        var pixels = new PixelBuffer();
        Network network = view.Network;
        // A layer and its ReLU count as one.
        int[] layers = [.. Enumerable.Range(0, network.Layers.Count).Where(i => !(i > 0 && network.Layers[i] is ReLU && network.Layers[i - 1] is Conv2d or Linear))];
        lock (_gate)
        {
            _count = Math.Min(folder.Count, MostImages);
            foreach (int i in layers)
                _best[network.Layers[i].Name] = [.. Enumerable.Range(0, network.OutputOf(i).Channels).Select(_ => new (int, float)[Best])];
        }
        for (int image = 0; image < _count && !_end.IsCancellationRequested; image++)
        {
            try
            {
                model.Decoder.DecodeFile(folder.PathOf(image), pixels);
                view.Show(pixels);
                lock (_gate)
                    foreach (int i in layers)
                        Take(_best[network.Layers[i].Name], network.OutputOf(i), view.Activation(network.Layers[i].Name), image);
            }
            catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
            {
                // An unreadable image activates nothing.
            }
            lock (_gate)
                _searched++;
        }
    }

    private static void Take((int Image, float Value)[][] best, Shape shape, ReadOnlySpan<float> values, int image)
    {
        int channels = shape.Channels;
        var most = new float[channels];
        for (int i = 0; i < values.Length; i += channels)
            System.Numerics.Tensors.TensorPrimitives.Max(most, values.Slice(i, channels), most);
        for (int c = 0; c < channels; c++)
        {
            (int Image, float Value)[] kept = best[c];
            if (most[c] <= kept[^1].Value)
                continue;
            int at = kept.Length - 1;
            for (; at > 0 && kept[at - 1].Value < most[c]; at--)
                kept[at] = kept[at - 1];
            kept[at] = (image, most[c]);
        }
    }
}

using System.Collections.Concurrent;
using System.Security.Cryptography;
using AlexNetSharp.Inference;
using AlexNetSharp.Models;
using AlexNetSharp.Studio.Analysis;
using AlexNetSharp.Studio.Hosting;
using Microsoft.AspNetCore.Http;

namespace AlexNetSharp.Studio.Teaching;

/// <summary>The teaching sessions of all pages, and what they share: the layers that extract features, and one training at a time.</summary>
internal sealed class Teacher : IAsyncDisposable
{
    private readonly StudioOptions _options;
    private readonly StudioModel _model;
    private readonly ConcurrentDictionary<string, TeachSession> _sessions = new();
    private readonly Lock _gate = new();
    private readonly Timer _sweeper;
    private FeatureExtractor? _extractor;
    private bool _ended;

    /// <summary>Creates a teacher without sessions.</summary>
    public Teacher(StudioOptions options, StudioModel model)
    {
        (_options, _model) = (options, model);
        TimeSpan period = TimeSpan.FromTicks(Math.Clamp(options.Grace.Ticks / 4, TimeSpan.FromSeconds(0.1).Ticks, TimeSpan.FromSeconds(5).Ticks));
        _sweeper = new Timer(_ => Sweep(), null, period, period);
    }

    /// <summary>Allows one training at a time.</summary>
    public SemaphoreSlim Turn { get; } = new(1);

    /// <summary>Number of pages that are teaching.</summary>
    public int Count => _sessions.Count;

    /// <summary>Opens a session for a page.</summary>
    /// <exception cref="UserException">No model is loaded, its last layer cannot be replaced, or there are too many pages.</exception>
    public TeachSession Open()
    {
        Model model = Require();
        try
        {
            HeadTraining.LayerBefore(model.Network);
        }
        catch (InvalidOperationException e)
        {
            throw new UserException(StatusCodes.Status409Conflict, $"This model cannot be taught: {e.Message}.");
        }
        lock (_gate)
        {
            if (_sessions.Count >= TeachLimits.Sessions || _ended)
                throw new UserException(StatusCodes.Status429TooManyRequests, $"{_sessions.Count} pages are already teaching: close one of them.");
            var session = new TeachSession(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12)), _options);
            _sessions[session.Id] = session;
            return session;
        }
    }

    /// <summary>Returns the session of a page.</summary>
    /// <exception cref="UserException">The session has ended.</exception>
    public TeachSession Get(string id) => _sessions.TryGetValue(id, out TeachSession? session) ? session : throw TeachSession.Gone();

    /// <summary>Returns the model that is taught.</summary>
    public Model Require() => _model.Require().Model;

    /// <summary>Starts training for a session.</summary>
    public void Train(TeachSession session, Api.TrainRequest request) => session.Train(Require(), request, Turn);

    /// <summary>Computes the features of an image.</summary>
    public Task<float[]> FeaturesAsync(byte[] image, CancellationToken cancellation) =>
        Extractor().ExtractEncodedAsync(image, cancellationToken: cancellation);

    /// <summary>Number of features of an image.</summary>
    public int FeatureLength => Extractor().Length;

    /// <summary>Ends a session.</summary>
    public async Task EndAsync(string id)
    {
        if (!_sessions.TryRemove(id, out TeachSession? session))
            return;
        await session.DisposeAsync().ConfigureAwait(false);
        FeatureExtractor? unused = null;
        lock (_gate)
            if (_sessions.IsEmpty)
                (unused, _extractor) = (_extractor, null);
        unused?.Dispose();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
            _ended = true;
        await _sweeper.DisposeAsync().ConfigureAwait(false);
        foreach (string id in _sessions.Keys)
            await EndAsync(id).ConfigureAwait(false);
        _extractor?.Dispose();
        Turn.Dispose();
    }

    private FeatureExtractor Extractor()
    {
        Classifier classifier = _model.Require();
        lock (_gate)
        {
            if (_extractor is not null)
                return _extractor;
            Networks.Network network = classifier.Model.Network;
            Networks.Network front = network.Until(network.HeadIndex);
            // A view of the weights: disposing it does not free the model's memory.
            var model = new Model(classifier.Model.Parameters.Of(front), classifier.Preprocessing);
            return _extractor = new FeatureExtractor(model, HeadTraining.LayerBefore(network), _model.Decoder, new InferenceOptions { Threads = _options.Threads });
        }
    }

    /// <summary>Ends the sessions of pages that have disconnected.</summary>
    private void Sweep()
    {
        foreach (TeachSession session in _sessions.Values)
            if (session.IsQuietFor(_options.Grace))
                _ = EndAsync(session.Id);
    }
}

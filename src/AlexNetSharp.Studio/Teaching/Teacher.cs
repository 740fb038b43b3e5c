using System.Collections.Concurrent;
using System.Security.Cryptography;
using AlexNetSharp.Inference;
using AlexNetSharp.Models;
using AlexNetSharp.Studio.Analysis;
using AlexNetSharp.Studio.Hosting;
using Microsoft.AspNetCore.Http;

namespace AlexNetSharp.Studio.Teaching;

/// <summary>The pages that teach, and what they have in common: the layers that make features of an image, and one training at a time.</summary>
internal sealed class Teacher : IAsyncDisposable
{
    private readonly StudioOptions _options;
    private readonly StudioModel _model;
    private readonly ConcurrentDictionary<string, TeachSession> _sessions = new();
    private readonly Lock _gate = new();
    private readonly Timer _sweeper;
    private FeatureExtractor? _extractor;
    private bool _ended;

    /// <summary>Nobody teaches yet.</summary>
    public Teacher(StudioOptions options, StudioModel model)
    {
        (_options, _model) = (options, model);
        TimeSpan period = TimeSpan.FromTicks(Math.Clamp(options.Grace.Ticks / 4, TimeSpan.FromSeconds(0.1).Ticks, TimeSpan.FromSeconds(5).Ticks));
        _sweeper = new Timer(_ => Sweep(), null, period, period);
    }

    /// <summary>One training at a time.</summary>
    public SemaphoreSlim Turn { get; } = new(1);

    /// <summary>Pages that teach.</summary>
    public int Count => _sessions.Count;

    /// <summary>Begins for a page.</summary>
    /// <exception cref="UserException">There is no model yet, its last layer cannot be replaced, or there are too many pages.</exception>
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
                throw new UserException(StatusCodes.Status429TooManyRequests, $"{_sessions.Count} pages teach already: close one of them.");
            var session = new TeachSession(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12)), _options);
            _sessions[session.Id] = session;
            return session;
        }
    }

    /// <summary>What a page teaches.</summary>
    /// <exception cref="UserException">It is not there any more.</exception>
    public TeachSession Get(string id) => _sessions.TryGetValue(id, out TeachSession? session) ? session : throw TeachSession.Gone();

    /// <summary>The model that is taught.</summary>
    public Model Require() => _model.Require().Model;

    /// <summary>Trains what a page teaches.</summary>
    public void Train(TeachSession session, Api.TrainRequest request) => session.Train(Require(), request, Turn);

    /// <summary>What the layers before the classes make of an image.</summary>
    public Task<float[]> FeaturesAsync(byte[] image, CancellationToken cancellation) =>
        Extractor().ExtractEncodedAsync(image, cancellationToken: cancellation);

    /// <summary>Values of an image's features.</summary>
    public int FeatureLength => Extractor().Length;

    /// <summary>Forgets what a page taught.</summary>
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
            // A view of the weights: to dispose of it frees nothing of the model's.
            var model = new Model(classifier.Model.Parameters.Of(front), classifier.Preprocessing);
            return _extractor = new FeatureExtractor(model, HeadTraining.LayerBefore(network), _model.Decoder, new InferenceOptions { Threads = _options.Threads });
        }
    }

    /// <summary>Ends what pages taught that have gone.</summary>
    private void Sweep()
    {
        foreach (TeachSession session in _sessions.Values)
            if (session.IsQuietFor(_options.Grace))
                _ = EndAsync(session.Id);
    }
}

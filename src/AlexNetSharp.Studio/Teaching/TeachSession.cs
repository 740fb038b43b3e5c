using AlexNetSharp.Models;
using AlexNetSharp.Studio.Api;
using AlexNetSharp.Studio.Hosting;
using Microsoft.AspNetCore.Http;

namespace AlexNetSharp.Studio.Teaching;

/// <summary>The teaching session of one page: the features of its images, and the head trained on them.</summary>
/// <remarks>An image is reduced to its features on arrival; only the page keeps the image.</remarks>
internal sealed class TeachSession(string id, StudioOptions options) : IAsyncDisposable
{
    // The second lock is held while a model is written, which takes a second.
    private readonly Lock _gate = new(), _headGate = new();
    private readonly List<TaughtImage> _images = [];
    private CancellationTokenSource? _stop;
    private Task _work = Task.CompletedTask;
    private HeadTraining? _head;
    private TeachState _state = new("collecting");
    private int _nextImage, _listeners;
    private long _quietSince = Environment.TickCount64;
    private volatile bool _ended;

    /// <summary>Unguessable ID of the session.</summary>
    public string Id => id;

    /// <summary>Whether the page has not listened to the events for the given time.</summary>
    public bool IsQuietFor(TimeSpan time)
    {
        lock (_gate)
            return _listeners == 0 && Environment.TickCount64 - _quietSince > time.TotalMilliseconds;
    }

    /// <summary>Counts a page that connects (+1) or disconnects (−1).</summary>
    public void Listen(int change)
    {
        lock (_gate)
            (_listeners, _quietSince) = (_listeners + change, Environment.TickCount64);
    }

    /// <summary>Version number, incremented with every change of <see cref="State"/>.</summary>
    public int Version { get; private set; }

    /// <summary>State of the training.</summary>
    public TeachState State
    {
        get
        {
            lock (_gate)
                return _state;
        }
        private set
        {
            lock (_gate)
                (_state, Version) = (value, Version + 1);
        }
    }

    /// <summary>Adds the features of an image.</summary>
    /// <returns>Number of the image.</returns>
    /// <exception cref="UserException">The page has reached its limit.</exception>
    public int Add(int classNumber, float[] features)
    {
        lock (_gate)
        {
            ThrowIfEnded();
            CheckRoom(features.Length);
            _images.Add(new TaughtImage(_nextImage, classNumber, features));
            return _nextImage++;
        }
    }

    /// <summary>Rejects an image before its features are computed, if there is no room.</summary>
    /// <exception cref="UserException">The page has reached its limit.</exception>
    public void CheckRoom(int features)
    {
        lock (_gate)
            if (_images.Count >= TeachLimits.Images || (_images.Count + 1L) * features * sizeof(float) > TeachLimits.FeatureBytes)
                throw new UserException(StatusCodes.Status413PayloadTooLarge, $"There is no room for more than {_images.Count} images: remove some.");
    }

    /// <summary>Number of images of the page.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _images.Count;
        }
    }

    /// <summary>Removes an image, or all images of a class.</summary>
    public void Remove(int? image, int? classNumber)
    {
        lock (_gate)
            _images.RemoveAll(candidate => candidate.Id == image || candidate.Class == classNumber);
    }

    /// <summary>Starts training.</summary>
    /// <param name="model">The model that is taught.</param>
    /// <param name="request">Classes and epochs.</param>
    /// <param name="turn">Allows one training at a time in the whole studio.</param>
    /// <exception cref="UserException">The classes and images do not allow training; the message says why.</exception>
    public void Train(Model model, TrainRequest request, SemaphoreSlim turn)
    {
        TaughtImage[] images;
        lock (_gate)
            images = [.. _images];
        TaughtClass[] classes = TaughtClass.Check(request, images);
        if (!turn.Wait(0))
            throw new UserException(StatusCodes.Status409Conflict, "A training is already running: wait for it to finish, or stop it.");
        try
        {
            lock (_gate)
            {
                ThrowIfEnded();
                _stop?.Dispose();
                _stop = new CancellationTokenSource();
                CancellationToken stopping = _stop.Token;
                _state = new TeachState("training") { Epochs = request.Epochs, Classes = [.. classes.Select(c => c.Name)] };
                Version++;
                _work = Task.Run(() => Run(model, images, classes, request.Epochs, turn, stopping));
            }
        }
        catch
        {
            turn.Release();
            throw;
        }
    }

    /// <summary>Stops training after the current epoch; what was learned is kept.</summary>
    public void Stop()
    {
        lock (_gate)
            _stop?.Cancel();
    }

    /// <summary>Classifies an image by its features; the most probable class comes first.</summary>
    /// <exception cref="UserException">Nothing has been learned yet.</exception>
    public ClassBar[] Classify(float[] features) => WithHead<ClassBar[]>(head =>
        [.. head.Classify(features).Select((probability, index) => new ClassBar(index, head.Classes[index].Id, head.Classes[index].Name, probability))
            .OrderByDescending(bar => bar.Probability).ThenBy(bar => bar.Index)]);

    /// <summary>Gives access to the trained head; the caller must not keep it.</summary>
    /// <exception cref="UserException">Nothing has been learned yet.</exception>
    public T WithHead<T>(Func<HeadTraining, T> use)
    {
        lock (_headGate)
        {
            ThrowIfEnded();
            return use(_head ?? throw new UserException(StatusCodes.Status409Conflict, "Nothing has been learned yet: train first."));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _ended = true;
            _stop?.Cancel();
        }
        await _work.ConfigureAwait(false);
        lock (_headGate)
        {
            _head?.Dispose();
            _head = null;
        }
        lock (_gate)
        {
            _stop?.Dispose();
            _images.Clear();
        }
    }

    /// <summary>Throws if the session has ended.</summary>
    /// <exception cref="UserException">The session has ended.</exception>
    public void ThrowIfEnded()
    {
        if (_ended)
            throw Gone();
    }

    /// <summary>The error for a session that has ended.</summary>
    public static UserException Gone() => new(StatusCodes.Status404NotFound, "What this page taught is no longer available.");

    private void Run(Model model, TaughtImage[] images, TaughtClass[] classes, int epochs, SemaphoreSlim turn, CancellationToken stopping)
    {
        HeadTraining? training = null;
        try
        {
            training = new HeadTraining(model, images, classes, epochs, options.Threads);
            training.Run(state => State = state, stopping);
            lock (_headGate)
            {
                _head?.Dispose();
                (_head, training) = (training, null);
            }
            State = State with { Phase = "trained" };
        }
        catch (OperationCanceledException)
        {
            State = new TeachState("collecting");
        }
#pragma warning disable CA1031 // The page shows the error.
        catch (Exception e)
#pragma warning restore CA1031
        {
            State = State with { Phase = "failed", Error = options.Describe(e) };
        }
        finally
        {
            training?.Dispose();
            turn.Release();
        }
    }
}

/// <summary>An image of a page.</summary>
/// <param name="Id">Number of the image.</param>
/// <param name="Class">Number of its class, assigned by the page.</param>
/// <param name="Features">Output of the layers before the last one.</param>
internal sealed record TaughtImage(int Id, int Class, float[] Features);

/// <summary>A class to train.</summary>
/// <param name="Number">Number assigned by the page.</param>
/// <param name="Name">Name of the class.</param>
internal sealed record TaughtClass(int Number, string Name)
{
    /// <summary>Validates the classes of a request.</summary>
    /// <exception cref="UserException">The request is invalid; the message says why.</exception>
    public static TaughtClass[] Check(TrainRequest request, IReadOnlyList<TaughtImage> images)
    {
        if (request.Epochs is < 1 or > TeachLimits.Epochs)
            throw Refusal($"The number of epochs must be 1 to {TeachLimits.Epochs}, not {request.Epochs}.");
        if (request.Classes is null || request.Classes.Count < 2)
            throw Refusal("Training needs at least two classes: add another one.");
        if (request.Classes.Count > TeachLimits.Classes)
            throw Refusal($"There are {request.Classes.Count} classes, but at most {TeachLimits.Classes} are allowed.");
        var classes = new List<TaughtClass>();
        foreach (ClassRequest? asked in request.Classes)
        {
            string name = asked?.Name?.Trim() ?? "";
            if (name.Length == 0)
                throw Refusal("A class has no name: give it one.");
            if (name.Length > TeachLimits.NameLength || name.Any(c => char.IsControl(c)))
                throw Refusal($"A class name must be one line of at most {TeachLimits.NameLength} characters: change the name of class {classes.Count + 1}.");
            if (classes.Any(other => string.Equals(other.Name, name, StringComparison.OrdinalIgnoreCase)))
                throw Refusal($"Two classes are called '{name}': rename one of them.");
            if (classes.Any(other => other.Number == asked!.Number))
                throw Refusal($"Class {asked!.Number} appears twice.");
            if (!images.Any(image => image.Class == asked!.Number))
                throw Refusal($"'{name}' has no images: add some, or remove the class.");
            classes.Add(new TaughtClass(asked!.Number, name));
        }
        return [.. classes];
    }

    private static UserException Refusal(string message) => new(StatusCodes.Status400BadRequest, message);
}

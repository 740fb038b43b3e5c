using AlexNetSharp.Models;
using AlexNetSharp.Studio.Api;
using AlexNetSharp.Studio.Hosting;
using Microsoft.AspNetCore.Http;

namespace AlexNetSharp.Studio.Teaching;

/// <summary>What one page teaches: the features of its images, and what was learned from them.</summary>
/// <remarks>An image becomes its features when it comes, and is kept by the page alone.</remarks>
internal sealed class TeachSession(string id, StudioOptions options) : IAsyncDisposable
{
    // The second one is held while a model is written, which takes a second.
    private readonly Lock _gate = new(), _headGate = new();
    private readonly List<TaughtImage> _images = [];
    private CancellationTokenSource? _stop;
    private Task _work = Task.CompletedTask;
    private HeadTraining? _head;
    private TeachState _state = new("collecting");
    private int _nextImage, _listeners;
    private long _quietSince = Environment.TickCount64;
    private volatile bool _ended;

    /// <summary>Name that nobody guesses.</summary>
    public string Id => id;

    /// <summary>Whether the page has not listened to the events for so long.</summary>
    public bool IsQuietFor(TimeSpan time)
    {
        lock (_gate)
            return _listeners == 0 && Environment.TickCount64 - _quietSince > time.TotalMilliseconds;
    }

    /// <summary>A page listens, or goes.</summary>
    public void Listen(int change)
    {
        lock (_gate)
            (_listeners, _quietSince) = (_listeners + change, Environment.TickCount64);
    }

    /// <summary>Rises with every change of <see cref="State"/>.</summary>
    public int Version { get; private set; }

    /// <summary>Where the training stands.</summary>
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

    /// <summary>Takes the features of an image.</summary>
    /// <returns>Number of the image.</returns>
    /// <exception cref="UserException">The page has as many as it may have.</exception>
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

    /// <summary>Refuses a further image before it is computed.</summary>
    /// <exception cref="UserException">The page has as many as it may have.</exception>
    public void CheckRoom(int features)
    {
        lock (_gate)
            if (_images.Count >= TeachLimits.Images || (_images.Count + 1L) * features * sizeof(float) > TeachLimits.FeatureBytes)
                throw new UserException(StatusCodes.Status413PayloadTooLarge, $"There are {_images.Count} images, more are not taken: remove some.");
    }

    /// <summary>Images of the page.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _images.Count;
        }
    }

    /// <summary>Forgets an image, or all of a class.</summary>
    public void Remove(int? image, int? classNumber)
    {
        lock (_gate)
            _images.RemoveAll(candidate => candidate.Id == image || candidate.Class == classNumber);
    }

    /// <summary>Begins to train.</summary>
    /// <param name="model">What the page teaches something new.</param>
    /// <param name="request">Classes and epochs.</param>
    /// <param name="turn">One training at a time in the whole studio.</param>
    /// <exception cref="UserException">It cannot be trained with what is there.</exception>
    public void Train(Model model, TrainRequest request, SemaphoreSlim turn)
    {
        TaughtImage[] images;
        lock (_gate)
            images = [.. _images];
        TaughtClass[] classes = TaughtClass.Check(request, images);
        if (!turn.Wait(0))
            throw new UserException(StatusCodes.Status409Conflict, "A training is running already: wait for its end, or stop it.");
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

    /// <summary>Ends the training after its epoch; what was learned stays.</summary>
    public void Stop()
    {
        lock (_gate)
            _stop?.Cancel();
    }

    /// <summary>The classes of an image by its features, the most probable first.</summary>
    /// <exception cref="UserException">Nothing was learned yet.</exception>
    public ClassBar[] Classify(float[] features) => WithHead<ClassBar[]>(head =>
        [.. head.Classify(features).Select((probability, index) => new ClassBar(index, head.Classes[index].Id, head.Classes[index].Name, probability))
            .OrderByDescending(bar => bar.Probability).ThenBy(bar => bar.Index)]);

    /// <summary>Hands out what was learned; the caller must not keep it.</summary>
    /// <exception cref="UserException">Nothing was learned yet.</exception>
    public T WithHead<T>(Func<HeadTraining, T> use)
    {
        lock (_headGate)
        {
            ThrowIfEnded();
            return use(_head ?? throw new UserException(StatusCodes.Status409Conflict, "Nothing was learned yet: train first."));
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

    /// <summary>Throws if the page has gone.</summary>
    /// <exception cref="UserException">It has.</exception>
    public void ThrowIfEnded()
    {
        if (_ended)
            throw Gone();
    }

    /// <summary>The page's session is over.</summary>
    public static UserException Gone() => new(StatusCodes.Status404NotFound, "What this page taught is not here any more.");

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
#pragma warning disable CA1031 // The page shows what went wrong.
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
/// <param name="Id">Its number.</param>
/// <param name="Class">Number of its class, as the page gave it.</param>
/// <param name="Features">What the layers before the classes make of it.</param>
internal sealed record TaughtImage(int Id, int Class, float[] Features);

/// <summary>A class of a training.</summary>
/// <param name="Number">As the page gave it.</param>
/// <param name="Name">Its name.</param>
internal sealed record TaughtClass(int Number, string Name)
{
    /// <summary>The classes of a request, if something can be learned from them.</summary>
    /// <exception cref="UserException">It cannot; the message says why.</exception>
    public static TaughtClass[] Check(TrainRequest request, IReadOnlyList<TaughtImage> images)
    {
        if (request.Epochs is < 1 or > TeachLimits.Epochs)
            throw Refusal($"A training has 1 to {TeachLimits.Epochs} epochs, not {request.Epochs}.");
        if (request.Classes is null || request.Classes.Count < 2)
            throw Refusal("Two classes are the least that can be told apart: add another one.");
        if (request.Classes.Count > TeachLimits.Classes)
            throw Refusal($"There are {request.Classes.Count} classes, and at most {TeachLimits.Classes} are taken.");
        var classes = new List<TaughtClass>();
        foreach (ClassRequest? asked in request.Classes)
        {
            string name = asked?.Name?.Trim() ?? "";
            if (name.Length == 0)
                throw Refusal("A class has no name: give it one.");
            if (name.Length > TeachLimits.NameLength || name.Any(c => char.IsControl(c)))
                throw Refusal($"A name of a class has at most {TeachLimits.NameLength} letters on one line: change the name of class {classes.Count + 1}.");
            if (classes.Any(other => string.Equals(other.Name, name, StringComparison.OrdinalIgnoreCase)))
                throw Refusal($"Two classes are called '{name}': rename one of them.");
            if (classes.Any(other => other.Number == asked!.Number))
                throw Refusal($"Class {asked!.Number} is there twice.");
            if (!images.Any(image => image.Class == asked!.Number))
                throw Refusal($"'{name}' has no images: add some, or remove the class.");
            classes.Add(new TaughtClass(asked!.Number, name));
        }
        return [.. classes];
    }

    private static UserException Refusal(string message) => new(StatusCodes.Status400BadRequest, message);
}

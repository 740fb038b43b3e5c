using AlexNetSharp.Data;
using AlexNetSharp.Networks;
using AlexNetSharp.Studio.Analysis;
using AlexNetSharp.Studio.Api;
using AlexNetSharp.Studio.Hosting;
using AlexNetSharp.Training;
using Microsoft.AspNetCore.Http;

namespace AlexNetSharp.Studio.Runs;

/// <summary>Confusion matrix and worst mistakes of a run. One run is evaluated at a time; the last result is kept.</summary>
internal sealed class RunEvaluations(StudioOptions options, RunReader runs, IImageDecoder decoder) : IAsyncDisposable
{
    /// <summary>Maximum number of classes for a readable confusion matrix.</summary>
    private const int MostClasses = 40;

    private readonly Lock _gate = new();
    private CancellationTokenSource? _stop;
    private Task _task = Task.CompletedTask;
    private EvaluationState _state = new(-1, "none");
    private RunEvaluation? _kept;

    /// <summary>State of the evaluation of a run.</summary>
    public EvaluationState StateOf(int id)
    {
        runs.FolderOf(id);
        lock (_gate)
            return _state.Run == id ? _state : new EvaluationState(id, "none");
    }

    /// <summary>Starts an evaluation; cancels that of another run.</summary>
    /// <exception cref="UserException">The run's images are not open.</exception>
    public async Task StartAsync(int id)
    {
        string run = runs.FolderOf(id);
        if (options.RunWork is null || options.ImageFolders.Count == 0)
            throw new UserException(StatusCodes.Status409Conflict, "The run's images are not open: start the studio with their folder as well, alexnet studio RUN IMAGES.");
        await StopAsync().ConfigureAwait(false);
        lock (_gate)
        {
            if (_state.Phase == "running")
                return;
            _stop?.Dispose();
            _stop = new CancellationTokenSource();
            CancellationToken stopping = _stop.Token;
            (_state, _kept) = (new EvaluationState(id, "running"), null);
            _task = Task.Factory.StartNew(() => Evaluate(id, run, stopping), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
    }

    /// <summary>Cancels the evaluation.</summary>
    public async Task StopAsync()
    {
        Task task;
        lock (_gate)
        {
            _stop?.Cancel();
            task = _task;
        }
        await task.ConfigureAwait(false);
    }

    /// <summary>The network's view of a misclassified image, as RGBA bytes with alpha 255.</summary>
    /// <exception cref="UserException">There is no such image.</exception>
    public byte[] Picture(int id, int index)
    {
        RunEvaluation? kept;
        lock (_gate)
            kept = _state.Run == id ? _kept : null;
        if (kept is null || index < 0 || index >= kept.Result.Mistakes.Count)
            throw new UserException(StatusCodes.Status404NotFound, "There is no such image.");
        var pixels = new PixelBuffer();
        kept.Images.Read(kept.Result.Mistakes[index].Index, pixels);
        Preprocessing seen = kept.Preprocessing with { Scale = 1, Mean = [], StandardDeviation = [] };
        var values = new float[seen.Length];
        new Preprocessor(seen).Apply(pixels, values);
        return MapPicture.Rgba(values, seen.Channels, seen.ChannelOrder == ChannelOrder.Bgr);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _stop?.Dispose();
    }

    private void Evaluate(int id, string run, CancellationToken stopping)
    {
        InvalidDataException? first = null;
        try
        {
            // Prefer the folder that the run was trained on, if it is open.
            string? data = runs.Read(id, null).Settings.GetValueOrDefault("data");
            string? trained = data is null ? null : Path.TrimEndingDirectorySeparator(Path.GetFullPath(data));
            foreach (string folder in options.ImageFolders.OrderByDescending(folder => Path.TrimEndingDirectorySeparator(folder) == trained))
            {
                try
                {
                    RunEvaluation evaluation = options.RunWork!.Evaluate(run, folder, decoder, (done, count) => Set(state => state with { Done = done, Count = count }), stopping);
                    Set(state => Done(state, evaluation), evaluation);
                    return;
                }
                catch (InvalidDataException e)
                {
                    first ??= e;
                }
            }
            Set(state => state with { Phase = "failed", Error = options.Describe(first!) });
        }
        catch (OperationCanceledException)
        {
            Set(state => state with { Phase = "none" });
        }
#pragma warning disable CA1031 // The page shows the error.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Set(state => state with { Phase = "failed", Error = options.Describe(e) });
        }
    }

    private void Set(Func<EvaluationState, EvaluationState> change, RunEvaluation? kept = null)
    {
        lock (_gate)
            (_state, _kept) = (change(_state), kept);
    }

    private static EvaluationState Done(EvaluationState state, RunEvaluation evaluation)
    {
        Evaluation result = evaluation.Result;
        int n = result.Confusion.Classes.Count;
        return state with
        {
            Phase = "done",
            Description = evaluation.Description,
            TopOne = result.Tally.Top1,
            Loss = result.Tally.Loss,
            Classes = result.Confusion.Classes,
            Confusion = n > MostClasses ? [] : [.. Enumerable.Range(0, n * n).Select(i => result.Confusion[i / n, i % n])],
            Mistakes = [.. result.Mistakes.Select(m => new EvaluationMistake(Path.GetFileName(evaluation.Images.Name(m.Index)), m.Label, m.Predicted, m.Probability))],
            Width = evaluation.Preprocessing.CropWidth,
            Height = evaluation.Preprocessing.CropHeight,
        };
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using AlexNetSharp.Studio.Hosting;
using Microsoft.AspNetCore.Http;

namespace AlexNetSharp.Studio.Runs;

/// <summary>The trainings that this studio continued, each in a process of its own; they are stopped with it, and keep where they stand.</summary>
/// <remarks>
/// Those of the same user that somebody else started may be stopped, too: the system says which process has the folder's lock
/// (<see cref="TrainingProcess"/>), and it is looked at right before it gets the signal.
/// </remarks>
internal sealed class RunTrainings(IRunWork? work, RunReader runs) : IAsyncDisposable
{
    private const int MostTrainings = 2;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<int, Training> _trainings = new();
    private readonly HashSet<TrainingProcess> _asked = [];
    private readonly Lock _gate = new();

    /// <summary>Whether this studio trains a run.</summary>
    public bool IsOurs(int id) => _trainings.TryGetValue(id, out Training? training) && !training.Process.HasExited;

    /// <summary>Whether a run can go on: it has a checkpoint and is not at its end.</summary>
    public bool CanContinue(int id, bool isRunning, int epochs, int? wanted) => work is { CanContinue: true } && !isRunning && epochs < wanted
        && File.Exists(AlexNetSharp.Training.RunFolder.LastCheckpointOf(runs.FolderOf(id)));

    /// <summary>The last line of a training that failed; null where none did.</summary>
    public string? ProblemOf(int id) =>
        _trainings.TryGetValue(id, out Training? training) && training.Process is { HasExited: true, ExitCode: not 0 } && !training.Stopped ? training.LastLine ?? "The training failed." : null;

    /// <summary>Continues a run.</summary>
    /// <exception cref="UserException">It cannot be continued.</exception>
    public void Continue(int id)
    {
        Api.RunTable table = runs.Read(id, this);
        lock (_gate)
        {
            if (table.IsRunning || IsOurs(id))
                throw Conflict("This run is being trained already.");
            if (!table.CanContinue)
                throw Conflict("This run cannot be continued: it is at its end, has no checkpoint, or was not made by alexnet train.");
            if (_trainings.Values.Count(training => !training.Process.HasExited) >= MostTrainings)
                throw Conflict($"{MostTrainings} trainings are running already: stop one of them.");
            if (_trainings.TryRemove(id, out Training? before))
                before.Process.Dispose();
            _trainings[id] = new Training(work!.Continue(runs.FolderOf(id)));
        }
    }

    /// <summary>Whether a training can be asked to stop, as far as can be told without a look at all processes.</summary>
    public bool CanStop(int id, bool isRunning) => work is { CanContinue: true } && isRunning && (OperatingSystem.IsLinux() || IsOurs(id));

    /// <summary>Stops a training of a run: it ends its step and writes a checkpoint.</summary>
    /// <exception cref="UserException">There is none, or it cannot be told which process it is.</exception>
    public void Stop(int id)
    {
        string folder = runs.FolderOf(id);
        lock (_gate)
        {
            // A second signal would end it at once, before it has written where it stands.
            if (IsOurs(id))
            {
                Interrupt(_trainings[id]);
                return;
            }
            const string there = "stop it where it runs, with Ctrl-C; it keeps where it stands.";
            if (work is not { CanContinue: true })
                throw Conflict($"This studio cannot stop trainings: {there}");
            if (!RunReader.IsRunning(folder))
                throw Conflict("This run is not being trained.");
            TrainingProcess process = TrainingProcess.Find(folder)
                ?? throw Conflict($"Another user or another machine trains this run, or its process cannot be found: {there}");
            if (!process.IsTraining)
                throw Conflict($"Process {process.Id} has this run and is not alexnet train: {there}");
            if (_asked.Add(process))
                work.Interrupt(process.Id);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Training[] all = [.. _trainings.Values];
        foreach (Training training in all)
            Interrupt(training);
        using var patience = new CancellationTokenSource(s_patience);
        foreach (Training training in all)
        {
            try
            {
                await training.Process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // It goes on writing its checkpoint by itself.
            }
            training.Process.Dispose();
        }
    }

    private void Interrupt(Training training)
    {
        if (training.Stopped || training.Process.HasExited)
            return;
        training.Stopped = true;
        work!.Interrupt(training.Process.Id);
    }

    private static UserException Conflict(string message) => new(StatusCodes.Status409Conflict, message);

    private sealed class Training
    {
        public Training(Process process)
        {
            Process = process;
            process.StandardInput.Close();
            // What is not read would stop it some day.
            process.OutputDataReceived += (_, _) => { };
            process.ErrorDataReceived += (_, line) => LastLine = string.IsNullOrWhiteSpace(line.Data) ? LastLine : line.Data;
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        public Process Process { get; }

        public string? LastLine { get; private set; }

        public bool Stopped { get; set; }
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using AlexNetSharp.Studio.Hosting;
using Microsoft.AspNetCore.Http;

namespace AlexNetSharp.Studio.Runs;

/// <summary>The runs that this studio continues training, each in its own process. They stop with the studio, and save their state.</summary>
/// <remarks>
/// Other training processes of the same user can be stopped as well: the system tells which process holds the folder's lock
/// (<see cref="TrainingProcess"/>), which is checked again right before the signal is sent.
/// </remarks>
internal sealed class RunTrainings(IRunWork? work, RunReader runs) : IAsyncDisposable
{
    private const int MostTrainings = 2;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly ConcurrentDictionary<int, Training> _trainings = new();
    private readonly HashSet<TrainingProcess> _asked = [];
    private readonly Lock _gate = new();

    /// <summary>Whether this studio is training a run.</summary>
    public bool IsOurs(int id) => _trainings.TryGetValue(id, out Training? training) && !training.Process.HasExited;

    /// <summary>Whether a run can be continued: it has a checkpoint and is not complete.</summary>
    public bool CanContinue(int id, bool isRunning, int epochs, int? wanted) => work is { CanContinue: true } && !isRunning && epochs < wanted
        && File.Exists(AlexNetSharp.Training.RunFolder.LastCheckpointOf(runs.FolderOf(id)));

    /// <summary>Last line of output of a failed training process; null if none failed.</summary>
    public string? ProblemOf(int id) =>
        _trainings.TryGetValue(id, out Training? training) && training.Process is { HasExited: true, ExitCode: not 0 } && !training.Stopped ? training.LastLine ?? "The training failed." : null;

    /// <summary>Continues a run.</summary>
    /// <exception cref="UserException">The run cannot be continued.</exception>
    public void Continue(int id)
    {
        Api.RunTable table = runs.Read(id, this);
        lock (_gate)
        {
            if (table.IsRunning || IsOurs(id))
                throw Conflict("This run is already being trained.");
            if (!table.CanContinue)
                throw Conflict("This run cannot be continued: it is complete, has no checkpoint, or was not created by alexnet train.");
            if (_trainings.Values.Count(training => !training.Process.HasExited) >= MostTrainings)
                throw Conflict($"{MostTrainings} runs are already being trained: stop one of them.");
            if (_trainings.TryRemove(id, out Training? before))
                before.Process.Dispose();
            _trainings[id] = new Training(work!.Continue(runs.FolderOf(id)));
        }
    }

    /// <summary>Whether training can be stopped, as far as is known without looking at all processes.</summary>
    public bool CanStop(int id, bool isRunning) => work is { CanContinue: true } && isRunning && (OperatingSystem.IsLinux() || IsOurs(id));

    /// <summary>Stops the training of a run, which finishes its step and writes a checkpoint.</summary>
    /// <exception cref="UserException">The run is not being trained, or its process cannot be identified.</exception>
    public void Stop(int id)
    {
        string folder = runs.FolderOf(id);
        lock (_gate)
        {
            // A second signal would kill it before it has written its checkpoint.
            if (IsOurs(id))
            {
                Interrupt(_trainings[id]);
                return;
            }
            const string there = "stop it where it runs, with Ctrl-C; it keeps where it stands.";
            if (work is not { CanContinue: true })
                throw Conflict($"This studio cannot stop training: {there}");
            if (!RunReader.IsRunning(folder))
                throw Conflict("This run is not being trained.");
            TrainingProcess process = TrainingProcess.Find(folder)
                ?? throw Conflict($"This run is being trained by another user or on another machine, or its process cannot be found: {there}");
            if (!process.IsTraining)
                throw Conflict($"Process {process.Id} is using this run and is not alexnet train: {there}");
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
                // The process finishes writing its checkpoint on its own.
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
            // Unread output would eventually block the process.
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

using System.Diagnostics;
using System.Globalization;
using AlexNetSharp.Diagnostics;
using AlexNetSharp.Mpi;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>The processes that run a command together: those started by an MPI launcher, or this one alone.</summary>
internal sealed class ProcessJob : IDisposable
{
    /// <summary>Help of <c>--mpi</c>.</summary>
    public const string LibraryDescription = "the MPI library, if the system does not find it, such as /opt/openmpi/lib/libmpi.so.40";

    private readonly MpiProcessGroup? _mpi;
    private readonly string _command;
    private bool _ended;

    private ProcessJob(MpiProcessGroup? mpi, string command) => (_mpi, _command, Group) = (mpi, command, mpi ?? IProcessGroup.Single);

    /// <summary>The process group.</summary>
    public IProcessGroup Group { get; }

    /// <summary>Whether an MPI launcher started this process.</summary>
    public bool IsMpi => _mpi is not null;

    /// <summary>Bytes that this process has sent to the others.</summary>
    public long BytesSent => _mpi?.BytesSent ?? 0;

    /// <summary>Whether this process writes output for all.</summary>
    public bool IsFirst => Group.Rank == 0;

    /// <summary>Whether all processes stop at the same point, so that none has to be aborted.</summary>
    public bool StopsTogether { get; set; }

    /// <summary>Describes the processes and the MPI library, for the first lines of a run.</summary>
    public string Description => _mpi is null ? "" : FormattableString.Invariant(
        $"{Group.Count} process{(Group.Count == 1 ? "" : "es")} on {Hosts} over {_mpi.Library}");

    private string Hosts => Enumerable.Range(0, Group.Count).Select(rank => Group.Describe(rank).Split(' ')[1]).Distinct().Count() is var hosts && hosts == 1
        ? "one host" : FormattableString.Invariant($"{hosts} hosts");

    /// <summary>Runs a command in all processes; if one fails, all end with its message.</summary>
    /// <param name="context">The command's context; it becomes silent in all processes but the first.</param>
    /// <param name="command">Name of the command, for messages.</param>
    /// <param name="library">The MPI library; null to search for it.</param>
    /// <param name="run">What to run.</param>
    /// <returns>The exit code.</returns>
    public static int Run(CommandContext context, string command, string? library, Func<ProcessJob, int> run)
    {
        if (library is null && MpiLauncher.Current is null)
        {
            using var alone = new ProcessJob(null, command);
            return run(alone);
        }
        using var job = new ProcessJob(MpiProcessGroup.Start(library), command);
        if (!job.IsFirst)
            context.Silence();
        try
        {
            return run(job);
        }
        catch (OperationCanceledException) when (job.StopsTogether)
        {
            // All processes get here.
            context.Interrupt();
            throw;
        }
#pragma warning disable CA1031 // The outermost frame of a process whose failure must end the others.
        catch (Exception e) when (job.Group.Count > 1)
#pragma warning restore CA1031
        {
            job.Fail(e, context.Cancellation.IsCancellationRequested);
            throw;
        }
    }

    /// <summary>Returns the number of threads for this process: its share of the CPUs of its host.</summary>
    public int Threads()
    {
        if (_mpi is null || Group.Count == 1)
            return Environment.ProcessorCount;
        byte[][] all = Group.AllGatherMessages(System.Text.Encoding.UTF8.GetBytes(CpuShare.Allowed()));
        return CpuShare.Threads([.. _mpi.OnThisHost.Select(rank => System.Text.Encoding.UTF8.GetString(all[rank]))], _mpi.OnThisHost.ToList().IndexOf(Group.Rank));
    }

    /// <summary>Measures the bandwidth between neighboring processes while all send, in bytes per second; all get the same result.</summary>
    public unsafe double MeasureBandwidth()
    {
        if (Group.Count == 1)
            return double.PositiveInfinity;
        const int bytes = 4 << 20;
        byte[] send = GC.AllocateArray<byte>(bytes, pinned: true), receive = GC.AllocateArray<byte>(bytes, pinned: true);
        int next = (Group.Rank + 1) % Group.Count, previous = (Group.Rank + Group.Count - 1) % Group.Count;
        var best = TimeSpan.MaxValue;
        fixed (byte* from = send, to = receive)
            for (int i = 0; i < 3; i++)
            {
                Group.Barrier();
                long start = Stopwatch.GetTimestamp();
                Group.Transfer(0, [new Transfer(previous, false, (nint)to, bytes), new Transfer(next, true, (nint)from, bytes)]);
                if (Stopwatch.GetElapsedTime(start) is var time && time < best)
                    best = time;
            }
        var all = new double[Group.Count];
        Group.AllGather([bytes / best.TotalSeconds], all);
        return all.Min();
    }

    /// <summary>Waits for the other processes and finalizes MPI.</summary>
    public void Dispose()
    {
        if (!_ended)
            _mpi?.Dispose();
        _ended = true;
    }

    /// <summary>Marks an exception that all processes throw at the same point, so that only the first one reports it.</summary>
    public static T Everywhere<T>(T exception)
        where T : Exception
    {
        exception.Data[nameof(Everywhere)] = true;
        return exception;
    }

    private static bool IsEverywhere(Exception e) => e is TrainingDivergedException || e.Data.Contains(nameof(Everywhere));

    /// <summary>Reports which process failed and why, and aborts all. A failure common to all processes is reported by the first one.</summary>
    private void Fail(Exception e, bool interrupted)
    {
        _ended = true;
        if (!IsFirst)
            Thread.Sleep(IsEverywhere(e) ? TimeSpan.FromMinutes(1) : TimeSpan.FromSeconds(1));
        string message = e is OperationCanceledException && interrupted ? "interrupted" : e.Message.Trim();
        StandardStreams.Error.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"alexnet {_command}: {Group.Describe(Group.Rank)}: {Printable.Of(message)}"));
        StandardStreams.Error.Flush();
        _mpi!.End(e is UsageException ? ExitCode.Usage : interrupted ? ExitCode.Interrupted : ExitCode.Failure);
    }
}

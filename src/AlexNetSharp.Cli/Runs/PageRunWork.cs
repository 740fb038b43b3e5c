using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Studio.Runs;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Runs;

/// <summary>The studio's operations on runs: <c>alexnet eval</c>, and <c>alexnet train --resume</c> in its own process.</summary>
/// <param name="context">Receives notes for the terminal.</param>
/// <param name="command">How this command is started: a program, and the words before its arguments.</param>
/// <param name="threads">Number of compute threads; 0 for one per CPU.</param>
internal sealed partial class PageRunWork(CommandContext context, IReadOnlyList<string> command, int threads) : IRunWork
{
    private const int BatchSize = 64, Mistakes = 24, Terminate = 15;

    /// <summary>How the running command was started.</summary>
    public static IReadOnlyList<string> ThisCommand { get; } =
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [Environment.ProcessPath!, Environment.GetCommandLineArgs()[0]] : [Environment.ProcessPath!];

    /// <inheritdoc/>
    public bool CanContinue => !OperatingSystem.IsWindows();

    /// <inheritdoc/>
    public RunEvaluation Evaluate(string run, string images, IImageDecoder decoder, Action<int, int> progress, CancellationToken cancellation)
    {
        using Model model = ModelFile.Load(run);
        Networks.Preprocessing preprocessing = model.RequirePreprocessing();
        (EvaluationSet set, string[] classes) = EvaluationSet.OpenFor(model, images, run, decoder, skipBad: false, context);
        using var source = new DataLoader(set.Images, preprocessing, new DataLoaderOptions { BatchSize = Math.Min(BatchSize, set.Images.Count), Threads = Math.Max(1, threads) });
        using var plan = new Plan(model.Network, model.Parameters, new PlanOptions { BatchSize = source.BatchSize, Threads = threads });
        Evaluation evaluation = Evaluation.Run(plan, source, classes, 1, Mistakes, done => progress(done, set.Images.Count), cancellationToken: cancellation);
        return new RunEvaluation(set.ToLine(), evaluation, set.Images, preprocessing);
    }

    /// <inheritdoc/>
    public Process Continue(string run)
    {
        var start = new ProcessStartInfo(command[0], [.. command.Skip(1), "train", "--out", run, "--resume"]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new IOException($"{command[0]}: cannot be started ({e.Message})", e);
        }
    }

    /// <inheritdoc/>
    public void Interrupt(int process) => _ = Kill(process, Terminate);

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int process, int signal);
}

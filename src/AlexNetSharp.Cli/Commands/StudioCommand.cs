using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using System.Net;
using AlexNetSharp.Cli.Benchmarking;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Runs;
using AlexNetSharp.Studio;
using AlexNetSharp.Studio.Hosting;

namespace AlexNetSharp.Cli.Commands;

/// <summary><c>alexnet studio</c>: a web page that shows what the network sees.</summary>
internal sealed class StudioCommand : CliCommand
{
    private readonly Argument<string[]> _paths = new("PATH")
    {
        Description = "a model, folders of images, runs of 'alexnet train' or folders of them; nothing outside these is shown",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<string> _network = ModelInput.Network();
    private readonly Option<int> _port = CommandOptions.Integer("--port", "port to listen on; 0 for any free port", 0, 0, 65535);
    private readonly Option<string> _listen = CommandOptions.Of("--listen", "address to listen on", ServeCommand.AddressRule, "127.0.0.1");
    private readonly Option<int> _threads = CommandOptions.Threads();
    private readonly Option<string?> _save = CommandOptions.Path("--save", "folder in which the page may save taught models, each as a run", "FOLDER");
    private readonly Option<bool> _noBrowser = CommandOptions.Switch("--no-browser", "print the address without opening a browser");

    public StudioCommand()
        : base("studio", "See in the browser what the network sees: classes, layers, evidence, similar images, training runs.")
    {
        Add(_paths);
        foreach (Option option in (Option[])[_network, _port, _listen, _threads, _save, _noBrowser])
            Add(option);
    }

    /// <inheritdoc/>
    public override bool ComputesLong => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "alexnet studio alexnet.pth                  classify images, look inside",
        "alexnet studio alexnet.pth holidays         and find similar images in a folder",
        "alexnet studio alexnet.pth --save runs      teach it new classes, keep them as runs",
        "alexnet studio runs                         watch training runs",
    ];

    /// <inheritdoc/>
    public override int Run(CommandContext context)
    {
        InferenceInput.RefuseUnknownOptions(this, context.Get(_paths));
        if (context.Get(_save) is { } save)
            OutputFolder.Create("--save", save);
        StudioOptions options = new StudioOptions
        {
            Network = ModelInput.NetworkOf(context.Get(_network)),
            Address = IPAddress.Parse(context.Get(_listen)),
            Port = context.Get(_port),
            Threads = context.Get(_threads),
            RunWork = new PageRunWork(context, PageRunWork.ThisCommand, context.Get(_threads)),
            Benchmark = new PageBenchmark(context.Get(_threads)),
            SaveFolder = context.Get(_save) is { } folder ? Path.GetFullPath(folder) : null,
            Note = context.Note,
        }.WithPaths(context.Get(_paths));
        context.SavesWork = true;
        var server = new StudioServer(options);
        try
        {
            server.StartAsync(context.Cancellation).GetAwaiter().GetResult();
            context.WriteLine(server.Address);
            if (!context.Get(_noBrowser))
                OpenBrowser(server.Address);
            context.Cancellation.WaitHandle.WaitOne();
        }
        finally
        {
            server.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
        return ExitCode.Success;
    }

    /// <summary>Opens the system's browser; without one, the user opens the address printed on the terminal.</summary>
    private static void OpenBrowser(string address)
    {
        string? opener = OperatingSystem.IsMacOS() ? "open" : OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable("DISPLAY") is { Length: > 0 } ? "xdg-open" : null;
        try
        {
            using Process? started = opener is not null ? Process.Start(new ProcessStartInfo(opener, address) { RedirectStandardOutput = true, RedirectStandardError = true })
                : OperatingSystem.IsWindows() ? Process.Start(new ProcessStartInfo(address) { UseShellExecute = true }) : null;
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            // There is no browser; the user opens the address.
        }
    }
}

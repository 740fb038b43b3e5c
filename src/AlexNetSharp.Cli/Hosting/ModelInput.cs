using System.CommandLine;
using AlexNetSharp.Models;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>The argument MODEL of a command, with the option <c>--network</c> for files that do not state their network.</summary>
internal sealed class ModelInput
{
    private const string Auto = "auto";

    private readonly Argument<string> _path;

    private readonly Option<string> _network;

    /// <summary>Adds the argument and the option to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="name">Name of the argument in the help.</param>
    /// <param name="files">Whether a file may describe the network.</param>
    public ModelInput(Command command, string name = "MODEL", bool files = true)
    {
        _network = Network(files);
        _path = new Argument<string>(name)
        {
            Description = "the model: .safetensors, PyTorch's .pth or .pt, .caffemodel, .onnx, or the run folder of 'alexnet train'",
        };
        command.Add(_path);
        command.Add(_network);
    }

    /// <summary>The option <c>--network</c>.</summary>
    /// <param name="files">Whether a file may describe the network.</param>
    public static Option<string> Network(bool files = true)
    {
        string names = $"which network the file holds, if it does not say: {string.Join(", ", NetworkCatalog.Names)}";
        // A file is parsed all the same: the message of NameOf says what to do with it.
        Option<string> option = CommandOptions.Of("--network", files ? $"{names}; {NetworkChoice.Files}" : names, NetworkChoice.Rule(Auto), Auto);
        option.HelpName = files ? NetworkChoice.HelpName : "NAME";
        return option;
    }

    /// <summary>Returns the model file; for a run folder, its best checkpoint.</summary>
    public string PathOf(CommandContext context)
    {
        string path = context.Get(_path);
        return Directory.Exists(path) ? RunFolder.BestCheckpointOf(path) : path;
    }

    /// <summary>Returns the network given on the command line, or null.</summary>
    /// <inheritdoc cref="NameOf"/>
    public string? NetworkOf(CommandContext context) => NameOf(context.Get(_network));

    /// <summary>Returns the catalog name given with <c>--network</c>; null to use what the file states.</summary>
    /// <exception cref="UsageException">The value is a file.</exception>
    public static string? NameOf(string network) => network == Auto ? null : NetworkCatalog.Find(network)?.Name
        ?? throw new UsageException($"--network {network}: for a network of your own, the model file must state the network; convert it to .safetensors first: alexnet convert MODEL OUT.safetensors --network {network}");

    /// <summary>Reads the model.</summary>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or its network is unknown or a different one.</exception>
    public Model Load(CommandContext context) => Load(context.Get(_path), context.Get(_network));

    /// <summary>Whether <see cref="Open"/> can leave weights in the file: not for a network that is described elsewhere.</summary>
    public bool CanOpen(CommandContext context) => context.Get(_network) is var network && (network == Auto || NetworkCatalog.Find(network) is not null);

    /// <summary>Opens the model for a single pass: fully connected weights are read from the file when they are needed.</summary>
    /// <inheritdoc cref="Load(CommandContext)"/>
    public Model Open(CommandContext context) => ModelFile.Open(context.Get(_path), NetworkOf(context));

    /// <summary>Reads a model as a network.</summary>
    /// <param name="path">The file, or a run folder.</param>
    /// <param name="network">Value of <c>--network</c>.</param>
    /// <inheritdoc cref="Load(CommandContext)"/>
    public static Model Load(string path, string network) =>
        network == Auto ? ModelFile.Load(path)
        : NetworkCatalog.Find(network) is not null ? ModelFile.Load(path, network)
        : ModelFile.Load(path, NetworkChoice.Find(network));
}

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
    public ModelInput(Command command, string name = "MODEL")
    {
        _network = Network();
        _path = new Argument<string>(name)
        {
            Description = "the model: .safetensors, PyTorch's .pth or .pt, .caffemodel, .onnx, or the run folder of 'alexnet train'",
        };
        command.Add(_path);
        command.Add(_network);
    }

    /// <summary>The option <c>--network</c>.</summary>
    public static Option<string> Network()
    {
        Option<string> option = CommandOptions.Of(
            "--network", $"which network the file holds, if it does not say: {string.Join(", ", NetworkCatalog.Names)}; {NetworkChoice.Files}",
            NetworkChoice.Rule(Auto), Auto);
        option.HelpName = NetworkChoice.HelpName;
        return option;
    }

    /// <summary>Returns the model file; for a run folder, its best checkpoint.</summary>
    public string PathOf(CommandContext context)
    {
        string path = context.Get(_path);
        return Directory.Exists(path) ? RunFolder.BestCheckpointOf(path) : path;
    }

    /// <summary>Returns the network given on the command line, by name or file; null to use what the model file states.</summary>
    /// <inheritdoc cref="NetworkOf(string)"/>
    public string? NetworkOf(CommandContext context) => NetworkOf(context.Get(_network));

    /// <summary>Returns the network given with <c>--network</c>, by name or file; null to use what the model file states.</summary>
    /// <exception cref="IOException">The value is neither the name of a network nor a file.</exception>
    public static string? NetworkOf(string network) => network == Auto ? null : NetworkChoice.Check(network);

    /// <summary>Reads the model.</summary>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or its network is unknown or a different one.</exception>
    public Model Load(CommandContext context) => Load(context.Get(_path), context.Get(_network));

    /// <summary>Opens the model for a single pass: fully connected weights are read from the file when they are needed.</summary>
    /// <inheritdoc cref="Load(CommandContext)"/>
    public Model Open(CommandContext context) => ModelFile.Open(context.Get(_path), NetworkOf(context));

    /// <summary>Reads a model as a network.</summary>
    /// <param name="path">The file, or a run folder.</param>
    /// <param name="network">Value of <c>--network</c>.</param>
    /// <inheritdoc cref="Load(CommandContext)"/>
    public static Model Load(string path, string network) => ModelFile.Load(path, NetworkOf(network));
}

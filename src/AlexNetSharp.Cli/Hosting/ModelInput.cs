using System.CommandLine;
using AlexNetSharp.Models;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>The argument MODEL of a command, with the option <c>--network</c> for files that do not tell what they hold.</summary>
internal sealed class ModelInput
{
    private const string Auto = "auto";

    private readonly Argument<string> _path;

    private readonly Option<string> _network = Network();

    /// <summary>Adds the argument and the option to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="name">What the help calls the argument.</param>
    public ModelInput(Command command, string name = "MODEL")
    {
        _path = new Argument<string>(name)
        {
            Description = "the model: .safetensors, PyTorch's .pth or .pt, .caffemodel, .onnx, or the run folder of 'alexnet train'",
        };
        command.Add(_path);
        command.Add(_network);
    }

    /// <summary>The option <c>--network</c>.</summary>
    public static Option<string> Network() => CommandOptions.Of(
        "--network", $"which network the file holds, if it does not say: {string.Join(", ", NetworkCatalog.Names)}; {NetworkChoice.Files}",
        NetworkChoice.Rule(Auto), Auto);

    /// <summary>The file that the command line names; for a run folder its best checkpoint.</summary>
    public string PathOf(CommandContext context)
    {
        string path = context.Get(_path);
        return Directory.Exists(path) ? RunFolder.BestCheckpointOf(path) : path;
    }

    /// <summary>The network that the command line names, or null.</summary>
    /// <inheritdoc cref="NameOf"/>
    public string? NetworkOf(CommandContext context) => NameOf(context.Get(_network));

    /// <summary>What <c>--network</c> says, where only a name of the catalog will do; null for what the file says.</summary>
    /// <exception cref="UsageException">It names a file.</exception>
    public static string? NameOf(string network) => network == Auto ? null : NetworkCatalog.Find(network)?.Name
        ?? throw new UsageException($"--network {network}: a model of one's own network says itself what it is; convert it to .safetensors first: alexnet convert MODEL OUT.safetensors --network {network}");

    /// <summary>Reads the model.</summary>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or its network is not known or another one.</exception>
    public Model Load(CommandContext context) => Load(context.Get(_path), context.Get(_network));

    /// <summary>Reads a model as a network.</summary>
    /// <param name="path">The file, or a run folder.</param>
    /// <param name="network">What <c>--network</c> says.</param>
    /// <inheritdoc cref="Load(CommandContext)"/>
    public static Model Load(string path, string network) =>
        network == Auto ? ModelFile.Load(path)
        : NetworkCatalog.Find(network) is not null ? ModelFile.Load(path, network)
        : ModelFile.Load(path, NetworkChoice.Find(network));
}

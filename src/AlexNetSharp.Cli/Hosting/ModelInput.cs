using System.CommandLine;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>The argument MODEL of a command, with the option <c>--network</c> for files that do not tell what they hold.</summary>
internal sealed class ModelInput
{
    private readonly Argument<string> _path;

    private readonly ChoiceOption<string?> _network = Network();

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
    public static ChoiceOption<string?> Network() => new(
        "--network", $"which network the file holds, where it does not tell: {string.Join(", ", NetworkCatalog.Names)}", "NAME",
        [("auto", null), .. NetworkCatalog.Names.Select(name => (name, (string?)name))]);

    /// <summary>The file that the command line names; for a run folder its best checkpoint.</summary>
    public string PathOf(CommandContext context)
    {
        string path = context.Get(_path);
        return Directory.Exists(path) ? RunFolder.BestCheckpointOf(path) : path;
    }

    /// <summary>The network that the command line names, or null.</summary>
    public string? NetworkOf(CommandContext context) => context.Get(_network);

    /// <summary>Reads the model.</summary>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or its network is not known or another one.</exception>
    public Model Load(CommandContext context) => ModelFile.Load(context.Get(_path), context.Get(_network));
}

using System.CommandLine;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Cli.Commands;

/// <summary><c>alexnet init</c>: creates a model with initial weights.</summary>
internal sealed class InitCommand : CliCommand
{
    private readonly Argument<string> _out = ModelOutput.Argument();
    private readonly Option<string> _network = CommandOptions.Network();
    private readonly Option<ulong> _seed = CommandOptions.Seed(1);
    private readonly Option<int?> _classes = CommandOptions.Classes();
    private readonly Option<int?> _imageSize = CommandOptions.ImageSize();

    public InitCommand()
        : base("init", "Create a model file with freshly initialized weights.")
    {
        Add(_out);
        foreach (Option option in (Option[])[_network, _seed, _classes, _imageSize])
            Add(option);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "alexnet init --network torchvision --seed 7 start.safetensors",
        "alexnet init --network paper --classes 10 start.onnx",
        "alexnet init --network mine.json start.safetensors           a network of your own (docs/networks.md)",
    ];

    /// <inheritdoc/>
    public override int Run(CommandContext context)
    {
        string path = context.Get(_out), name = context.Get(_network);
        ModelOutput.Check("OUT", path, ".safetensors", ".onnx");
        NetworkDefinition chosen = NetworkChoice.Create(name, context.Get(_classes), context.Get(_imageSize));
        Network network = chosen.Network;
        using var model = new Model(ParameterSet.Initialize(network, context.Get(_seed)), chosen.Preprocessing, chosen.Classes);
        ModelFile.Save(path, model);
        context.WriteLine(FormattableString.Invariant($"{path}: network {network.Name}, {network.ParameterCount} parameters, {network.OutputShape.Length} classes"));
        return ExitCode.Success;
    }
}

using System.CommandLine;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Models;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Cli.Commands;

/// <summary><c>alexnet export</c>: exports a model as a graph that other programs can run.</summary>
internal sealed class ExportCommand : CliCommand
{
    private readonly ModelInput _model;
    private readonly Option<string?> _onnx = CommandOptions.RequiredPath("--onnx", "the .onnx file to write: opset 17, dynamic batch size, classes and preprocessing in its metadata");
    private readonly Option<string?> _classNames = ModelOutput.ClassNames();

    public ExportCommand()
        : base("export", "Export a model to ONNX, for ONNX Runtime and other tools that read it.")
    {
        _model = new ModelInput(this);
        Add(_onnx);
        Add(_classNames);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "alexnet export runs/first --onnx first.onnx",
        "alexnet export alexnet.safetensors --onnx alexnet.onnx --class-names names.txt",
    ];

    /// <inheritdoc/>
    public override int Run(CommandContext context)
    {
        string path = context.Get(_onnx)!;
        ModelOutput.Check("--onnx", path, ".onnx");
        using Model model = _model.Load(context);
        ModelConversion.Write(context, _model.PathOf(context), ModelConversion.WithClasses(model, context.Get(_classNames)), path);
        Shape input = model.Network.InputShape;
        context.WriteLine(FormattableString.Invariant(
            $"input [batch, {input.Channels}, {input.Height}, {input.Width}], output [batch, {model.Network.OutputShape.Length}] before any softmax"));
        return ExitCode.Success;
    }
}

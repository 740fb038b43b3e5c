using System.CommandLine;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Models;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;

namespace AlexNetSharp.Cli.Commands;

/// <summary><c>alexnet convert</c>: converts a model from one format to another, with a table of where each tensor went.</summary>
internal sealed class ConvertCommand : CliCommand
{
    private readonly ModelInput _in;
    private readonly Argument<string> _out = ModelOutput.Argument();
    private readonly ChoiceOption<TensorType> _type = new(
        "--type", "data type of the stored weights; f16 and bf16 halve a .safetensors file, int8 quarters its fully connected weights (docs/models.md)", null,
        ("f32", TensorType.F32), ("f16", TensorType.F16), ("bf16", TensorType.BF16), ("int8", TensorType.I8));
    private readonly Option<string?> _classNames = ModelOutput.ClassNames();

    public ConvertCommand()
        : base("convert", "Convert a model to .safetensors (as PyTorch loads it) or .onnx.")
    {
        _in = new ModelInput(this, "IN");
        Add(_out);
        Add(_type);
        Add(_classNames);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "alexnet convert alexnet-owt-7be5be79.pth alexnet.safetensors",
        "alexnet convert bvlc_alexnet.caffemodel alexnet.onnx --network caffe",
        "alexnet convert model.safetensors quarter.safetensors --type int8",
        "alexnet convert runs/first small.safetensors --type bf16 --class-names names.txt",
    ];

    /// <inheritdoc/>
    public override int Run(CommandContext context)
    {
        string path = context.Get(_out);
        TensorType type = context.Get(_type);
        ModelOutput.Check("OUT", path, ".safetensors", ".onnx");
        if (type != TensorType.F32 && !path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
            throw new UsageException("--type f16, bf16 and int8 are for .safetensors; an .onnx file is written as f32, as its operators compute");
        using Model model = _in.Load(context);
        ModelConversion.Write(context, _in.PathOf(context), ModelConversion.WithClasses(model, context.Get(_classNames)), path, type);
        return ExitCode.Success;
    }
}

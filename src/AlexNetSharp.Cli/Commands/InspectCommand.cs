using System.CommandLine;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Models;
using AlexNetSharp.Cli.Plots;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;

namespace AlexNetSharp.Cli.Commands;

/// <summary><c>alexnet inspect</c>: shows what a model file contains, and draws its filters and feature maps.</summary>
internal sealed class InspectCommand : CliCommand
{
    // As in figure 3 of the 2012 paper: rows of sixteen.
    private const int FilterColumns = 16, FilterSide = 48;
    private const string FirstLayer = "conv1";

    private readonly ModelInput _model;
    private readonly Option<string?> _filters = CommandOptions.Path("--filters", "draw the filters of the first convolution as a PNG, like figure 3 of the 2012 paper", "OUT.png");
    private readonly Option<string[]> _activations = new("--activations")
    {
        Description = "draw a layer's feature maps for an image as a PNG",
        HelpName = "IMAGE OUT.png",
        Arity = new ArgumentArity(2, 2),
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly ImageInput _images;
    private readonly Option<string?> _layer = new("--layer") { Description = "which layer's feature maps", HelpName = "NAME" };

    public InspectCommand()
        : base("inspect", "Show what a model file contains: network, classes, preprocessing, statistics of every tensor; draw filters and feature maps.")
    {
        _model = new ModelInput(this);
        _layer.DefaultValueFactory = _ => FirstLayer;
        foreach (Option option in (Option[])[_filters, _activations, _layer])
            Add(option);
        _images = new ImageInput(this);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "alexnet inspect alexnet.safetensors",
        "alexnet inspect runs/first --filters filters.png",
        "alexnet inspect alexnet.pth --activations cat.jpg maps.png --layer relu2",
    ];

    /// <inheritdoc/>
    public override int Run(CommandContext context)
    {
        string? filters = context.Get(_filters);
        string[]? activations = context.Has(_activations) ? context.Get(_activations) : null;
        if (context.Has(_layer) && activations is null)
            throw new UsageException("--layer is for feature maps; add --activations IMAGE OUT.png");
        if (activations is null && _images.Options.FirstOrDefault(context.Has) is { } ofImage)
            throw new UsageException($"{ofImage.Name} is for decoding an image; add --activations IMAGE OUT.png");
        CheckPng("--filters", filters);
        CheckPng("--activations", activations?[1]);
        if (filters is null && activations is null)
        {
            ModelReport.Print(context, _model);
            return ExitCode.Success;
        }

        using Model model = _model.Load(context);
        if (activations is not null)
        {
            var maps = new FeatureMaps(model, context.Get(_layer)!, activations[0], _images.Decoder(context));
            OutputFile.Write("--activations", activations[1], FeatureMapsPlot.ToPng(maps));
            context.WriteLine($"{activations[1]}: {maps.Describe()}");
        }
        if (filters is not null)
        {
            byte[] image = FiltersPlot.ToPng(model.Parameters, FilterColumns, FilterSide)
                ?? throw new InvalidDataException($"network '{model.Network.Name}' has no convolution with filters to draw");
            OutputFile.Write("--filters", filters, image);
            context.WriteLine($"{filters}: the filters of the first convolution of network {model.Network.Name}");
        }
        return ExitCode.Success;
    }

    private static void CheckPng(string option, string? path)
    {
        if (path is not null && !path.EndsWith(".png", StringComparison.OrdinalIgnoreCase))
            throw new UsageException($"{option}: '{path}' must end with .png");
        OutputFile.Check(option, path);
    }
}

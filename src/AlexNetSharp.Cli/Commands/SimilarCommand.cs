using System.CommandLine;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Pictures;
using AlexNetSharp.Cli.Plots;
using AlexNetSharp.Images;
using AlexNetSharp.Inference;

namespace AlexNetSharp.Cli.Commands;

/// <summary><c>alexnet similar</c>: the pictures of a folder that show what another picture shows.</summary>
internal sealed class SimilarCommand : CliCommand
{
    /// <summary>Name of the cache in the folder of pictures, hidden, so that no command takes it for one of them.</summary>
    private const string CacheName = ".alexnet-features.safetensors";

    private readonly ModelInput _model;
    private readonly InferenceInput _inference;
    private readonly Argument<string> _folder = new("FOLDER") { Description = "the pictures to search, with all in the folders below" };
    private readonly Argument<string> _picture = new("PICTURE") { Description = "the picture whose like is searched" };
    private readonly Option<int> _top = CommandOptions.Integer("--top", "pictures to show, the nearest first", 6, 1, 1_000_000);
    private readonly Option<string?> _layer = new("--layer")
    {
        Description = "the layer whose values are compared [the last hidden fully connected one, fc7]",
        HelpName = "NAME",
    };

    private readonly Option<string?> _cache = CommandOptions.Path("--cache", $"where the features are kept [{CacheName} in FOLDER]");
    private readonly Option<string?> _sheet = CommandOptions.Path("--sheet", "write the picture and those nearest to it as one picture (PNG)");
    private readonly Option<bool> _json = CommandOptions.Switch("--json", "print JSON");

    public SimilarCommand()
        : base("similar", "Find the pictures of a folder that are most like a picture, by the features of a hidden layer.")
    {
        _model = new ModelInput(this);
        Add(_folder);
        Add(_picture);
        foreach (Option option in (Option[])[_top, _layer, _cache, _sheet, _json])
            Add(option);
        _inference = new InferenceInput(this);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "alexnet similar alexnet.pth holidays cat.jpg                     the six nearest pictures",
        "alexnet similar alexnet.pth holidays cat.jpg --sheet sheet.png   and a picture of them",
        "alexnet similar runs/first pictures cat.jpg --layer conv5 --top 20 --json",
    ];

    /// <inheritdoc/>
    public override int Run(CommandContext context)
    {
        string folder = context.Get(_folder), query = context.Get(_picture);
        OutputFile.CheckDifferent("--sheet", context.Get(_sheet), "--cache", context.Get(_cache));
        OutputFile.Check("--sheet", context.Get(_sheet));
        OutputFile.Check("--cache", context.Get(_cache));
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"{folder}: {(File.Exists(folder) ? "a file, not a folder of pictures" : "no such folder")}");
        if (!File.Exists(query))
            throw new FileNotFoundException($"{query}: {(Directory.Exists(query) ? "a folder, not a picture" : "no such file")}", query);
        IReadOnlyList<string> files = InferenceInput.Find([folder]);
        InferenceOptions options = _inference.Options(context, files.Count + 1);
        using FeatureExtractor extractor = Extractor(context, options);
        var library = new PictureLibrary(extractor, options, context, _inference);
        library.Read(files, context.Get(_cache) ?? Path.Combine(folder, CacheName), chosen: context.Get(_cache) is not null, query);

        IReadOnlyList<Neighbour> nearest = library.Nearest(context.Get(_top));
        var report = new SimilarReport(_model.PathOf(context), extractor, query, library, nearest);
        if (context.Get(_sheet) is { } sheet)
            OutputFile.Write("--sheet", sheet, ContactSheet.ToPng(query, nearest, new PictureDecoder()));
        if (context.Get(_json))
            context.WriteLine(report.ToJson());
        else
            report.Print(context);
        return ExitCode.Success;
    }

    private FeatureExtractor Extractor(CommandContext context, InferenceOptions options)
    {
        Formats.Model model = _model.Load(context);
        try
        {
            return new FeatureExtractor(model, context.Get(_layer), new PictureDecoder(), options);
        }
        catch (ArgumentException e)
        {
            model.Dispose();
            throw new UsageException($"--layer: {e.Message}", e);
        }
        catch (InvalidDataException e)
        {
            model.Dispose();
            throw new InvalidDataException($"{_model.PathOf(context)}: {e.Message}", e);
        }
    }
}

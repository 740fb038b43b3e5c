using System.CommandLine;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Images;
using AlexNetSharp.Cli.Plots;
using AlexNetSharp.Inference;
using AlexNetSharp.Models;

namespace AlexNetSharp.Cli.Commands;

/// <summary><c>alexnet similar</c>: finds the images in a folder that are similar to a given one.</summary>
internal sealed class SimilarCommand : CliCommand
{
    /// <summary>Name of the cache file in the image folder; hidden, so that no command takes it for an image.</summary>
    private const string CacheName = ".alexnet-features.safetensors";

    private readonly ModelInput _model;
    private readonly InferenceInput _inference;
    private readonly Argument<string> _folder = new("FOLDER") { Description = "folder of images to search, including subfolders" };
    private readonly Argument<string> _image = new("IMAGE") { Description = "the image to find similar ones to; - for standard input" };
    private readonly Option<int> _top = CommandOptions.Integer("--top", "number of images to show, nearest first", 6, 1, 1_000_000);
    private readonly Option<string?> _layer = new("--layer")
    {
        Description = "the layer whose output is compared [the last hidden fully connected layer, e.g. fc7]",
        HelpName = "NAME",
    };

    private readonly Option<string?> _cache = CommandOptions.Path("--cache", $"file that caches the features [{CacheName} in FOLDER]");
    private readonly Option<string?> _sheet = CommandOptions.Path("--sheet", "write a contact sheet (PNG) of the image and its nearest neighbors");
    private readonly JsonOutput _json;

    public SimilarCommand()
        : base("similar", "Find the images in a folder that are most similar to an image, by the features of a hidden layer.")
    {
        _model = new ModelInput(this);
        Add(_folder);
        Add(_image);
        foreach (Option option in (Option[])[_top, _layer, _cache, _sheet])
            Add(option);
        _json = new JsonOutput(this);
        _inference = new InferenceInput(this);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "alexnet similar alexnet.pth holidays cat.jpg                     the six nearest images",
        "alexnet similar alexnet.pth holidays cat.jpg --sheet sheet.png   and a contact sheet",
        "alexnet similar runs/first images cat.jpg --layer conv5 --top 20 --json",
    ];

    /// <inheritdoc/>
    public override bool PathsFollowJson => true;

    /// <inheritdoc/>
    public override int Run(CommandContext context)
    {
        string folder = context.Get(_folder), query = context.Get(_image);
        OutputFile.CheckDifferent("--sheet", context.Get(_sheet), "--cache", context.Get(_cache));
        OutputFile.Check("--sheet", context.Get(_sheet));
        OutputFile.Check("--cache", context.Get(_cache));
        _json.Begin(context);
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"{folder}: {(File.Exists(folder) ? "a file, not a folder of images" : "no such folder")}");
        PipedImages decoder = _inference.Decoder(context);
        if (!decoder.TryRead(query) && !File.Exists(query))
            throw new FileNotFoundException($"{query}: {(Directory.Exists(query) ? "a folder, not an image" : "no such file")}", query);
        IReadOnlyList<string> files = InferenceInput.Find([folder], decoder);
        InferenceOptions options = _inference.Options(context, files.Count + 1);
        using FeatureExtractor extractor = Extractor(context, decoder, options);
        var library = new ImageLibrary(extractor, options, context, _inference);
        library.Read(files, context.Get(_cache) ?? Path.Combine(folder, CacheName), chosen: context.Get(_cache) is not null, query);

        IReadOnlyList<Neighbor> nearest = library.Nearest(context.Get(_top));
        var report = new SimilarReport(_model.PathOf(context), extractor, query, library, nearest);
        if (context.Get(_sheet) is { } sheet)
            OutputFile.Write("--sheet", sheet, ContactSheet.ToPng(query, nearest, decoder));
        report.Print(context);
        _json.Write(context, report.ToJson);
        return ExitCode.Success;
    }

    private FeatureExtractor Extractor(CommandContext context, PipedImages decoder, InferenceOptions options)
    {
        Model model = _model.Load(context);
        try
        {
            return new FeatureExtractor(model, context.Get(_layer), decoder, options);
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

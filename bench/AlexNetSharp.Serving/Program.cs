// Compares the classifier service with the same service on ONNX Runtime: the table of docs/serving.md.
using System.CommandLine;
using AlexNetSharp.Benchmarks;
using AlexNetSharp.Cli.Benchmarking;
using AlexNetSharp.Models;
using AlexNetSharp.Serving;

var model = new Argument<string?>("MODEL") { Description = "Model file; by default, torchvision's AlexNet with initial weights.", Arity = ArgumentArity.ZeroOrOne };
var images = new Option<string?>("--images") { Description = "Folder of images to send; by default, generated images of 500×375 pixels." };
Option<int> rounds = Arguments.Count("--rounds", "Number of interleaved rounds; the table shows their medians.", 5);
Option<int> seconds = Arguments.Count("--seconds", "Seconds per number of connections, round and service.", 4);
var output = new Option<string>("--out") { Description = "Folder for the results; a subfolder for this kind of machine (processor, family, vectors) is created.", DefaultValueFactory = _ => "benchmarks" };
var serve = new Option<string?>("--serve") { Hidden = true };
var root = new RootCommand(
    "Sends images alternately to our service and to the same service on ONNX Runtime, from 1, 8 and 32 connections, and writes OUT/MACHINE/serving.md. Takes five minutes; run it on an otherwise idle machine.")
{
    model, images, rounds, seconds, output, serve,
};
root.SetAction(parsed =>
{
    if (parsed.GetValue(serve) is { } service)
    {
        Service.Run(parsed.GetValue(model)!, service == "ours" ? null : OnnxSettings.Parse(service));
        return;
    }
    string? given = parsed.GetValue(model);
    string path = given ?? Path.Combine(Path.GetTempPath(), $"serving-{Environment.ProcessId}.safetensors");
    try
    {
        if (given is null)
            SaveInitial(path);
        byte[][] sent = parsed.GetValue(images) is { } folder ? Photos.Read(folder) : Photos.Make();
        var comparison = new Comparison(path, given is null ? "torchvision's AlexNet" : Path.GetFileName(given), sent, Console.Error.WriteLine);
        string text = comparison.Run(parsed.GetValue(rounds), parsed.GetValue(seconds));
        string results = Path.Combine(parsed.GetValue(output)!, Machine.Current.FolderName);
        Directory.CreateDirectory(results);
        File.WriteAllText(Path.Combine(results, "serving.md"), text);
        Console.WriteLine(text);
        Console.Error.WriteLine($"written to {results}");
    }
    finally
    {
        if (given is null)
            File.Delete(path);
    }
});
return Arguments.Run(root, args);

static void SaveInitial(string path)
{
    CatalogEntry entry = NetworkCatalog.Get("torchvision");
    using var initial = new Model(ParameterSet.Initialize(entry.Build(), seed: 1), entry.Preprocessing);
    ModelFile.Save(path, initial);
}

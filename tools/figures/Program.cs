// Draws the figures of docs/: dotnet run -c Release --project tools/figures -- docs/images
// and the figure of reproduce/finetune.sh: dotnet run -c Release --project tools/figures -- OUT --errors OUT/errors.csv
// and curves.png of a training run from its metrics.csv: dotnet run -c Release --project tools/figures -- RUN --metrics RUN/metrics.csv
using System.CommandLine;
using AlexNetSharp.Benchmarks;
using AlexNetSharp.Figures;

var folder = new Argument<string>("FOLDER") { Description = "Where to write the figures: docs/images." };
var errors = new Option<FileInfo?>("--errors") { Description = "Draw only the fine-tuning errors (finetuning.png), from errors.csv of reproduce/finetune.sh." };
var metrics = new Option<FileInfo?>("--metrics") { Description = "Draw only the curves of a training run (curves.png), from its metrics.csv." };
var root = new RootCommand("Draws the figures of docs/.") { folder, errors, metrics };
root.SetAction(parsed =>
{
    if (parsed.GetValue(errors) is { } csv)
        File.WriteAllBytes(Path.Combine(parsed.GetValue(folder)!, "finetuning.png"), FineTuningChart.Draw(csv.FullName));
    else if (parsed.GetValue(metrics) is { } epochs)
        File.WriteAllBytes(Path.Combine(parsed.GetValue(folder)!, "curves.png"), RunCurves.Draw(epochs.FullName));
    else
        Draw(parsed.GetValue(folder)!);
});
return Arguments.Run(root, args);

static void Draw(string folder)
{
    Directory.CreateDirectory(folder);
    foreach ((string name, Func<byte[]> draw) in (IEnumerable<(string, Func<byte[]>)>)
        [
            ("alexnet", NetworkDiagram.AlexNet),
            ("winograd", WinogradDiagram.F2X3),
            ("convolution", Diagrams.Convolution),
            ("padding", Diagrams.Padding),
            ("pooling", Diagrams.Pooling),
            ("lrn", Curves.LocalResponseNorm),
            ("truncated-normal", Curves.TruncatedNormal),
        ])
    {
        string path = Path.Combine(folder, name + ".png");
        File.WriteAllBytes(path, draw());
        Console.WriteLine(path);
    }
}

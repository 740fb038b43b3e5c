// Draws the figures of docs/: dotnet run -c Release --project tools/figures -- docs/images
using System.CommandLine;
using AlexNetSharp.Benchmarks;
using AlexNetSharp.Figures;

var folder = new Argument<string>("FOLDER") { Description = "Where to write the figures: docs/images." };
var root = new RootCommand("Draws the figures of docs/.") { folder };
root.SetAction(parsed => Draw(parsed.GetValue(folder)!));
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

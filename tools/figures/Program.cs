// Draws the figures of docs/alexnet.md: dotnet run -c Release --project tools/figures -- docs/images
using AlexNetSharp.Figures;

if (args.Length != 1)
{
    Console.Error.WriteLine("figures: give the folder to write to: dotnet run -c Release --project tools/figures -- docs/images");
    return 2;
}
Directory.CreateDirectory(args[0]);
foreach ((string name, Func<byte[]> draw) in (IEnumerable<(string, Func<byte[]>)>)
    [
        ("convolution", Diagrams.Convolution),
        ("padding", Diagrams.Padding),
        ("pooling", Diagrams.Pooling),
        ("lrn", Curves.LocalResponseNorm),
        ("truncated-normal", Curves.TruncatedNormal),
    ])
{
    string path = Path.Combine(args[0], name + ".png");
    File.WriteAllBytes(path, draw());
    Console.WriteLine(path);
}
return 0;

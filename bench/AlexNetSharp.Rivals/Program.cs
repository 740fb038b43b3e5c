using System.CommandLine;
using System.Globalization;
using AlexNetSharp.Benchmarks;
using AlexNetSharp.Cli.Benchmarking;
using AlexNetSharp.Rivals;

Option<int> rounds = Arguments.Count("--rounds", "Number of interleaved rounds per measurement.", 7);
Option<int> threads = Arguments.Count("--threads", "Number of threads of each program.", Environment.ProcessorCount);
Option<int> patience = Arguments.Count("--patience", "Minutes that each measurement may wait until other work on the machine ends, and repeat rounds that it disturbed.", 0, least: 0);
var output = new Option<string>("--out") { Description = "Folder for the results; a subfolder for this kind of machine (processor, family, vectors) is created.", DefaultValueFactory = _ => "benchmarks" };
var only = new Option<string?>("--only") { Description = "Measure only rows whose names contain this text, such as vgg16, and print them without writing anything." };
var child = new Option<string?>("--child") { Hidden = true };
var redraw = new Option<string?>("--redraw") { Description = "Measure nothing; rewrite the table and image in this folder from its rivals.json." };
var root = new RootCommand("Times AlexNetSharp side by side with ONNX Runtime and libtorch and writes benchmarks/MACHINE/rivals.md, .json and .png.")
{
    rounds, threads, patience, output, only, redraw, child,
};
root.SetAction(parsed =>
{
    int threadCount = parsed.GetValue(threads);
    if (parsed.GetValue(child) is { } name)
    {
        Children.Measure(name, threadCount);
        return;
    }
    if (parsed.GetValue(redraw) is { } existing)
    {
        Results.Read(Path.Combine(existing, "rivals.json")).Write(existing);
        return;
    }
    var comparison = new Comparison(parsed.GetValue(rounds), threadCount, TimeSpan.FromMinutes(parsed.GetValue(patience)), parsed.GetValue(only), Console.Error.WriteLine);
    IReadOnlyList<ResultRow> rows = comparison.Run();
    var results = new Results(
        DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        "dotnet run -c Release --project bench/AlexNetSharp.Rivals",
        Machine.Current.Processor, Machine.Current.Simd, threadCount, Machine.Current.Os, Machine.Current.Dotnet, comparison.Versions, rows);
    if (parsed.GetValue(only) is not null)
    {
        Console.WriteLine(results.Markdown());
        return;
    }
    string folder = Path.Combine(parsed.GetValue(output)!, Machine.Current.FolderName);
    results.Write(folder);
    Console.WriteLine(results.Markdown());
    Console.Error.WriteLine($"written to {folder}");
});
return Arguments.Run(root, args);

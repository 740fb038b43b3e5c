// Where the time of a step goes and how it grows: the tables and the plot of docs/performance.md.
using System.CommandLine;
using System.Globalization;
using AlexNetSharp.Benchmarks;
using AlexNetSharp.Cli.Benchmarking;
using AlexNetSharp.Performance;

var output = new Option<string>("--out") { Description = "Folder for the results; a subfolder for this kind of machine (processor, family, vectors) is created.", DefaultValueFactory = _ => "benchmarks" };
Option<int> threadCount = Arguments.Count("--threads", "Number of compute threads.", Environment.ProcessorCount);
var redraw = new Option<string?>("--redraw") { Description = "Measure nothing; redraw growth.png in this folder from its performance.md." };
var root = new RootCommand("Measures each layer against its floor, and how time grows with batch, image size and threads; writes OUT/MACHINE/performance.md and growth.png.")
{
    output, threadCount, redraw,
};
root.SetAction(parsed =>
{
    if (parsed.GetValue(redraw) is { } folder)
        File.WriteAllBytes(Path.Combine(folder, "growth.png"), Growth.Read(File.ReadAllLines(Path.Combine(folder, "performance.md"))).Plot());
    else
        Measure(parsed.GetValue(output)!, parsed.GetValue(threadCount));
});
return Arguments.Run(root, args);

static void Measure(string output, int threads)
{
    string folder = Path.Combine(output, Machine.Current.FolderName);
    Directory.CreateDirectory(folder);

    Console.Error.WriteLine("peak and memory");
    double peak = FmaPeak.Measure(threads), bandwidth = MemoryBandwidth.Measure(threads);
    var product = MatrixProduct.Measure(threads);
    string date = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    var report = new List<string>
    {
        FormattableString.Invariant($"{Machine.Current.Describe(threads)}, {date}. Multiply-adds alone: {peak:0} GFLOP/s. Memory, read: {bandwidth:0} GB/s. ")
            + FormattableString.Invariant($"Matrix product of {product.Size}: {product.Gflops:0} GFLOP/s, {product.Gflops / product.Peak:0 %} of the peak measured beside it."),
        "",
    };
    Console.Error.WriteLine("layers");
    report.AddRange(LayerFloors.Table(32, threads, peak, bandwidth));
    Console.Error.WriteLine("growth");
    Growth growth = Growth.Measure(threads, Console.Error.WriteLine);
    report.Add("");
    report.AddRange(growth.Tables());
    string text = string.Join('\n', report) + "\n";
    File.WriteAllText(Path.Combine(folder, "performance.md"), text);
    File.WriteAllBytes(Path.Combine(folder, "growth.png"), growth.Plot());
    Console.WriteLine(text);
    Console.Error.WriteLine($"written to {folder}");
}

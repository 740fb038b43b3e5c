using System.CommandLine;
using System.Globalization;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using Spectre.Console;

namespace AlexNetSharp.Cli.Commands;

/// <summary><c>alexnet summary</c>: the layers of a network with shapes, parameters, multiply-adds and memory.</summary>
internal sealed class SummaryCommand : CliCommand
{
    private readonly Option<string> _network = CommandOptions.Network();
    private readonly Option<int?> _imageSize = CommandOptions.ImageSize();
    private readonly Option<int?> _classes = CommandOptions.Classes();
    private readonly Option<int> _batchSize = CommandOptions.BatchSize(1, "images in a batch");

    public SummaryCommand()
        : base("summary", "Print the layers of a network with their shapes, parameters, multiply-adds and memory.")
    {
        Add(_network);
        Add(_imageSize);
        Add(_classes);
        Add(_batchSize);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "alexnet summary                                      the notebook's network",
        "alexnet summary --network torchvision --classes 10   another one",
        "alexnet summary --network my.json                    check a network of your own; an error names its line",
        "alexnet summary --network deploy.prototxt            Caffe's description, or an ONNX graph",
        "alexnet summary --batch-size 32                      shapes and memory for a batch",
    ];

    /// <inheritdoc/>
    public override int Run(CommandContext context)
    {
        string name = context.Get(_network);
        int batchSize = context.Get(_batchSize);
        NetworkDefinition chosen = NetworkChoice.Create(name, context.Get(_classes), context.Get(_imageSize), asInNotebook: true);
        Network network = chosen.Network;

        Table table = Tables.Create("layer", "", "output", ">parameters", ">multiply-adds", ">output MB");
        table.Row("images", "", network.InputShape.ToString(batchSize), "", "", Megabytes(network.InputShape.Length * batchSize));
        long outputs = network.InputShape.Length * batchSize;
        for (int i = 0; i < network.Layers.Count; i++)
        {
            Layer layer = network.Layers[i];
            Tensors.Shape output = network.OutputOf(i);
            outputs += output.Length * batchSize;
            table.Row(
                layer.Name, layer.Details.Length > 0 ? layer.Details : layer.GetType().Name, output.ToString(batchSize),
                Count(network.ParametersOf(i).Sum(p => p.Length)), Count(network.MultiplyAddsOf(i) * batchSize), Megabytes(output.Length * batchSize));
        }
        table.Row("total", "", "", Count(network.ParameterCount), Count(network.MultiplyAdds * batchSize), Megabytes(outputs));
        context.WriteTable(table);

        context.WriteLine(Invariant(
            $"{(network.ParameterCount < 1_000_000 ? Count(network.ParameterCount) : Invariant($"{network.ParameterCount / 1e6:0.0} million"))} parameters ({Megabytes(network.ParameterCount)} MB), {2e-9 * network.MultiplyAdds:0.00} GFLOP per image forward"));
        context.WriteLine(Invariant(
            $"memory for batch {batchSize}, parameters included: {Memory(GradientScope.None)} MB forward, {Memory(GradientScope.All)} MB with all gradients"));
        if (chosen.Entry is not { } entry)
        {
            context.WriteLine($"source: {name}");
            context.WriteLine($"images: {chosen.Preprocessing?.ToString() ?? "preprocessing not stated"}");
            return ExitCode.Success;
        }
        if (name != entry.Name)
            context.WriteLine($"{name} computes what the catalog's {entry.Name} does");
        context.WriteLine($"source: {entry.Source}");
        context.WriteLine($"layers there: {entry.LayerNames}");
        context.WriteLine($"images: {entry.Preprocessing} (published weights: {(entry.PublishedOrder == ChannelOrder.Bgr ? "BGR" : "RGB")})");
        context.WriteLine(entry.Top1 is null ? $"accuracy: {entry.AccuracySource}"
            : Invariant($"accuracy on {entry.Dataset}: top-1 {entry.Top1} %{(entry.Top5 is { } top5 ? Invariant($", top-5 {top5} %") : "")}: {entry.AccuracySource}"));
        return ExitCode.Success;

        string Memory(GradientScope gradients) =>
            Invariant($"{Plan.EstimateMemory(network, new PlanOptions { BatchSize = batchSize, Gradients = gradients }) / 1e6:0}");
    }

    private static string Count(long number) => number == 0 ? "" : number.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Megabytes(long floats) => Invariant($"{floats * sizeof(float) / 1e6:0.00}");

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}

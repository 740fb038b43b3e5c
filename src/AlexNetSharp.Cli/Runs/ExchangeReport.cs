using System.Globalization;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Training;
using Spectre.Console;

namespace AlexNetSharp.Cli.Runs;

/// <summary>Reports how training is distributed over processes.</summary>
internal static class ExchangeReport
{
    /// <summary>Prints one line and, if requested, a table of the layers whose gradients can be exchanged in two ways.</summary>
    public static void Print(CommandContext context, TrainSettings settings, ProcessJob job, IReadOnlyList<LayerExchange> layers, bool explain)
    {
        int processes = job.Group.Count, parts = (settings.BatchSize + settings.PartSize - 1) / settings.PartSize;
        int most = (parts + processes - 1) / processes;
        if (job.IsMpi)
            context.WriteLine(job.Description);
        context.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{settings.BatchSize} images per step in {parts} part{(parts == 1 ? "" : "s")} of {settings.PartSize}{(processes > 1 ? FormattableString.Invariant($", {(parts % processes == 0 ? "" : "at most ")}{most} per process") : "")}: bitwise identical results for any number of processes"));
        if (parts % processes != 0 && (parts + most - 1) / most < processes)
            context.Note(FormattableString.Invariant(
                $"{parts} parts on {processes} processes take as long as on {(parts + most - 1) / most}; --part-size {(settings.BatchSize + processes - 1) / processes} would divide evenly"));
        if (!explain)
            return;
        context.WriteTable(ToTable(layers));
    }

    /// <summary>Formats the cost of each way, and the chosen one, as a table.</summary>
    public static Table ToTable(IReadOnlyList<LayerExchange> layers)
    {
        Table table = Tables.Create("layer", ">gradient MB", ">factors MB", ">gradient GMAC", ">factors GMAC", ">gradient s", ">factors s", "travels");
        foreach (LayerExchange layer in layers)
            table.Row(
                [layer.Layer, .. new[] { layer.DenseBytes / 1e6, layer.FactorBytes / 1e6, layer.DenseMultiplyAdds / 1e9, layer.FactorMultiplyAdds / 1e9, layer.DenseSeconds, layer.FactorSeconds }
                    .Select(value => value.ToString("0.000", CultureInfo.InvariantCulture)), layer.Factors ? "factors" : "gradient"]);
        return table;
    }
}

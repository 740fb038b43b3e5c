using System.Diagnostics;
using System.Globalization;
using AlexNetSharp.Cli.Benchmarking;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Data;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using Spectre.Console;

namespace AlexNetSharp.Cli.Models;

/// <summary>The report that <c>alexnet inspect</c> prints about a file.</summary>
internal static class ModelReport
{
    private const int ClassesShown = 3;

    /// <summary>Prints format, network, classes, preprocessing, read time, and one row per tensor.</summary>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static void Print(CommandContext context, ModelInput input)
    {
        string path = input.PathOf(context);
        using TensorFile file = TensorFile.Open(path);
        context.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{path}: {file.Format}, {new FileInfo(path).Length / 1e6:0.0} MB, {Count(file.Tensors.Count, "tensor")}"));
        PrintModel(context, input);

        Table table = Tables.Create("tensor", "type", "shape", ">minimum", ">maximum", ">mean", ">deviation", ">NaN", ">infinite");
        foreach (NamedTensor tensor in file.Tensors)
        {
            context.Cancellation.ThrowIfCancellationRequested();
            string shape = ModelConversion.Shape(tensor.Shape);
            if (!tensor.IsFloatingPoint || tensor.Count == 0)
            {
                table.Row(tensor.Name, tensor.Type.ToString(), shape, "", "", "", "", "", "");
                continue;
            }
            TensorStatistics values = TensorStatistics.Of(tensor);
            table.Row(
                tensor.Name, tensor.Type.ToString(), shape, Text(values.Minimum), Text(values.Maximum), Text(values.Mean), Text(values.Deviation),
                values.NotANumber.ToString(CultureInfo.InvariantCulture), values.Infinite.ToString(CultureInfo.InvariantCulture));
        }
        context.WriteTable(table);
    }

    private static void PrintModel(CommandContext context, ModelInput input)
    {
        Model model;
        long start = Stopwatch.GetTimestamp();
        try
        {
            model = input.Load(context);
        }
        catch (InvalidDataException e)
        {
            // The tensors can be shown even if they are not a model.
            context.WriteLine($"not a model: {e.Message}");
            return;
        }
        using (model)
        {
            TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
            context.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"network {model.Network.Name}, {model.Network.ParameterCount:#,0} parameters, images {model.Network.InputShape}, {Count(model.Network.OutputShape.Length, "class", "es")}"));
            context.WriteLine("classes: " + (model.Classes.Count == 0 ? "no names"
                : string.Join("; ", model.Classes.Take(ClassesShown).Select(c => c.Id == c.Name ? c.Name : $"{c.Id} {c.Name}"))
                    + (model.Classes.Count > ClassesShown ? "; …" : "")));
            context.WriteLine("preprocessing: " + (model.Preprocessing?.ToString() ?? "not stated"));
            context.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"weights read in {elapsed.TotalSeconds:0.000} s, peak memory {Machine.PeakMemoryBytes / 1e6:0} MB"));
        }
    }

    private static string Count(long number, string what, string plural = "s") =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {what}{(number == 1 ? "" : plural)}");

    private static string Text(double value) => value.ToString("g4", CultureInfo.InvariantCulture);
}

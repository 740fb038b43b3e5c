using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using Spectre.Console;

namespace AlexNetSharp.Cli.Models;

/// <summary>Writes a model to another file, and reports where each tensor came from.</summary>
internal static class ModelConversion
{
    /// <summary>Returns the model with other class names.</summary>
    /// <param name="model">The model; its weights are shared.</param>
    /// <param name="path">A file with one class per line; null keeps the names.</param>
    /// <exception cref="InvalidDataException">The file does not contain class names, or their number differs from the network's outputs.</exception>
    public static Model WithClasses(Model model, string? path)
    {
        if (path is null)
            return model;
        IReadOnlyList<ClassName> classes = ClassName.Load(path);
        if (classes.Count != model.Network.OutputShape.Length)
            throw new InvalidDataException(FormattableString.Invariant(
                $"{path}: {classes.Count} class names, but network '{model.Network.Name}' has {model.Network.OutputShape.Length} outputs; the file needs one line per output"));
        return new Model(model.Parameters, model.Preprocessing, classes, model.Transfers);
    }

    /// <summary>Writes the model, reads back the list of tensors, and prints where each came from.</summary>
    public static void Write(CommandContext context, string source, Model model, string target, TensorType type = TensorType.F32)
    {
        ModelFile.Save(target, model, type);
        using TensorFile from = TensorFile.Open(source), to = TensorFile.Open(target);
        Table table = Tables.Create("from", "type", "shape", "to", "type", "shape", "changed");
        for (int i = 0; i < model.Transfers.Count; i++)
        {
            WeightTransfer transfer = model.Transfers[i];
            NamedTensor written = to.Tensors[i];
            table.Row(
                transfer.Source, transfer.SourceType.ToString(), Shape([.. transfer.SourceShape]),
                written.Name, written.Type.ToString(), Shape(written.Shape), transfer.FileChange);
        }
        context.WriteTable(table);
        int left = from.Tensors.Count(tensor => tensor.IsTrainingState);
        if (left > 0)
            context.WriteLine(FormattableString.Invariant($"left out: {left} training tensors (optimizer/…)"));
        context.WriteLine(FormattableString.Invariant(
            $"{target}: network {model.Network.Name}, {model.Network.ParameterCount:#,0} parameters, {model.Network.OutputShape.Length} classes{(model.Classes.Count == 0 ? " without names" : "")}, {new FileInfo(target).Length / 1e6:0.0} MB"));
    }

    /// <summary>Formats a shape: [64, 3, 11, 11].</summary>
    public static string Shape(ReadOnlySpan<long> shape) => $"[{string.Join(", ", shape.ToArray().Select(size => size.ToString(System.Globalization.CultureInfo.InvariantCulture)))}]";
}

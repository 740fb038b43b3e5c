using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using Spectre.Console;

namespace AlexNetSharp.Cli.Models;

/// <summary>Writes a model that came from one file to another, and tells what went where.</summary>
internal static class ModelConversion
{
    /// <summary>The model with other names for its classes.</summary>
    /// <param name="model">The model; its weights are shared.</param>
    /// <param name="path">A file with one class a line; null keeps the names as they are.</param>
    /// <exception cref="InvalidDataException">The file cannot be read as names, or there are more or fewer than the network has outputs.</exception>
    public static Model WithClasses(Model model, string? path)
    {
        if (path is null)
            return model;
        IReadOnlyList<ClassName> classes = ClassNames.Load(path);
        if (classes.Count != model.Network.OutputShape.Length)
            throw new InvalidDataException(FormattableString.Invariant(
                $"{path}: {classes.Count} names of classes, but network '{model.Network.Name}' has {model.Network.OutputShape.Length} outputs; give one line for each output"));
        return new Model(model.Parameters, model.Preprocessing, classes, model.Transfers);
    }

    /// <summary>Writes the model, reads the new file's list of tensors back, and prints where each came from.</summary>
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
            context.WriteLine(FormattableString.Invariant($"left out: {left} tensors of the training (optimizer/…)"));
        context.WriteLine(FormattableString.Invariant(
            $"{target}: network {model.Network.Name}, {model.Network.ParameterCount:#,0} parameters, {model.Network.OutputShape.Length} classes{(model.Classes.Count == 0 ? " without names" : "")}, {new FileInfo(target).Length / 1e6:0.0} MB"));
    }

    /// <summary>A shape as text: [64, 3, 11, 11].</summary>
    public static string Shape(ReadOnlySpan<long> shape) => $"[{string.Join(", ", shape.ToArray().Select(size => size.ToString(System.Globalization.CultureInfo.InvariantCulture)))}]";
}

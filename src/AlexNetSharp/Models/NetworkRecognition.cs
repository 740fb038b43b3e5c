using AlexNetSharp.Formats;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Models;

/// <summary>Tells from metadata, names and shapes which network a file holds.</summary>
internal static class NetworkRecognition
{
    private const int TensorFlowWidth = 64, PaperWidth = 96, AlexNetKernel = 11;

    /// <summary>The network in <paramref name="file"/>, with as many classes as the file has.</summary>
    /// <param name="file">The file.</param>
    /// <param name="metadata">What its metadata say.</param>
    /// <param name="named">The network that the user named, or null.</param>
    /// <exception cref="InvalidDataException">The network cannot be told, or not be built.</exception>
    public static Network Recognize(TensorFile file, ModelMetadata metadata, CatalogEntry? named)
    {
        string name = named?.Name ?? metadata.NetworkName ?? Guess(file);
        CatalogEntry entry = named ?? NetworkCatalog.Find(name)
            ?? throw FormatError.At(file.Path, 0, $"the file holds network {FormatError.Quote(name)}, which is not known here; known are {string.Join(", ", NetworkCatalog.Names)}");
        Network full = entry.Build();
        NamedTensor bias = WeightMapping.FindLastBias(file, full)
            ?? throw FormatError.At(file.Path, 0, $"no tensor is {full.Parameters[^1].Name} of network '{name}'; if the file is for another network, give its name");
        if (bias.Count is < 1 or > int.MaxValue / 4)
            FormatError.Throw(file.Path, bias.Offset, $"tensor {FormatError.Quote(bias.Name)} of shape {FormatError.Shape(bias.Shape)} cannot be the bias of a last layer");
        try
        {
            return entry.Build((int)bias.Count, metadata.Input);
        }
        catch (Exception e) when (e is ArgumentException or OverflowException)
        {
            throw FormatError.At(file.Path, 0, FormattableString.Invariant($"network '{name}' cannot be built with {bias.Count} classes and images of {metadata.Input?.ToString() ?? "its own size"}: {e.Message.ReplaceLineEndings(" ")}"));
        }
    }

    private static string Guess(TensorFile file)
    {
        string[] fitting = [.. NetworkCatalog.All.Where(entry => WeightMapping.FitsButForClasses(file, entry.Build())).Select(entry => entry.Name)];
        if (fitting is [string only])
            return only;
        NamedTensor? kernel = WeightMapping.Find(file, "conv1.weight");
        if (kernel is { Shape.Length: 4 } && IsAlexNets(kernel.Shape))
        {
            if (WeightNames.Unwrapped(kernel.Name).StartsWith("features.", StringComparison.Ordinal))
                return "torchvision";
            // Output channels come first in the files of PyTorch, Caffe and ONNX, last in TensorFlow's and ours.
            long width = kernel.Shape[1] == 3 ? kernel.Shape[0] : kernel.Shape[3];
            file.Metadata.TryGetValue(TensorFile.OrderKey, out string? order);
            if (width == TensorFlowWidth)
                return order is null ? "tensorflow" : order == TensorFile.NoNorm ? "torchvision" : "tensorflow";
            if (width == PaperWidth && order is not null)
                return order == TensorFile.PoolFirst ? "caffenet" : "caffe";
            if (width == PaperWidth)
                throw FormatError.At(file.Path, kernel.Offset, "the weights fit the networks paper, caffe and caffenet alike; say which with --network");
        }
        throw FormatError.At(file.Path, kernel?.Offset ?? 0, fitting.Length > 1
            ? $"the weights fit the networks {string.Join(" and ", fitting)} alike; say which with --network"
            : $"the network cannot be told from the {file.Tensors.Count} tensors' names and shapes; give it with --network, by its name ({string.Join(", ", NetworkCatalog.Names)}) or by a file that describes it (JSON, prototxt, ONNX)");
    }

    /// <summary>Whether a kernel is as large as an AlexNet's first, and sees three colors.</summary>
    private static bool IsAlexNets(ReadOnlySpan<long> shape) =>
        (shape[1] == 3 && shape[2] == AlexNetKernel && shape[3] == AlexNetKernel) || (shape[2] == 3 && shape[0] == AlexNetKernel && shape[1] == AlexNetKernel);
}

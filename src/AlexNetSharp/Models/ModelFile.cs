using AlexNetSharp.Formats;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Models;

/// <summary>Reads and writes whole models: the network, its weights, the names of its classes and its preprocessing.</summary>
public static class ModelFile
{
    /// <summary>
    /// Reads a model: a .safetensors file (ours, torchvision's, an index of shards, a checkpoint of a training), PyTorch's .pth or .pt,
    /// Caffe's .caffemodel, or a chain of layers in ONNX.
    /// </summary>
    /// <param name="path">The file, or the run folder of a training, whose best checkpoint is read.</param>
    /// <param name="network">
    /// If the file does not state its network, the network's name, or a file that describes it (<see cref="NetworkDefinition.Load"/>); null to recognize it
    /// from metadata, names and shapes.
    /// </param>
    /// <remarks>A known network with 1000 outputs whose file names no classes is taken to be for ImageNet.</remarks>
    /// <returns>The complete model.</returns>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or holds another network; the message names tensor and shapes.</exception>
    /// <exception cref="ArgumentException"><paramref name="network"/> is neither a known network nor a file.</exception>
    public static Model Load(string path, string? network = null)
    {
        (CatalogEntry? named, NetworkDefinition? described) = Chosen(network);
        using TensorFile file = TensorFile.OpenWeights(FileOf(path));
        return Load(file, Describe(file, named, described));
    }

    /// <summary>Opens a model whose fully connected weights stay in the file: each pass reads them from there, as long as nothing needs them in memory.</summary>
    /// <remarks>
    /// For a few images this is the fastest way to an answer, and it takes the least memory: processes that open the same file share what the system
    /// keeps of it. To many passes, weights in memory (<see cref="Load(string, string?)"/>) are faster. Outputs have the same bits. Training, changes
    /// and <see cref="Parameter.Storage"/> load the weights; those that a file keeps as [in, out], in pieces, with strides or packed are loaded at once. The file stays open until the model is disposed; it must not be overwritten in place meanwhile
    /// (replaced by renaming, it may be), and a pass that cannot read it throws <see cref="IOException"/> or <see cref="InvalidDataException"/>.
    /// </remarks>
    /// <inheritdoc cref="Load(string, string?)"/>
    public static Model Open(string path, string? network = null)
    {
        (CatalogEntry? named, NetworkDefinition? described) = Chosen(network);
        TensorFile file = TensorFile.OpenWeights(FileOf(path));
        try
        {
            Model model = Load(file, Describe(file, named, described), leaveMatrices: true);
            file.Unmap();
            return model;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads the weights of <paramref name="network"/>, whatever network the file states.</summary>
    /// <param name="path">The file, or the run folder of a training, whose best checkpoint is read.</param>
    /// <param name="network">The network.</param>
    /// <inheritdoc cref="Load(string, string?)"/>
    public static Model Load(string path, Network network)
    {
        ArgumentNullException.ThrowIfNull(network);
        using TensorFile file = TensorFile.OpenWeights(FileOf(path));
        return Load(file, Complete(file, ModelMetadata.Read(file), network));
    }

    /// <summary>Writes a model; the file appears only when it is complete.</summary>
    /// <param name="path">
    /// A .safetensors file: tensors as PyTorch keeps them, with torchvision's names where the network is torchvision's, so that
    /// <c>load_state_dict</c> accepts them unchanged; everything else in the metadata. Or an .onnx file.
    /// </param>
    /// <param name="model">The model.</param>
    /// <param name="type">How the weights are stored: F32, or in a .safetensors file also F16 or BF16, rounded to nearest, or I8: fully connected weights as 8-bit integers with a scale for each output, everything else as F32.</param>
    /// <exception cref="ArgumentException">The extension is not known, or does not support <paramref name="type"/>.</exception>
    /// <exception cref="InvalidDataException">A weight lies beyond the range of <paramref name="type"/>.</exception>
    /// <exception cref="NotSupportedException">A layer cannot be expressed in ONNX; the message names it.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save(string path, Model model, TensorType type = TensorType.F32)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(model);
        string ending = Path.GetExtension(path).ToLowerInvariant();
        if (type is not (TensorType.F32 or TensorType.F16 or TensorType.BF16 or TensorType.I8) || (type != TensorType.F32 && ending == ".onnx"))
            throw new ArgumentException($"weights cannot be stored as {type} in '{path}'", nameof(type));
        switch (ending)
        {
            case ".safetensors":
                Dictionary<string, string> metadata = ModelMetadata.Describe(model);
                metadata["format"] = "pt";
                if (type == TensorType.I8)
                    SafetensorsWriter.Write(path, WeightSources.Int8Of(model.Parameters), metadata);
                else
                    SafetensorsWriter.Write(path, WeightSources.Of(model.Parameters), metadata, type);
                break;
            case ".onnx":
                OnnxWriter.Write(path, model);
                break;
            default:
                throw new ArgumentException($"'{path}' does not end in a format that models can be written in; use .safetensors or .onnx", nameof(path));
        }
    }

    /// <summary>Writes parameters alone, or gradients: under the names and in the order that <see cref="Save"/> gives them (features.0.weight for torchvision's network, [out, in, height, width]).</summary>
    /// <param name="path">A safetensors file, whatever its extension; it appears only when it is complete.</param>
    /// <param name="parameters">The values.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void SaveParameters(string path, ParameterSet parameters)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(parameters);
        SafetensorsWriter.Write(path, WeightSources.Of(parameters), new Dictionary<string, string> { ["format"] = "pt" });
    }

    /// <summary>The best checkpoint in the run folder of a training.</summary>
    internal static string BestCheckpointOf(string folder) => Path.Combine(folder, "checkpoints", "best.safetensors");

    private static string FileOf(string path)
    {
        string file = Directory.Exists(path) ? BestCheckpointOf(path) : path;
        return File.Exists(file) ? file : throw new FileNotFoundException(
            file == path ? $"{path}: no such file" : $"{path}: a folder without checkpoints/best.safetensors; a training writes it after an epoch", file);
    }

    /// <summary>The network that the user names, or describes in a file.</summary>
    private static (CatalogEntry? Named, NetworkDefinition? Described) Chosen(string? nameOrFile) =>
        nameOrFile is null ? default
        : NetworkCatalog.Find(nameOrFile) is { } entry ? (entry, null)
        : File.Exists(nameOrFile) ? (null, NetworkDefinition.Load(nameOrFile))
        : throw new ArgumentException($"'{nameOrFile}' is neither a file nor a known network; known are {string.Join(", ", NetworkCatalog.Names)}", nameof(nameOrFile));

    /// <summary>What a file says about its model, filled up from the catalog where it says nothing.</summary>
    /// <param name="file">The file.</param>
    /// <param name="named">The network that the user named, or null.</param>
    /// <param name="described">The network that the user described, whatever network the file states; or null.</param>
    /// <exception cref="InvalidDataException">The network cannot be told or not be built, or what the file says does not fit together.</exception>
    internal static (Network Network, Preprocessing? Preprocessing, IReadOnlyList<ClassName> Classes) Describe(
        TensorFile file, CatalogEntry? named = null, NetworkDefinition? described = null)
    {
        ModelMetadata metadata = ModelMetadata.Read(file);
        if (described is not null)
            return Complete(file, metadata, described.Network, described.Preprocessing, described.Classes);
        Network network = named is not null || (metadata.Network is null && (file.Onnx is null || metadata.NetworkName is not null))
            ? NetworkRecognition.Recognize(file, metadata, named)
            : metadata.Network ?? OfGraph(file);
        return Complete(file, metadata, network);
    }

    /// <summary>The network that a graph computes: that of the catalog, where one computes the same.</summary>
    private static Network OfGraph(TensorFile file)
    {
        Network chain = OnnxChain.Read(file);
        return NetworkCatalog.Match(chain)?.Network ?? chain;
    }

    private static (Network, Preprocessing?, IReadOnlyList<ClassName>) Complete(
        TensorFile file, ModelMetadata metadata, Network network, Preprocessing? preprocessing = null, IReadOnlyList<ClassName>? names = null)
    {
        CatalogEntry? entry = NetworkCatalog.Find(network.Name);
        long outputs = network.OutputShape.Length;
        IReadOnlyList<ClassName> classes = metadata.Classes.Count == outputs ? metadata.Classes
            : names?.Count == outputs ? names
            : metadata.Classes.Count == 0 && entry?.Classes == outputs && outputs == ImageNetClasses.Count ? ImageNetClasses.All
            : [];
        preprocessing = metadata.Preprocessing ?? preprocessing ?? entry?.PreprocessingFor(network.InputShape, file.IsFromCaffe);
        try
        {
            Model.Check(network, preprocessing, classes);
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"{file.Path}: {e.Message}", e);
        }
        return (network, preprocessing, classes);
    }

    private static Model Load(TensorFile file, (Network Network, Preprocessing? Preprocessing, IReadOnlyList<ClassName> Classes) description, bool leaveMatrices = false)
    {
        // Which order of colors a network wants is a fact of that network; a file of Caffe does not say it.
        bool bgr = file.IsFromCaffe && NetworkCatalog.Find(description.Network.Name) is { IsBgrInCaffe: true };
        WeightMapping mapping = WeightMapping.Check(file, description.Network, bgr);
        var parameters = leaveMatrices ? new ParameterSet(description.Network, file, demand: !mapping.CanLeaveMatrices) : new ParameterSet(description.Network);
        try
        {
            return new Model(parameters, description.Preprocessing, description.Classes, mapping.CopyTo(parameters, leaveMatrices));
        }
        catch
        {
            parameters.Dispose();
            throw;
        }
    }
}

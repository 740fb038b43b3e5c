using AlexNetSharp.Formats;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Models;

/// <summary>A class that a network distinguishes.</summary>
/// <param name="id">Short identifier: for ImageNet the WordNet id (n01440764), otherwise the name of the images' folder.</param>
/// <param name="name">Human-readable name.</param>
public sealed class ClassName(string id, string name)
{
    /// <summary>Short identifier: for ImageNet the WordNet id (n01440764), otherwise the name of the images' folder.</summary>
    public string Id { get; } = id;

    /// <summary>Human-readable name.</summary>
    public string Name { get; } = name;

    /// <summary>Reads names of classes from a text file, in the order of the network's outputs.</summary>
    /// <remarks>
    /// One class a line: where every line begins with a WordNet id (<c>n01440764 tench, Tinca tinca</c>, as in Caffe's synset_words.txt), that gives ids
    /// and names; where every line begins with its own number (<c>0: tench</c>), the number is left out; else a line is both. Or a list or a
    /// dictionary of JSON or Python: <c>["tench", …]</c>, <c>{0: 'tench', …}</c>, <c>{"0": ["n01440764", "tench"], …}</c>, <c>{"tench": 0, …}</c>.
    /// </remarks>
    /// <param name="path">The file, in UTF-8.</param>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">It holds no names, an empty line between them, or something that is no text.</exception>
    public static IReadOnlyList<ClassName> Load(string path) => ClassNames.Load(path);
}

/// <summary>Which tensor of a file a parameter was read from, and how it was converted.</summary>
public sealed class WeightTransfer
{
    internal WeightTransfer(string source, TensorType sourceType, IReadOnlyList<long> sourceShape, string parameter, string change, string fileChange) =>
        (Source, SourceType, SourceShape, Parameter, Change, FileChange) = (source, sourceType, sourceShape, parameter, change, fileChange);

    /// <summary>Name of the tensor in the file.</summary>
    public string Source { get; }

    /// <summary>Its element type in the file.</summary>
    public TensorType SourceType { get; }

    /// <summary>Its shape in the file.</summary>
    public IReadOnlyList<long> SourceShape { get; }

    /// <summary>Name of the parameter.</summary>
    public string Parameter { get; }

    /// <summary>How it was converted, such as <c>OIHW → HWIO</c>.</summary>
    public string Change { get; }

    /// <summary>What differs from the source when the parameter is written to a file again, such as <c>BGR → RGB</c>; empty for nothing.</summary>
    public string FileChange { get; }
}

/// <summary>A network with its weights, its preprocessing and the names of its classes: the content of a model file.</summary>
public sealed class Model : IDisposable
{
    /// <summary>Creates a model.</summary>
    /// <param name="parameters">The weights and their network; the model disposes them.</param>
    /// <param name="preprocessing">How images are preprocessed; null if unknown.</param>
    /// <param name="classes">The classes in the order of the outputs; null or empty if unknown.</param>
    /// <param name="transfers">Where the weights came from; null if not from a file.</param>
    /// <exception cref="ArgumentException">
    /// The preprocessing does not produce inputs of this network, or the number of classes is not that of its outputs, or a name is empty, longer than
    /// 1000 characters, or holds control characters.
    /// </exception>
    public Model(
        ParameterSet parameters,
        Preprocessing? preprocessing = null,
        IReadOnlyList<ClassName>? classes = null,
        IReadOnlyList<WeightTransfer>? transfers = null)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        Parameters = parameters;
        Preprocessing = preprocessing;
        Classes = classes ?? [];
        Transfers = transfers ?? [];
        Check(Network, Preprocessing, Classes);
    }

    /// <summary>The network's layers.</summary>
    public Network Network => Parameters.Network;

    /// <summary>Its weights.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>How images are preprocessed; null if unknown.</summary>
    public Preprocessing? Preprocessing { get; }

    /// <summary>Its classes in the order of the outputs; empty if unknown.</summary>
    public IReadOnlyList<ClassName> Classes { get; }

    /// <summary>Where the weights came from, in the order of the parameters; empty if not from a file.</summary>
    public IReadOnlyList<WeightTransfer> Transfers { get; }

    /// <summary>How images are preprocessed, for callers that need it.</summary>
    /// <param name="chosen">Overrides what the model states; null for what it states.</param>
    /// <exception cref="InvalidDataException">The model states no preprocessing, or the chosen one does not fit its network.</exception>
    public Preprocessing RequirePreprocessing(Preprocessing? chosen = null)
    {
        Preprocessing preprocessing = chosen ?? Preprocessing ?? throw new InvalidDataException(
            $"the model does not say how images are prepared for network '{Network.Name}'; give a preprocessing");
        preprocessing.Validate();
        return preprocessing.Shape == Network.InputShape ? preprocessing
            : throw new InvalidDataException($"network '{Network.Name}' takes images of {Network.InputShape}, but the preprocessing makes {preprocessing.Shape}");
    }

    /// <summary>Frees the weights.</summary>
    public void Dispose() => Parameters.Dispose();

    /// <summary>Checks that the parts of a model fit together, and that what is written could be read again.</summary>
    /// <exception cref="ArgumentException">They do not; the message says which.</exception>
    internal static void Check(Network network, Preprocessing? preprocessing, IReadOnlyList<ClassName> classes)
    {
        if (preprocessing is not null)
        {
            preprocessing.Validate();
            if (preprocessing.Shape != network.InputShape)
                throw new ArgumentException($"network '{network.Name}' takes images of {network.InputShape}, but the preprocessing makes {preprocessing.Shape}");
        }
        if (classes.Count > 0 && classes.Count != network.OutputShape.Length)
            throw new ArgumentException(FormattableString.Invariant(
                $"{classes.Count} class names do not fit the {network.OutputShape.Length} outputs of network '{network.Name}'"));
        if (classes.FirstOrDefault(c => !ClassNames.IsName(c.Id) || !ClassNames.IsName(c.Name)) is { } bad)
            throw new ArgumentException($"the name of class {FormatError.Quote(bad.Name ?? "")} (id {FormatError.Quote(bad.Id ?? "")}) is empty, too long or holds control characters; rename it");
    }
}

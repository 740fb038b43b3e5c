using AlexNetSharp.Formats;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Models;

/// <summary>A class that a network tells apart.</summary>
/// <param name="Id">Short identity: for ImageNet the WordNet id (n01440764), otherwise the name of the images' folder.</param>
/// <param name="Name">Name for humans.</param>
public sealed record ClassName(string Id, string Name);

/// <summary>Where the values of one parameter came from.</summary>
public sealed class WeightTransfer
{
    internal WeightTransfer(string source, TensorType sourceType, IReadOnlyList<long> sourceShape, string parameter, string change, string fileChange) =>
        (Source, SourceType, SourceShape, Parameter, Change, FileChange) = (source, sourceType, sourceShape, parameter, change, fileChange);

    /// <summary>Name of the tensor in the file.</summary>
    public string Source { get; }

    /// <summary>Its element type there.</summary>
    public TensorType SourceType { get; }

    /// <summary>Its shape there.</summary>
    public IReadOnlyList<long> SourceShape { get; }

    /// <summary>Name of the parameter.</summary>
    public string Parameter { get; }

    /// <summary>What was done on the way, such as <c>OIHW → HWIO</c>.</summary>
    public string Change { get; }

    /// <summary>What differs from the source when the parameter is written to a file again, such as <c>BGR → RGB</c>; empty for nothing.</summary>
    public string FileChange { get; }
}

/// <summary>What travels in a model file: a network, its weights, its preprocessing and the names of its classes.</summary>
public sealed class Model : IDisposable
{
    /// <summary>Puts a model together.</summary>
    /// <param name="parameters">The weights, and the network that they belong to; the model disposes of them.</param>
    /// <param name="preprocessing">What happens to an image before the network; null if unknown.</param>
    /// <param name="classes">The classes in the order of the outputs; null or empty if unknown.</param>
    /// <param name="transfers">Where the weights came from; null if not from a file.</param>
    /// <exception cref="ArgumentException">
    /// The preprocessing makes no inputs of this network, or the classes are not as many as its outputs, or a name is empty, longer than
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

    /// <summary>What happens to an image before the network; null if unknown.</summary>
    public Preprocessing? Preprocessing { get; }

    /// <summary>Its classes in the order of the outputs; empty if unknown.</summary>
    public IReadOnlyList<ClassName> Classes { get; }

    /// <summary>Where the weights came from, in the order of the parameters; empty if not from a file.</summary>
    public IReadOnlyList<WeightTransfer> Transfers { get; }

    /// <summary>What happens to an image before the network, for callers that need it.</summary>
    /// <param name="chosen">What to do instead of what the model states; null for that.</param>
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

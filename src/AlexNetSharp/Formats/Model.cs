using AlexNetSharp.Networks;

namespace AlexNetSharp.Formats;

/// <summary>A class that a network tells apart.</summary>
/// <param name="Id">Short identity: for ImageNet the WordNet id (n01440764), otherwise the name of the images' folder.</param>
/// <param name="Name">Name for humans.</param>
public sealed record ClassName(string Id, string Name);

/// <summary>Where the values of one parameter came from.</summary>
/// <param name="Source">Name of the tensor in the file.</param>
/// <param name="SourceType">Its element type there.</param>
/// <param name="SourceShape">Its shape there.</param>
/// <param name="Parameter">Name of the parameter.</param>
/// <param name="Change">What was done on the way, such as <c>OIHW → HWIO</c>.</param>
/// <param name="FileChange">What differs from the source when the parameter is written to a file again, such as <c>BGR → RGB</c>; empty for nothing.</param>
public sealed record WeightTransfer(
    string Source, TensorType SourceType, IReadOnlyList<long> SourceShape, string Parameter, string Change, string FileChange);

/// <summary>A network with its weights, the names of its classes and what it wants done to images: what a model file holds.</summary>
public sealed class Model : IDisposable
{
    /// <summary>Puts a model together.</summary>
    /// <param name="network">The network.</param>
    /// <param name="parameters">Its weights; the model disposes of them.</param>
    /// <param name="classes">Its classes in the order of the outputs; empty if unknown.</param>
    /// <param name="preprocessing">What happens to an image before the network, as JSON; empty if unknown.</param>
    /// <param name="transfers">Where the weights came from; empty if not from a file.</param>
    /// <exception cref="ArgumentException">The parameters are of another network, or the classes are not as many as the outputs.</exception>
    public Model(
        Network network,
        ParameterSet parameters,
        IReadOnlyList<ClassName>? classes = null,
        string preprocessing = "",
        IReadOnlyList<WeightTransfer>? transfers = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(preprocessing);
        if (!ReferenceEquals(parameters.Network, network))
            throw new ArgumentException($"the parameters belong to another network than '{network.Name}'", nameof(parameters));
        if (classes is { Count: > 0 } && classes.Count != network.OutputShape.Length)
            throw new ArgumentException(FormattableString.Invariant(
                $"{classes.Count} class names do not fit the {network.OutputShape.Length} outputs of network '{network.Name}'"), nameof(classes));
        Network = network;
        Parameters = parameters;
        Classes = classes ?? [];
        Preprocessing = preprocessing;
        Transfers = transfers ?? [];
    }

    /// <summary>The network's layers.</summary>
    public Network Network { get; }

    /// <summary>Its weights.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>Its classes in the order of the outputs; empty if unknown.</summary>
    public IReadOnlyList<ClassName> Classes { get; }

    /// <summary>What happens to an image before the network, as JSON; empty if unknown.</summary>
    public string Preprocessing { get; }

    /// <summary>Where the weights came from, in the order of the parameters; empty if not from a file.</summary>
    public IReadOnlyList<WeightTransfer> Transfers { get; }

    /// <summary>Frees the weights.</summary>
    public void Dispose() => Parameters.Dispose();
}

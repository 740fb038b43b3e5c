using AlexNetSharp.Formats;
using AlexNetSharp.Models;

namespace AlexNetSharp.Inference;

/// <summary>A class that an image may show, with its probability.</summary>
public readonly struct Prediction
{
    /// <summary>States a probability.</summary>
    /// <param name="index">Number of the class: its place in the network's output, from 0.</param>
    /// <param name="class">Its identifier and name.</param>
    /// <param name="probability">Softmax of the network's output, from 0 to 1.</param>
    internal Prediction(int index, ClassName @class, float probability) => (Index, Class, Probability) = (index, @class, probability);

    /// <summary>Number of the class: its place in the network's output, from 0.</summary>
    public int Index { get; }

    /// <summary>Its identifier and name; for ImageNet the WordNet id (n02124075) and the words of the synset.</summary>
    internal ClassName Class { get; }

    /// <summary>Softmax of the network's output, from 0 to 1; with ten views their mean.</summary>
    public float Probability { get; }

    /// <summary>Human-readable name of the class: for ImageNet the words of the synset.</summary>
    public string Name => Class.Name;

    /// <summary>Short identifier of the class: for ImageNet the WordNet id, otherwise the name of the images' folder.</summary>
    public string Id => Class.Id;

    /// <summary>The class and its probability: <c>Egyptian cat 68.4 %</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{Class?.Name} {100 * Probability:0.0} %");
}

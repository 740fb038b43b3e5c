using AlexNetSharp.Formats;
using AlexNetSharp.Models;

namespace AlexNetSharp.Inference;

/// <summary>One of the classes that a network takes an image for.</summary>
/// <param name="Index">Number of the class: its place in the network's output, from 0.</param>
/// <param name="Class">Its identity and name; for ImageNet the WordNet id (n02124075) and the words of the synset.</param>
/// <param name="Probability">Softmax of the network's output, from 0 to 1; with ten views their mean.</param>
public readonly record struct Prediction(int Index, ClassName Class, float Probability)
{
    /// <summary>Name of the class for humans.</summary>
    public string Name => Class.Name;

    /// <summary>Short identity of the class: for ImageNet the WordNet id, otherwise the name of the images' folder.</summary>
    public string Id => Class.Id;

    /// <summary>The class and how probable it is: <c>Egyptian cat 68.4 %</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{Class?.Name} {100 * Probability:0.0} %");
}

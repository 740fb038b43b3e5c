using System.Collections.ObjectModel;
using System.Text;
using AlexNetSharp.Models;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>A feed-forward network as a list of layers, with all shapes inferred and checked once.</summary>
/// <remarks>
/// A description only: it holds no weights and computes nothing. <see cref="ParameterSet"/> holds the values of its parameters, a plan
/// executes it. Networks never change, so one can be used by many plans and threads.
/// </remarks>
public sealed class Network
{
    private readonly Shape[] _shapes;

    /// <summary>Creates a network and infers all shapes.</summary>
    /// <param name="name">Name of the network, for files and tables.</param>
    /// <param name="input">Shape of one image.</param>
    /// <param name="layers">The layers, in the order of the forward pass.</param>
    /// <exception cref="ArgumentException">
    /// There are no layers, two layers have the same name, or a layer does not accept the output of the one before; the message names the layer.
    /// </exception>
    public Network(string name, Shape input, IEnumerable<Layer> layers)
        : this(name, input, layers, 0)
    {
    }

    private Network(string name, Shape input, IEnumerable<Layer> layers, int offset)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(layers);
        (Name, Offset) = (name, offset);
        InputShape = input;
        Layers = new ReadOnlyCollection<Layer>([.. layers]);
        if (Layers.Count == 0)
            throw new ArgumentException($"network '{name}' has no layers; give at least one", nameof(layers));
        if (Layers.GroupBy(layer => layer.Name).FirstOrDefault(group => group.Count() > 1) is { Key: { } twice })
            throw new ArgumentException($"network '{name}' has two layers named '{twice}'; give each its own name", nameof(layers));

        var shapes = new List<Shape> { input };
        var parameters = new List<ParameterSpec>();
        foreach (Layer layer in Layers)
        {
            shapes.Add(layer.OutputShape(shapes[^1]));
            parameters.AddRange(layer.Parameters(shapes[^2]));
        }
        _shapes = [.. shapes];
        Parameters = new ReadOnlyCollection<ParameterSpec>(parameters);
    }

    /// <summary>Name of the network.</summary>
    public string Name { get; }

    /// <summary>Shape of one input image.</summary>
    public Shape InputShape { get; }

    /// <summary>Shape of one image's output; for a classifier a vector with one value per class.</summary>
    public Shape OutputShape => _shapes[^1];

    /// <summary>The layers, in the order of the forward pass.</summary>
    public IReadOnlyList<Layer> Layers { get; }

    /// <summary>All parameters, in layer order.</summary>
    public IReadOnlyList<ParameterSpec> Parameters { get; }

    /// <summary>Total number of parameter values.</summary>
    public long ParameterCount => Parameters.Sum(parameter => parameter.Length);

    /// <summary>Multiply-adds of the forward pass for one image, counted as direct computation.</summary>
    public long MultiplyAdds => Layers.Select((layer, i) => layer.MultiplyAdds(_shapes[i])).Sum();

    /// <summary>Shape of the input of layer <paramref name="index"/>.</summary>
    public Shape InputOf(int index) => _shapes[index];

    /// <summary>Shape of the output of layer <paramref name="index"/>.</summary>
    public Shape OutputOf(int index) => _shapes[index + 1];

    /// <summary>Parameters of layer <paramref name="index"/>: weight first, then bias; empty if it has none.</summary>
    public IReadOnlyList<ParameterSpec> ParametersOf(int index) => Layers[index].Parameters(_shapes[index]);

    /// <summary>Multiply-adds of layer <paramref name="index"/> for one image, counted as direct computation.</summary>
    public long MultiplyAddsOf(int index) => Layers[index].MultiplyAdds(_shapes[index]);

    /// <summary>Index of the layer named <paramref name="name"/>, or −1.</summary>
    public int IndexOf(string name)
    {
        for (int i = 0; i < Layers.Count; i++)
            if (Layers[i].Name == name)
                return i;
        return -1;
    }

    /// <summary>The network as JSON (docs/networks.md), as model files carry it.</summary>
    public string ToJson() => NetworkJson.ToText(this);

    /// <summary>Reads a network from JSON.</summary>
    /// <param name="json">JSON as <see cref="ToJson"/> writes it, or written by hand: fields with a default may be omitted.</param>
    /// <param name="source">Name of the text in error messages, such as its file name.</param>
    /// <exception cref="InvalidDataException">It does not describe a network; the message names line, layer and field.</exception>
    public static Network FromJson(string json, string source)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(source);
        return NetworkJson.Read(Encoding.UTF8.GetBytes(json), source);
    }

    /// <summary>Whether <paramref name="other"/> computes the same: input and layers are equal, whatever its name and initial values.</summary>
    internal bool HasSameLayers(Network other) => Plain().ToJson() == other.Plain().ToJson();

    /// <summary>Without what says nothing about what is computed: name and initial values.</summary>
    private Network Plain() => new("plain", InputShape, Layers.Select(layer => layer switch
    {
        Conv2d conv => conv.With(weight: Initializer.He, bias: Initializer.He),
        Linear linear => linear.With(weight: Initializer.He, bias: Initializer.He),
        _ => layer,
    }));

    /// <summary>The same network with a new, freshly initialized last layer for <paramref name="classes"/> classes.</summary>
    /// <param name="classes">Number of outputs of the new layer.</param>
    /// <remarks>
    /// The new layer is initialized as in Caffe's fine-tuning example: weights from a normal distribution with standard deviation
    /// 0.01, biases 0. The outputs then start near 0, whatever the scale of the features.
    /// </remarks>
    /// <exception cref="InvalidOperationException">
    /// The network does not end in a layer whose outputs are the classes: a fully connected layer, or a convolution whose maps are reduced to one
    /// value each (ReLU, dropout, pooling and flatten may follow).
    /// </exception>
    public Network WithHead(int classes)
    {
        Initializer weight = Initializer.Normal(0.01f);
        return WithHead(classes, head => head is Conv2d conv
            ? conv.With(weight: weight, bias: Initializer.Constant(0))
            : new Linear(head.Name, classes, weightInitializer: weight));
    }

    /// <summary>The same layers and initial values for <paramref name="classes"/> classes.</summary>
    /// <inheritdoc cref="WithHead(int)"/>
    public Network WithClasses(int classes) => classes == OutputShape.Length ? this : WithHead(classes, head => head);

    private Network WithHead(int classes, Func<Layer, Layer> change)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        int head = HeadIndex;
        return new Network(Name, InputShape, Layers.Select((layer, i) => i != head ? layer : change(layer) switch
        {
            Conv2d conv => conv.With(classes),
            Linear linear => linear.With(classes),
            var other => other,
        }));
    }

    /// <summary>Index of the layer whose outputs are the classes.</summary>
    /// <exception cref="InvalidOperationException">There is none: something that computes stands behind the last one.</exception>
    public int HeadIndex
    {
        get
        {
            int head = Layers.Count - 1;
            while (head > 0 && Layers[head] is ReLU or Dropout or Flatten or AvgPool2d or AdaptiveAvgPool2d)
                head--;
            // Behind a convolution, each map must have become one value.
            bool gives = Layers[head] switch
            {
                Linear => Layers.Skip(head).All(layer => layer is Linear or ReLU or Dropout or Flatten),
                Conv2d conv => OutputShape.Length == conv.OutputChannels,
                _ => false,
            };
            return gives ? head
                : throw new InvalidOperationException($"network '{Name}' ends in layer '{Layers[head].Name}', not in a layer whose outputs are the classes");
        }
    }

    /// <summary>The layers from index <paramref name="first"/> on, as a network whose input is the output of the layers before.</summary>
    /// <param name="first">Index of the first layer.</param>
    /// <remarks>Dropout masks are the same in the part as in the whole network, so training the part gives the same bits.</remarks>
    /// <exception cref="ArgumentException">No layers would be left.</exception>
    public Network From(int first) => first == 0 ? this : new Network(Name, InputOf(first), Layers.Skip(first), Offset + first);

    /// <summary>The layers before index <paramref name="end"/>.</summary>
    /// <param name="end">Index of the first layer to leave out.</param>
    /// <exception cref="ArgumentException">No layers would be left.</exception>
    public Network Until(int end) => end == Layers.Count ? this : new Network(Name, InputShape, Layers.Take(end), Offset);

    /// <summary>Index of the first layer in the network that this one was cut from by <see cref="From"/>.</summary>
    internal int Offset { get; }

    /// <summary>The same layers for images of another shape.</summary>
    /// <exception cref="ArgumentException">A layer does not accept the new sizes; the message names it.</exception>
    public Network WithInput(Shape input) => new(Name, input, Layers);
}

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

    /// <summary>Infers all shapes.</summary>
    /// <param name="name">Name of the network, for files and tables.</param>
    /// <param name="input">Shape of one image.</param>
    /// <param name="layers">The layers, in the order of the forward pass.</param>
    /// <exception cref="ArgumentException">
    /// There is no layer, two layers have the same name, or a layer cannot take the output of the one before; the message names the layer.
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

    /// <summary>Shape of one image's output; for a classifier a vector with one value a class.</summary>
    public Shape OutputShape => _shapes[^1];

    /// <summary>The layers, in the order of the forward pass.</summary>
    public IReadOnlyList<Layer> Layers { get; }

    /// <summary>All parameters, in the order of the layers.</summary>
    public IReadOnlyList<ParameterSpec> Parameters { get; }

    /// <summary>Number of values of all parameters.</summary>
    public long ParameterCount => Parameters.Sum(parameter => parameter.Length);

    /// <summary>Multiply-adds of one image forward, counted as direct computation.</summary>
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
    /// <param name="json">What <see cref="ToJson"/> writes, or written by hand: fields that have a default may be missing.</param>
    /// <param name="source">What to call the text in messages, such as its file.</param>
    /// <exception cref="InvalidDataException">It describes no network; the message names line, layer and field.</exception>
    public static Network FromJson(string json, string source)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(source);
        return NetworkJson.Read(Encoding.UTF8.GetBytes(json), source);
    }

    /// <summary>Whether <paramref name="other"/> computes the same: input and layers are equal, whatever its name and initial values.</summary>
    internal bool HasSameLayers(Network other) => InputShape == other.InputShape && Layers.SequenceEqual(other.Layers, LayerComparer.Instance);

    /// <summary>The same layers, but the last fully connected one tells <paramref name="classes"/> classes apart.</summary>
    /// <param name="classes">Values of the new output.</param>
    /// <remarks>
    /// The initial values of the new layer are those that Caffe's example of fine-tuning takes: weights from a normal of standard deviation
    /// 0.01, biases 0. A head that begins near 0 says nothing yet, whatever the size of the features before it.
    /// </remarks>
    /// <exception cref="InvalidOperationException">The network does not end in a fully connected layer (a ReLU, dropout or flatten may follow).</exception>
    public Network WithHead(int classes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        int head = HeadIndex;
        return new Network(Name, InputShape, Layers.Select((layer, i) => i == head ? new Linear(layer.Name, classes) { WeightInitializer = Initializer.Normal(0.01f) } : layer));
    }

    /// <summary>Index of the fully connected layer whose outputs are the classes.</summary>
    /// <exception cref="InvalidOperationException">There is none: something that computes stands behind the last one.</exception>
    public int HeadIndex
    {
        get
        {
            int head = Layers.Count - 1;
            while (head > 0 && Layers[head] is ReLU or Dropout or Flatten)
                head--;
            return Layers[head] is Linear ? head
                : throw new InvalidOperationException($"network '{Name}' ends in layer '{Layers[head].Name}', not in a fully connected layer whose outputs are the classes");
        }
    }

    /// <summary>The layers from index <paramref name="first"/> on, as a network whose input is what the layers before give.</summary>
    /// <param name="first">Index of the first layer.</param>
    /// <remarks>Dropout drops the same in the part as in the whole, so a part can be trained in place of the whole, bit for bit.</remarks>
    /// <exception cref="ArgumentException">No layer would be left.</exception>
    public Network From(int first) => first == 0 ? this : new Network(Name, InputOf(first), Layers.Skip(first), Offset + first);

    /// <summary>The layers before index <paramref name="end"/>.</summary>
    /// <param name="end">Index of the first layer that is left out.</param>
    /// <exception cref="ArgumentException">No layer would be left.</exception>
    public Network Until(int end) => end == Layers.Count ? this : new Network(Name, InputShape, Layers.Take(end), Offset);

    /// <summary>Index of the first layer in the network that this one was cut from by <see cref="From"/>.</summary>
    internal int Offset { get; }

    /// <summary>The same layers for images of another shape.</summary>
    /// <exception cref="ArgumentException">A layer cannot take the new sizes; the message names it.</exception>
    public Network WithInput(Shape input) => new(Name, input, Layers);

    /// <summary>Compares layers without their initial values, which say nothing about what is computed.</summary>
    private sealed class LayerComparer : IEqualityComparer<Layer>
    {
        public static LayerComparer Instance { get; } = new();

        public bool Equals(Layer? x, Layer? y) => Plain(x) == Plain(y);

        public int GetHashCode(Layer layer) => Plain(layer)!.GetHashCode();

        private static Layer? Plain(Layer? layer) => layer switch
        {
            Conv2d conv => new Conv2d(conv.Name, conv.OutputChannels, conv.KernelSize) { Stride = conv.Stride, Padding = conv.Padding, Groups = conv.Groups },
            Linear linear => new Linear(linear.Name, linear.OutputFeatures),
            _ => layer,
        };
    }
}

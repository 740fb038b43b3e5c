namespace AlexNetSharp.Formats;

/// <summary>An attribute of a node; what it is not stays at its default.</summary>
internal sealed class OnnxAttribute
{
    /// <summary>Its whole number.</summary>
    public long Int { get; set; }

    /// <summary>Its floating-point number.</summary>
    public float Float { get; set; }

    /// <summary>Its text.</summary>
    public string? Text { get; set; }

    /// <summary>Its list of whole numbers.</summary>
    public List<long> Ints { get; } = [];

    /// <summary>Its tensor.</summary>
    public NamedTensor? Tensor { get; set; }
}

/// <summary>A node of a graph: one operator.</summary>
internal sealed class OnnxNode
{
    private List<string>? _inputs, _outputs;
    private Dictionary<string, OnnxAttribute>? _attributes;

    /// <summary>Its place in the graph, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Byte of the file where it begins.</summary>
    public required long Offset { get; init; }

    /// <summary>Its name; often empty.</summary>
    public string Name { get; set; } = "";

    /// <summary>Its operator: Conv, Relu, …</summary>
    public string Operator { get; set; } = "";

    /// <summary>The operator's domain; empty for those of ONNX itself.</summary>
    public string Domain { get; set; } = "";

    /// <summary>Names of its inputs; an empty name is an input that is left out.</summary>
    public List<string> Inputs => _inputs ??= [];

    /// <summary>Names of its outputs.</summary>
    public List<string> Outputs => _outputs ??= [];

    /// <summary>Its attributes by name.</summary>
    public Dictionary<string, OnnxAttribute> Attributes => _attributes ??= [];

    /// <summary>Whether it has the attribute.</summary>
    public bool Has(string name) => _attributes is not null && _attributes.ContainsKey(name);

    /// <summary>A whole number.</summary>
    public long Int(string name, long missing) => Has(name) ? Attributes[name].Int : missing;

    /// <summary>A floating-point number.</summary>
    public float Float(string name, float missing) => Has(name) ? Attributes[name].Float : missing;

    /// <summary>A text.</summary>
    public string Text(string name, string missing) => Has(name) ? Attributes[name].Text ?? missing : missing;

    /// <summary>A list of whole numbers; null if it is missing.</summary>
    public IReadOnlyList<long>? Ints(string name) => Has(name) ? Attributes[name].Ints : null;

    /// <summary>Input <paramref name="index"/>, or null if it is left out.</summary>
    public string? Input(int index) => _inputs is not null && index < _inputs.Count && _inputs[index].Length > 0 ? _inputs[index] : null;

    /// <summary>The node in messages: 'conv1' (Conv), or node 3 (Conv) where it has no name.</summary>
    public override string ToString() =>
        $"{(Name.Length > 0 ? "node " + FormatError.Quote(Name) : FormattableString.Invariant($"node {Index + 1}"))} ({(Operator.Length > 60 ? "?" : Diagnostics.Printable.Of(Operator))})";
}

/// <summary>An input of the graph.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its sizes; −1 for one that is not fixed. Empty if the file does not say.</param>
internal sealed record OnnxInput(string Name, IReadOnlyList<long> Shape);

/// <summary>What an ONNX file says, as it stands there: nodes in their order, constants, inputs and outputs of the graph.</summary>
internal sealed class OnnxFile(FileBytes file, string name, IReadOnlyList<OnnxNode> nodes, IReadOnlyDictionary<string, NamedTensor> initializers, IReadOnlyList<OnnxInput> inputs, IReadOnlyList<string> outputs)
{
    private OnnxOrders? _orders;

    /// <summary>Path of the file.</summary>
    public string Path => file.Path;

    /// <summary>Name of the graph.</summary>
    public string Name { get; } = name;

    /// <summary>The nodes; each reads what graph and nodes before it give.</summary>
    public IReadOnlyList<OnnxNode> Nodes { get; } = nodes;

    /// <summary>The initializers by name.</summary>
    public IReadOnlyDictionary<string, NamedTensor> Initializers { get; } = initializers;

    /// <summary>The inputs of the graph that are no initializers.</summary>
    public IReadOnlyList<OnnxInput> Inputs { get; } = [.. inputs.Where(input => !initializers.ContainsKey(input.Name))];

    /// <summary>Names of the outputs of the graph.</summary>
    public IReadOnlyList<string> Outputs { get; } = outputs;

    /// <summary>In which order its values keep the dimensions of maps.</summary>
    public OnnxOrders Orders => _orders ??= new OnnxOrders(this);

    /// <summary>Its convolutions and products with their weights.</summary>
    public IReadOnlyList<OnnxLayer> Layers { get; private set; } = [];

    /// <summary>Finds <see cref="Layers"/>.</summary>
    /// <param name="fileBytes">Bytes of all files behind the weights.</param>
    /// <exception cref="InvalidDataException">A constant is damaged, or the weights are many times larger than the files.</exception>
    public void FindLayers(long fileBytes) => Layers = OnnxLayers.Find(this, fileBytes);

    /// <summary>The fault of a node.</summary>
    public InvalidDataException Error(OnnxNode node, string message) => FormatError.At(file.Path, node.Offset, $"{node}: {message}");
}

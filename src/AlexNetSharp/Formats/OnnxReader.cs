namespace AlexNetSharp.Formats;

/// <summary>
/// Reads an ONNX model: its graph as it stands there, and as tensors the weights of its Conv, Gemm and MatMul nodes, in the order of the
/// nodes, whatever constants, casts and scales lie between an initializer and its node (<see cref="OnnxConstants"/>).
/// </summary>
/// <remarks>Source of the field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.</remarks>
internal static class OnnxReader
{
    /// <summary>More whole numbers than the list of any attribute has that is understood here.</summary>
    private const int MostInts = 4096;

    /// <summary>Reads the file.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or holds no weights.</exception>
    public static TensorFile Read(FileBytes file)
    {
        var external = new OnnxExternalData(file);
        try
        {
            var metadata = new Dictionary<string, string>();
            OnnxFile? graph = null;
            int parts = 0;
            var model = new ProtoReader(file, 0, file.Length);
            while (model.Next())
            {
                if (model.Field == 7)
                    graph = ReadGraph(external, model.Message(), ref parts);
                else if (model.Field == 14)
                    ReadProperty(file, model.Part(ref parts), metadata);
                else
                    model.Skip();
            }
            FileBytes[] files = [file, .. external.Files];
            graph?.FindLayers(files.Sum(part => part.Length));
            List<NamedTensor> tensors = Tensors(graph);
            if (graph is null || tensors.Count == 0)
                throw FormatError.At(file.Path, 0, "the file holds no weights of Conv, Gemm or MatMul nodes; is it an ONNX model of a network for images?");
            // The model zoo's networks that came from Caffe did so by way of Caffe2, which names weights so.
            metadata[TensorFile.OriginKey] = tensors.Exists(tensor => tensor.Name.EndsWith("_w_0", StringComparison.Ordinal)) ? TensorFile.Caffe : "";
            return new TensorFile(file.Path, TensorFileFormat.Onnx, tensors, metadata, files)
            {
                Onnx = graph,
                Layers = [.. graph.Layers.Select(layer => new TensorLayer(layer.Weight, layer.Bias))],
            };
        }
        catch
        {
            external.Dispose();
            throw;
        }
    }

    /// <summary>The weights in the order of the nodes; what several nodes share, once.</summary>
    private static List<NamedTensor> Tensors(OnnxFile? graph)
    {
        var tensors = new List<NamedTensor>();
        var names = new HashSet<string>();
        // A product to which nothing is added may be something else than a layer: a mean, written as a matrix.
        foreach (OnnxLayer layer in (graph?.Layers ?? []).Where(layer => layer.Node.Operator != "MatMul" || layer.Last != layer.Node))
            foreach (NamedTensor tensor in (NamedTensor[])[layer.Weight, layer.Bias])
                if (names.Add(tensor.Name))
                    tensors.Add(tensor);
        return tensors;
    }

    private static void ReadProperty(FileBytes file, ProtoReader message, Dictionary<string, string> metadata)
    {
        (string key, string value) = message.StringEntry();
        if (!metadata.TryAdd(key, value))
            FormatError.Throw(file.Path, message.Offset, $"metadata {FormatError.Quote(key)} appears twice; names must differ");
    }

    private static OnnxFile ReadGraph(OnnxExternalData external, ProtoReader graph, ref int parts)
    {
        FileBytes file = external.Model;
        var nodes = new List<OnnxNode>();
        var initializers = new Dictionary<string, NamedTensor>();
        var inputs = new List<OnnxInput>();
        var outputs = new List<string>();
        string graphName = "";
        while (graph.Next())
        {
            long at = graph.Offset;
            switch (graph.Field)
            {
                case 1:
                    nodes.Add(ReadNode(external, graph.Part(ref parts), nodes.Count, at));
                    break;
                case 2:
                    graphName = graph.Text();
                    break;
                case 5:
                    if (OnnxTensors.Read(external, graph.Part(ref parts), at) is { } tensor && !initializers.TryAdd(tensor.Name, tensor))
                        FormatError.Throw(file.Path, at, $"two initializers are named {FormatError.Quote(tensor.Name)}; names must differ");
                    break;
                case 11:
                    inputs.Add(ReadValue(graph.Part(ref parts)));
                    break;
                case 12:
                    outputs.Add(ReadValue(graph.Part(ref parts)).Name);
                    break;
                default:
                    graph.Skip();
                    break;
            }
        }
        return new OnnxFile(file, graphName, nodes, initializers, inputs, outputs);
    }

    private static OnnxNode ReadNode(OnnxExternalData external, ProtoReader message, int index, long at)
    {
        var node = new OnnxNode { Index = index, Offset = at };
        while (message.Next())
        {
            switch (message.Field)
            {
                case 1:
                    node.Inputs.Add(message.Text());
                    break;
                case 2:
                    node.Outputs.Add(message.Text());
                    break;
                case 3:
                    node.Name = message.Text();
                    break;
                case 4:
                    node.Operator = message.Text();
                    break;
                case 5:
                    ReadAttribute(external, message.Message(), node);
                    break;
                case 7:
                    node.Domain = message.Text();
                    break;
                default:
                    message.Skip();
                    break;
            }
        }
        return node;
    }

    /// <summary>AttributeProto: name 1, f 2, i 3, s 4, t 5, ints 8.</summary>
    private static void ReadAttribute(OnnxExternalData external, ProtoReader message, OnnxNode node)
    {
        string name = "";
        var attribute = new OnnxAttribute();
        while (message.Next())
        {
            switch (message.Field)
            {
                case 1:
                    name = message.Text();
                    break;
                case 2:
                    attribute.Float = message.Float();
                    break;
                case 3:
                    attribute.Int = message.Number();
                    break;
                case 4:
                    attribute.Text = message.Text();
                    break;
                case 5:
                    attribute.Tensor = OnnxTensors.Read(external, message.Message(), message.Offset);
                    break;
                case 8:
                    message.Numbers(attribute.Ints, MostInts);
                    break;
                default:
                    message.Skip();
                    break;
            }
        }
        node.Attributes[name] = attribute;
    }

    /// <summary>ValueInfoProto: name 1, type 2 { tensor_type 1 { shape 2 { dim 1 { value 1 } } } }.</summary>
    private static OnnxInput ReadValue(ProtoReader message)
    {
        string name = "";
        var shape = new List<long>();
        while (message.Next())
        {
            if (message.Field == 1)
                name = message.Text();
            else if (message.Field == 2)
                Inside(message.Message(), 1, type => Inside(type, 2, sizes => Inside(sizes, 1, size => shape.Add(Size(size)))));
            else
                message.Skip();
        }
        return new OnnxInput(name, shape.Count > TensorShape.MostDimensions ? [] : shape);

        static long Size(ProtoReader size)
        {
            long value = -1;
            while (size.Next())
            {
                if (size.Field == 1)
                    value = size.Number();
                else
                    size.Skip();
            }
            return value > 0 ? value : -1;
        }
    }

    private delegate void Reading(ProtoReader message);

    private static void Inside(ProtoReader message, int field, Reading read)
    {
        while (message.Next())
        {
            if (message.Field == field)
                read(message.Message());
            else
                message.Skip();
        }
    }
}

using System.Buffers.Binary;

namespace AlexNetSharp.Formats;

/// <summary>
/// Reads the weights of an ONNX model: the initializers that its Conv, Gemm and MatMul nodes use. With five convolutions and three
/// fully connected layers, the order of the nodes says which is which, whatever the initializers are called.
/// </summary>
/// <remarks>Source of the field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.</remarks>
internal static class OnnxReader
{
    private const int Convolutions = 5, FullyConnected = 3;

    /// <summary>What a node says.</summary>
    private sealed class Node
    {
        public string Operator = "";
        public readonly List<string> Inputs = [];
        public readonly List<string> Outputs = [];
        public bool TransposedB;
    }

    /// <summary>Reads the file.</summary>
    /// <exception cref="InvalidDataException">It is damaged, keeps its weights elsewhere, or holds none.</exception>
    public static TensorFile Read(FileBytes file)
    {
        var metadata = new Dictionary<string, string>();
        var nodes = new List<Node>();
        var initializers = new Dictionary<string, NamedTensor>();
        int parts = 0;
        var model = new ProtoReader(file, 0, file.Length);
        while (model.Next())
        {
            if (model.Field == 7)
                ReadGraph(file, model.Message(), nodes, initializers, ref parts);
            else if (model.Field == 14)
                ReadProperty(file, model.Part(ref parts), metadata);
            else
                model.Skip();
        }
        List<NamedTensor> tensors = Weights(nodes, initializers);
        if (tensors.Count == 0)
            FormatError.Throw(file.Path, 0, "the file holds no weights of Conv, Gemm or MatMul nodes; is it an ONNX model of an AlexNet?");
        Describe(nodes, tensors, metadata);
        return new TensorFile(file.Path, TensorFileFormat.Onnx, tensors, metadata, file);
    }

    private static void ReadProperty(FileBytes file, ProtoReader message, Dictionary<string, string> metadata)
    {
        string key = "", value = "";
        while (message.Next())
        {
            if (message.Field == 1)
                key = message.Text();
            else if (message.Field == 2)
                value = message.Text();
            else
                message.Skip();
        }
        if (!metadata.TryAdd(key, value))
            FormatError.Throw(file.Path, message.Offset, $"metadata {FormatError.Quote(key)} appears twice; names must differ");
    }

    private static void ReadGraph(FileBytes file, ProtoReader graph, List<Node> nodes, Dictionary<string, NamedTensor> initializers, ref int parts)
    {
        while (graph.Next())
        {
            if (graph.Field == 1)
            {
                nodes.Add(ReadNode(graph.Part(ref parts)));
            }
            else if (graph.Field == 5)
            {
                long at = graph.Offset;
                if (ReadTensor(file, graph.Part(ref parts), at) is { } tensor && !initializers.TryAdd(tensor.Name, tensor))
                    FormatError.Throw(file.Path, at, $"two initializers are named {FormatError.Quote(tensor.Name)}; names must differ");
            }
            else
            {
                graph.Skip();
            }
        }
    }

    private static Node ReadNode(ProtoReader message)
    {
        var node = new Node();
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
                case 4:
                    node.Operator = message.Text();
                    break;
                case 5:
                    string name = "";
                    long number = 0;
                    ProtoReader attribute = message.Message();
                    while (attribute.Next())
                    {
                        if (attribute.Field == 1)
                            name = attribute.Text();
                        else if (attribute.Field == 3)
                            number = attribute.Number();
                        else
                            attribute.Skip();
                    }
                    node.TransposedB |= name == "transB" && number != 0;
                    break;
                default:
                    message.Skip();
                    break;
            }
        }
        return node;
    }

    /// <summary>A tensor of floating-point numbers; null for others, which are no weights.</summary>
    private static NamedTensor? ReadTensor(FileBytes file, ProtoReader message, long at)
    {
        var shape = new List<long>();
        var raw = new List<(long Offset, long Length)>();
        var floats = new List<(long Offset, long Length)>();
        var doubles = new List<(long Offset, long Length)>();
        var halves = new List<(long Offset, long Length)>();
        string name = "";
        long dataType = 0;
        bool external = false;
        while (message.Next())
        {
            switch (message.Field)
            {
                case 1:
                    message.Numbers(shape, TensorShape.MostDimensions);
                    break;
                case 2:
                    dataType = message.Number();
                    break;
                case 4:
                    message.Elements(floats, sizeof(float));
                    break;
                case 5 when message.Type == WireType.Bytes:
                    message.Elements(halves, 1);
                    break;
                case 8:
                    name = message.Text();
                    break;
                case 9:
                    raw.Add(message.Bytes());
                    break;
                case 10:
                    message.Elements(doubles, sizeof(double));
                    break;
                case 14:
                    external = message.Number() != 0;
                    break;
                default:
                    message.Skip();
                    break;
            }
        }
        TensorType? type = dataType switch
        {
            1 => TensorType.F32,
            10 => TensorType.F16,
            11 => TensorType.F64,
            16 => TensorType.BF16,
            _ => null,
        };
        if (type is null)
            return null;
        if (external)
            FormatError.Throw(file.Path, at, $"initializer {FormatError.Quote(name)} lies in another file, which is not supported; save the model with its weights inside (onnx.save without save_as_external_data)");
        string what = "initializer " + FormatError.Quote(name);
        long[] sizes = [.. shape];
        long elements = TensorShape.Elements(file.Path, at, name, sizes), bytes = TensorShape.Bytes(file.Path, at, name, elements, type.Value);
        (ReadOnlyMemory<byte> data, long offset) = raw.Count > 1
            ? throw FormatError.At(file.Path, at, $"{what} has its raw data twice; the file is damaged")
            : type.Value switch
            {
                _ when raw.Count == 1 => ProtoReader.Gather(file, raw, what),
                TensorType.F32 => ProtoReader.Gather(file, floats, what),
                TensorType.F64 => ProtoReader.Gather(file, doubles, what),
                _ => (Narrow(file, halves, elements), 0),
            };
        if (data.Length != bytes)
            FormatError.Throw(file.Path, at, FormattableString.Invariant($"{what} of {type} {FormatError.Shape(sizes)} needs {bytes} bytes, but has {data.Length}; the file is damaged"));
        return new NamedTensor(name, type.Value, sizes, data, offset, offset == 0 ? null : file);
    }

    /// <summary>16-bit elements that are written one by one as numbers (int32_data); as many as there are, but none beyond <paramref name="elements"/> and one.</summary>
    private static byte[] Narrow(FileBytes file, List<(long Offset, long Length)> parts, long elements)
    {
        // A number has a byte at least.
        long most = Math.Min(parts.Sum(part => part.Length), elements + 1);
        if (most > Array.MaxLength / sizeof(ushort))
            FormatError.Throw(file.Path, parts[0].Offset, FormattableString.Invariant($"{most} elements that are written one by one are not supported; write them as raw data"));
        byte[] bytes = new byte[most * sizeof(ushort)];
        int length = 0;
        foreach ((long offset, long size) in parts)
        {
            var packed = new ProtoReader(file, offset, offset + size);
            while (length < bytes.Length && packed.NextNumber(out long number))
            {
                BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(length), (ushort)number);
                length += sizeof(ushort);
            }
        }
        return length == bytes.Length ? bytes : bytes[..length];
    }

    private static List<NamedTensor> Weights(List<Node> nodes, Dictionary<string, NamedTensor> initializers)
    {
        var sums = new Dictionary<string, Node>();
        foreach (Node sum in nodes.Where(node => node is { Operator: "Add", Inputs.Count: 2 }))
        {
            foreach (string input in sum.Inputs)
                sums.TryAdd(input, sum);
        }
        var layers = new List<(NamedTensor Weight, NamedTensor? Bias, bool Convolution)>();
        foreach (Node node in nodes)
        {
            if (node.Operator is not ("Conv" or "Gemm" or "MatMul") || node.Inputs.Count < 2 || !initializers.TryGetValue(node.Inputs[1], out NamedTensor? weight))
                continue;
            NamedTensor? bias = node.Inputs.Count > 2 ? initializers.GetValueOrDefault(node.Inputs[2]) : null;
            if (node.Operator == "MatMul")
            {
                // A fully connected layer in two nodes; a product without a bias is none.
                bias = AddedTo(sums, node, initializers);
                if (bias is null)
                    continue;
            }
            if (node.Operator != "Conv" && !node.TransposedB && weight.Shape.Length == 2)
                weight = weight.Transposed();
            layers.Add((weight, bias, node.Operator == "Conv"));
        }
        bool isAlexNet = layers.Count(layer => layer.Convolution) == Convolutions && layers.Count(layer => !layer.Convolution) == FullyConnected
            && layers.FindIndex(layer => !layer.Convolution) == Convolutions;
        var tensors = new List<NamedTensor>();
        var names = new HashSet<string>();
        for (int i = 0; i < layers.Count; i++)
        {
            foreach ((NamedTensor? tensor, string role) in ((NamedTensor?, string)[])[(layers[i].Weight, "weight"), (layers[i].Bias, "bias")])
            {
                if (tensor is not null && names.Add(tensor.Name))
                    tensors.Add(isAlexNet ? tensor.As($"{WeightNames.Layer(i)}.{role}") : tensor);
            }
        }
        return tensors;
    }

    private static NamedTensor? AddedTo(Dictionary<string, Node> sums, Node product, Dictionary<string, NamedTensor> initializers)
    {
        if (product.Outputs.Count == 0 || !sums.TryGetValue(product.Outputs[0], out Node? sum))
            return null;
        return initializers.GetValueOrDefault(sum.Inputs[0] == product.Outputs[0] ? sum.Inputs[1] : sum.Inputs[0]);
    }

    private static void Describe(List<Node> nodes, List<NamedTensor> tensors, Dictionary<string, string> metadata)
    {
        int norm = nodes.FindIndex(node => node.Operator == "LRN"), pool = nodes.FindIndex(node => node.Operator == "MaxPool");
        if (pool >= 0)
            metadata[TensorFile.OrderKey] = norm < 0 ? TensorFile.NoNorm : norm < pool ? TensorFile.NormFirst : TensorFile.PoolFirst;
        // The model zoo's AlexNet and CaffeNet came from Caffe by way of Caffe2, which names weights so; they read blue, green, red.
        metadata[TensorFile.ChannelOrderKey] = tensors.Exists(tensor => tensor.Name == "conv1_w_0") ? "BGR" : "RGB";
    }
}

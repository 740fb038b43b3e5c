using System.Reflection;
using AlexNetSharp.Formats;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Models;

/// <summary>Writes a model as ONNX: input [batch, channels, height, width], output [batch, classes], any batch size.</summary>
/// <remarks>
/// The output is the network's, logits without softmax. Names of classes and preprocessing stand in metadata_props, as in our
/// safetensors files. Source of the field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
/// </remarks>
internal static class OnnxWriter
{
    private const int IrVersion = 8, OperatorSet = 17, Float32 = 1;
    private const int GraphField = 7, InitializerField = 5, RawDataField = 9;

    /// <summary>Writes the file.</summary>
    /// <exception cref="NotSupportedException">A layer cannot be expressed, or the weights exceed protobuf's 2 GiB.</exception>
    /// <exception cref="IOException">The file cannot be written; an older file of that name stays as it is.</exception>
    public static void Write(string path, Model model)
    {
        Network network = model.Network;
        var graph = new OnnxGraph(network);
        ProtoWriter structure = Structure(network, graph);
        List<(ProtoWriter Header, TensorSource Tensor)> initializers =
            [.. WeightSources.Of(model.Parameters, torchvisionNames: false).Concat(graph.Constants).Select(tensor => (Header(tensor), tensor))];
        List<(ProtoWriter Header, TensorSource Tensor)> framed = [.. initializers.Select(initializer =>
            (new ProtoWriter().Announce(InitializerField, initializer.Header.Length + initializer.Tensor.Count * sizeof(float)), initializer.Tensor))];
        long length = structure.Length;
        for (int i = 0; i < initializers.Count; i++)
            length += framed[i].Header.Length + initializers[i].Header.Length + initializers[i].Tensor.Count * sizeof(float);
        if (length > int.MaxValue - (1 << 20))
            throw new NotSupportedException(FormattableString.Invariant($"network '{network.Name}' has {network.ParameterCount} parameters, more than ONNX can keep in one file (2 GiB)"));

        ProtoWriter head = new ProtoWriter()
            .Number(1, IrVersion)
            .Text(2, "AlexNetSharp")
            .Text(3, typeof(OnnxWriter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "")
            .Message(8, new ProtoWriter().Text(1, "").Number(2, OperatorSet));
        foreach ((string key, string value) in ModelMetadata.Describe(model))
            head.Message(14, new ProtoWriter().Text(1, key).Text(2, value));
        head.Announce(GraphField, length);

        using var file = new AtomicFile(path);
        head.CopyTo(file.Stream);
        structure.CopyTo(file.Stream);
        for (int i = 0; i < initializers.Count; i++)
        {
            framed[i].Header.CopyTo(file.Stream);
            initializers[i].Header.CopyTo(file.Stream);
            initializers[i].Tensor.WriteTo(file.Stream);
        }
        file.Commit();
    }

    /// <summary>GraphProto without its initializers: node 1, name 2, input 11, output 12.</summary>
    private static ProtoWriter Structure(Network network, OnnxGraph graph)
    {
        var structure = new ProtoWriter();
        foreach (ProtoWriter node in graph.Nodes)
            structure.Message(1, node);
        Shape input = network.InputShape, output = network.OutputShape;
        structure.Text(2, network.Name);
        structure.Message(11, Value(OnnxGraph.InputName, input.Channels, input.Height, input.Width));
        structure.Message(12, output.IsVector ? Value(graph.OutputName, output.Channels) : Value(graph.OutputName, output.Channels, output.Height, output.Width));
        return structure;
    }

    /// <summary>ValueInfoProto of float32 [batch, sizes…]: name 1, type 2 { tensor_type 1 { elem_type 1, shape 2 { dim 1 { value 1, param 2 } } } }.</summary>
    private static ProtoWriter Value(string name, params int[] sizes)
    {
        ProtoWriter shape = new ProtoWriter().Message(1, new ProtoWriter().Text(2, "batch"));
        foreach (int size in sizes)
            shape.Message(1, new ProtoWriter().Number(1, size));
        return new ProtoWriter().Text(1, name)
            .Message(2, new ProtoWriter().Message(1, new ProtoWriter().Number(1, Float32).Message(2, shape)));
    }

    /// <summary>TensorProto up to its raw data: dims 1, data_type 2, name 8, raw_data 9.</summary>
    private static ProtoWriter Header(TensorSource tensor)
    {
        var header = new ProtoWriter();
        foreach (long size in tensor.Shape)
            header.Number(1, size);
        return header.Number(2, Float32).Text(8, tensor.Name).Announce(RawDataField, tensor.Count * sizeof(float));
    }
}

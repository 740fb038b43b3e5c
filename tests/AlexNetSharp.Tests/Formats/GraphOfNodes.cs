using System.Runtime.InteropServices;
using AlexNetSharp.Formats;

namespace AlexNetSharp.Tests.Formats;

/// <summary>A small ONNX model, written node by node.</summary>
internal sealed class GraphOfNodes
{
    private readonly ProtoWriter _graph = new ProtoWriter().Text(2, "small");

    /// <summary>The image, with a batch of any size.</summary>
    public GraphOfNodes Input(string name, params int[] shape) => Value(11, name, shape);

    /// <summary>What the graph gives.</summary>
    public GraphOfNodes Output(string name) => Value(12, name, []);

    /// <summary>A node of one output, called as that.</summary>
    public GraphOfNodes Node(string op, string[] inputs, string output, params (string Name, long[] Ints)[] attributes) => Node(op, inputs, [output], output, attributes);

    /// <summary>A node. An attribute of one number that ends in "!" is a single one.</summary>
    public GraphOfNodes Node(string op, string[] inputs, string[] outputs, string name, params (string Name, long[] Ints)[] attributes)
    {
        var node = new ProtoWriter();
        foreach (string input in inputs)
            node.Text(1, input);
        foreach (string output in outputs)
            node.Text(2, output);
        node.Text(3, name).Text(4, op);
        foreach ((string key, long[] ints) in attributes)
        {
            ProtoWriter attribute = new ProtoWriter().Text(1, key.TrimEnd('!'));
            if (key.EndsWith('!'))
                attribute.Number(3, ints[0]).Number(20, 2);
            else
            {
                foreach (long value in ints)
                    attribute.Number(8, value);
                attribute.Number(20, 7);
            }
            node.Message(5, attribute);
        }
        _graph.Message(1, node);
        return this;
    }

    /// <summary>An initializer of float32.</summary>
    public GraphOfNodes Floats(string name, int[] shape, ReadOnlySpan<float> values) => Tensor(name, shape, 1, MemoryMarshal.AsBytes(values));

    /// <summary>An initializer of whole numbers.</summary>
    public GraphOfNodes Integers(string name, params long[] values) => Tensor(name, [values.Length], 7, MemoryMarshal.AsBytes<long>(values));

    /// <summary>The file, in the operator set 13.</summary>
    public byte[] Bytes() => new ProtoWriter().Number(1, 7).Message(7, _graph).Message(8, new ProtoWriter().Text(1, "").Number(2, 13)).Written.ToArray();

    private GraphOfNodes Tensor(string name, int[] shape, int type, ReadOnlySpan<byte> bytes)
    {
        var tensor = new ProtoWriter();
        foreach (int size in shape)
            tensor.Number(1, size);
        _graph.Message(5, tensor.Number(2, type).Text(8, name).Bytes(9, bytes));
        return this;
    }

    private GraphOfNodes Value(int field, string name, int[] shape)
    {
        var sizes = new ProtoWriter();
        if (shape.Length > 0)
            sizes.Message(1, new ProtoWriter().Text(2, "batch"));
        foreach (int size in shape)
            sizes.Message(1, size > 0 ? new ProtoWriter().Number(1, size) : new ProtoWriter().Text(2, "any"));
        ProtoWriter tensor = new ProtoWriter().Number(1, 1);
        if (shape.Length > 0)
            tensor.Message(2, sizes);
        _graph.Message(field, new ProtoWriter().Text(1, name).Message(2, new ProtoWriter().Message(1, tensor)));
        return this;
    }
}

using AlexNetSharp.Execution;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace AlexNetSharp.Tests.Formats;

/// <summary>Graphs that keep maps as TensorFlow does, with a Transpose before and behind layers, and grouped convolutions written as Split, convolutions and Concat.</summary>
public class OnnxLayoutTests : FormatTest
{
    private const int Batch = 2, Side = 12, Conv1 = 8, Conv2 = 12, Pixels = 9, Classes = 10;

    private static readonly float[] s_kernels1 = Values(Conv1 * 3 * 9, 1), s_bias1 = Values(Conv1, 2), s_kernels2 = Values(Conv2 * Conv1 / 2 * 9, 3), s_bias2 = Values(Conv2, 4);
    private static readonly float[] s_matrix = Values(Classes * Conv2 * Pixels, 5), s_bias3 = Values(Classes, 6);
    private static readonly long[] s_toFirst = [0, 3, 1, 2], s_toLast = [0, 2, 3, 1], s_around = [1, 1, 1, 1];

    public static TheoryData<string> Ways => ["optimized", "plain exporter", "groups", "groups, channels last", "groups of cut kernels", "behind an Identity"];

    public static TheoryData<string, string> Refused => new()
    {
        { "turned image", "node 'turn' (Transpose): gives node 'c1' (Conv) maps of [batch, channels, width, height], where it takes [batch, channels, height, width]" },
        { "turned output", "node 'turn' (Transpose): makes maps of [batch, height, width, channels] the output" },
        { "turned batch", "node 'turn' (Transpose): turns dimensions by [1, 0, 2, 3]" },
        { "turned vector", "node 'flat' (Reshape): makes a vector of maps of [batch, width, height, channels]" },
        { "crossed groups", "node 'parts' (Split): cuts its input into parts that are not those of a grouped convolution" },
        { "unlike groups", "node 'parts' (Split): cuts its input into parts" },
        { "rows", "node 'parts' (Split): cuts its input into parts" },
        { "used twice", "node 'parts' (Split): cuts its input into parts" },
    };

    [Theory, MemberData(nameof(Ways))]
    public void AnyOrderOfDimensionsGivesTheSameNetwork(string way)
    {
        byte[] bytes = Written(way);
        using Model plain = Load(Plain()), model = Load(bytes);
        Assert.True(NetworkEquivalence.Same(plain.Network, model.Network), model.Network.ToJson());
        float[] images = Values(Batch * Side * Side * 3, 7);
        float[] logits = Run(plain, images);
        Assert.Equal(logits, Run(model, images));
        // And what was meant is what another program computes of the same bytes.
        bool last = way is not ("groups" or "groups of cut kernels");
        using var session = new InferenceSession(bytes);
        var tensor = new DenseTensor<float>(last ? images : ChannelsFirst(images), last ? [Batch, Side, Side, 3] : [Batch, 3, Side, Side]);
        using var results = session.Run([NamedOnnxValue.CreateFromTensor("input", tensor)]);
        Compare.Close(way, results[0].AsEnumerable<float>().ToArray(), logits, Tolerances.OtherProgramLogits);
    }

    [Fact]
    public void AMeanOverMapsWithChannelsLastIsAPool()
    {
        byte[] bytes = Middle(Begin([0, Side, Side, 3]).Node("Transpose", ["input"], "first", ("perm", s_toFirst)), "first")
            .Node("Transpose", ["p2"], "last", ("perm", s_toLast))
            .Node("ReduceMean", ["last"], "mean", ("axes", [1, 2]), ("keepdims!", [0]))
            .Floats("w3", [Conv2, Classes], s_matrix.AsSpan(0, Conv2 * Classes)).Node("MatMul", ["mean", "w3"], "product").Node("Add", ["product", "b3"], "output").Output("output").Bytes();
        using Model model = Load(bytes);
        Assert.Contains(model.Network.Layers, layer => layer is AdaptiveAvgPool2d);
        using var session = new InferenceSession(bytes);
        float[] images = Values(Batch * Side * Side * 3, 7);
        using var results = session.Run([NamedOnnxValue.CreateFromTensor("input", new DenseTensor<float>(images, [Batch, Side, Side, 3]))]);
        Compare.Close("mean", results[0].AsEnumerable<float>().ToArray(), Run(model, images), Tolerances.OtherProgramLogits);
    }

    [Fact]
    public void TheTableOfAConversionShowsThatColumnsAreReordered()
    {
        using Model model = Load(Written("optimized"));
        Assert.Equal("h·w·c → c·h·w (12×3×3)", model.Transfers[^2].FileChange.Split(", by order")[0]);
    }

    [Theory, MemberData(nameof(Refused))]
    public void WhatIsTrulyAnotherThingIsRefusedByNodeAndType(string reason, string expected)
    {
        string path = PathOf("x.onnx");
        File.WriteAllBytes(path, Wrong(reason));
        string message = Assert.Throws<InvalidDataException>(() => ModelFile.Load(path).Dispose()).Message;
        Assert.StartsWith(path + ": at byte ", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    /// <summary>conv1, ReLU, pool, conv2 in two groups, ReLU, pool, fully connected: as the library's own writer puts it.</summary>
    private static byte[] Plain() => Middle(Begin([0, 3, Side, Side]), "input")
        .Node("Flatten", ["p2"], "flat", ("axis!", [1]))
        .Floats("w3", [Classes, Conv2 * Pixels], s_matrix).Node("Gemm", ["flat", "w3", "b3"], "output", ("transB!", [1])).Output("output").Bytes();

    private static byte[] Written(string way)
    {
        switch (way)
        {
            case "optimized" or "behind an Identity":
                // What tf2onnx writes: one Transpose at the beginning, one before the vector, whose columns are in TensorFlow's order.
                GraphOfNodes graph = Begin([0, Side, Side, 3]);
                graph = way == "optimized" ? graph.Node("Transpose", ["input"], "first", ("perm", s_toFirst))
                    : graph.Node("Identity", ["input"], "same").Node("Transpose", ["same"], "first", ("perm", s_toFirst));
                return Last(Middle(graph, "first").Node("Transpose", ["p2"], "last", ("perm", s_toLast)), "last");
            case "plain exporter":
                graph = Begin([0, Side, Side, 3]).Integers("around", 0, 1, 1, 0, 0, 1, 1, 0).Node("Pad", ["input", "around"], "padded");
                graph.Floats("k1", [3, 3, 3, Conv1], HeightWidthInOut(s_kernels1, Conv1)).Node("Transpose", ["k1"], "k1-first", ("perm", [3, 2, 0, 1]));
                Turned(graph, "Conv", ["padded", "k1-first"], "c1");
                graph.Floats("b1", [Conv1], s_bias1).Node("Add", ["c1", "b1"], "a1").Node("Relu", ["a1"], "r1");
                Turned(graph, "MaxPool", ["r1"], "p1", ("kernel_shape", [2, 2]), ("strides", [2, 2]));
                Turned(graph.Floats("w2", [Conv2, Conv1 / 2, 3, 3], s_kernels2), "Conv", ["p1", "w2"], "c2", ("pads", s_around), ("group!", [2]));
                // A normalization that does nothing but add the bias, with channels first as it wants them.
                graph.Floats("one", [Conv2], Ones()).Floats("zero", [Conv2], new float[Conv2]).Floats("var", [Conv2], Ones(1 - 1e-5f)).Floats("b2", [Conv2], s_bias2);
                Turned(graph, "BatchNormalization", ["c2", "one", "b2", "zero", "var"], "n2");
                Turned(graph.Node("Relu", ["n2"], "r2"), "AveragePool", ["r2"], "p2", ("kernel_shape", [2, 2]), ("strides", [2, 2]));
                return Last(graph, "p2");
            case "groups":
                return First(Groups(Begin([0, 3, Side, Side]), "input", channelsLast: false, cutKernels: false));
            case "groups of cut kernels":
                return First(Groups(Begin([0, 3, Side, Side]), "input", channelsLast: false, cutKernels: true));
            default:
                return Last(Groups(Begin([0, Side, Side, 3]), "input", channelsLast: true, cutKernels: false), "p2");
        }
    }

    private static byte[] Wrong(string reason)
    {
        GraphOfNodes graph = Begin([0, 3, Side, Side]);
        switch (reason)
        {
            case "turned image":
                return First(Middle(graph.Node("Transpose", ["input"], "turn", ("perm", [0, 1, 3, 2])), "turn"));
            case "turned output":
                return Middle(graph, "input").Node("Transpose", ["p2"], "turn", ("perm", s_toLast)).Output("turn").Bytes();
            case "turned batch":
                return First(Middle(graph, "input").Node("Transpose", ["p2"], "turn", ("perm", [1, 0, 2, 3])), "turn");
            case "turned vector":
                return Last(Middle(graph, "input").Node("Transpose", ["p2"], "turn", ("perm", [0, 3, 2, 1])), "turn");
            default:
                Pool(Conv(graph, "input"));
                bool rows = reason == "rows";
                graph.Node("Split", ["p1"], ["g0", "g1"], "parts", ("axis!", [rows ? 2 : 1]));
                for (int g = 0; g < 2; g++)
                {
                    int inputs = rows ? Conv1 : Conv1 / 2;
                    graph.Floats($"w2.{g}", [Conv2 / 2, inputs, 3, 3], Values(Conv2 / 2 * inputs * 9, 3));
                    graph.Node("Conv", [$"g{g}", $"w2.{g}"], $"c2.{g}", ("pads", s_around), ("strides", reason == "unlike groups" ? [1 + g, 1 + g] : [1, 1]));
                }
                if (reason == "used twice")
                    graph.Node("Relu", ["g1"], "again");
                return graph.Node("Concat", reason == "crossed groups" ? ["c2.1", "c2.0"] : ["c2.0", "c2.1"], "joined", ("axis!", [rows ? 2 : 1])).Output("joined").Bytes();
        }
    }

    private static GraphOfNodes Begin(int[] shape) => new GraphOfNodes().Input("input", shape[1..]).Floats("b3", [Classes], s_bias3);

    private static GraphOfNodes Conv(GraphOfNodes graph, string from) => graph.Floats("w1", [Conv1, 3, 3, 3], s_kernels1).Floats("b1", [Conv1], s_bias1)
        .Node("Conv", [from, "w1", "b1"], "c1", ("pads", s_around)).Node("Relu", ["c1"], "r1");

    private static GraphOfNodes Pool(GraphOfNodes graph) => graph.Node("MaxPool", ["r1"], "p1", ("kernel_shape", [2, 2]), ("strides", [2, 2]));

    private static GraphOfNodes Middle(GraphOfNodes graph, string from) => Pool(Conv(graph, from)).Floats("w2", [Conv2, Conv1 / 2, 3, 3], s_kernels2).Floats("b2", [Conv2], s_bias2)
        .Node("Conv", ["p1", "w2", "b2"], "c2", ("pads", s_around), ("group!", [2])).Node("Relu", ["c2"], "r2")
        .Node("AveragePool", ["r2"], "p2", ("kernel_shape", [2, 2]), ("strides", [2, 2]));

    /// <summary>The same with conv2 as two convolutions side by side.</summary>
    private static GraphOfNodes Groups(GraphOfNodes graph, string from, bool channelsLast, bool cutKernels)
    {
        if (channelsLast)
        {
            graph.Node("Transpose", [from], "first", ("perm", s_toFirst));
            Pool(Conv(graph, "first")).Node("Transpose", ["p1"], "maps", ("perm", s_toLast));
        }
        else
        {
            Pool(Conv(graph, from)).Node("Identity", ["p1"], "maps");
        }
        int each = s_kernels2.Length / 2;
        graph.Floats("b2", [Conv2], s_bias2).Integers("halves", Conv1 / 2, Conv1 / 2).Node("Split", ["maps", "halves"], ["g0", "g1"], "parts", ("axis!", [channelsLast ? -1 : 1]));
        if (cutKernels)
            graph.Floats("w2", [Conv2, Conv1 / 2, 3, 3], s_kernels2).Node("Split", ["w2"], ["w2.0", "w2.1"], "kernels", ("axis!", [0]));
        for (int g = 0; g < 2; g++)
        {
            if (!cutKernels)
                graph.Floats($"w2.{g}", [Conv2 / 2, Conv1 / 2, 3, 3], s_kernels2.AsSpan(g * each, each));
            if (channelsLast)
                Turned(graph, "Conv", [$"g{g}", $"w2.{g}"], $"c2.{g}", ("pads", s_around));
            else
                graph.Floats($"b2.{g}", [Conv2 / 2], s_bias2.AsSpan(g * Conv2 / 2, Conv2 / 2)).Node("Conv", [$"g{g}", $"w2.{g}", $"b2.{g}"], $"c2.{g}", ("pads", s_around));
        }
        graph.Node("Concat", ["c2.0", "c2.1"], "c2", ("axis!", [channelsLast ? 3 : 1]));
        if (channelsLast)
        {
            Turned(graph.Node("Add", ["c2", "b2"], "a2").Node("Relu", ["a2"], "r2"), "AveragePool", ["r2"], "p2", ("kernel_shape", [2, 2]), ("strides", [2, 2]));
            return graph;
        }
        return graph.Node("Relu", ["c2"], "r2").Node("AveragePool", ["r2"], "p2", ("kernel_shape", [2, 2]), ("strides", [2, 2]));
    }

    /// <summary>A layer with a Transpose before and one behind it.</summary>
    private static void Turned(GraphOfNodes graph, string op, string[] inputs, string output, params (string, long[])[] attributes) => graph
        .Node("Transpose", [inputs[0]], output + "-before", ("perm", s_toFirst))
        .Node(op, [output + "-before", .. inputs[1..]], output + "-made", attributes)
        .Node("Transpose", [output + "-made"], output, ("perm", s_toLast));

    private static byte[] First(GraphOfNodes graph, string from = "p2") => graph.Node("Flatten", [from], "flat", ("axis!", [1]))
        .Floats("w3", [Classes, Conv2 * Pixels], s_matrix).Node("Gemm", ["flat", "w3", "b3"], "output", ("transB!", [1])).Output("output").Bytes();

    /// <summary>A vector in the order row, column, channel, and its product with a matrix [in, out].</summary>
    private static byte[] Last(GraphOfNodes graph, string from)
    {
        float[] matrix = new float[s_matrix.Length];
        for (int o = 0; o < Classes; o++)
            for (int c = 0; c < Conv2; c++)
                for (int pixel = 0; pixel < Pixels; pixel++)
                    matrix[(pixel * Conv2 + c) * Classes + o] = s_matrix[(o * Conv2 + c) * Pixels + pixel];
        return graph.Integers("vector", -1, Conv2 * Pixels).Node("Reshape", [from, "vector"], "flat")
            .Floats("w3", [Conv2 * Pixels, Classes], matrix).Node("MatMul", ["flat", "w3"], "product").Node("Add", ["product", "b3"], "output").Output("output").Bytes();
    }

    private static float[] HeightWidthInOut(float[] kernels, int outputs)
    {
        int inputs = kernels.Length / outputs / 9;
        float[] turned = new float[kernels.Length];
        for (int i = 0; i < kernels.Length; i++)
            turned[(i % 9 * inputs + i / 9 % inputs) * outputs + i / 9 / inputs] = kernels[i];
        return turned;
    }

    private static float[] Ones(float value = 1) => [.. Enumerable.Repeat(value, Conv2)];

    private static float[] Values(int count, int seed)
    {
        var random = new System.Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() - 0.5))];
    }

    private static float[] ChannelsFirst(float[] images) =>
        [.. Enumerable.Range(0, images.Length).Select(i => images[(i / (3 * Side * Side) * Side * Side + i % (Side * Side)) * 3 + i / (Side * Side) % 3])];

    private Model Load(byte[] bytes)
    {
        File.WriteAllBytes(PathOf("m.onnx"), bytes);
        return ModelFile.Load(PathOf("m.onnx"));
    }

    private static float[] Run(Model model, float[] images)
    {
        using var plan = new Plan(model.Network, model.Parameters, new PlanOptions { BatchSize = Batch });
        images.CopyTo(plan.Input);
        plan.Forward();
        return plan.Output.ToArray();
    }
}

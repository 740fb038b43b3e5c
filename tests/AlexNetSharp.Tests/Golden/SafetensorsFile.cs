using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace AlexNetSharp.Tests.Golden;

/// <summary>A small reader of float32 safetensors files, independent of the library's: 8 bytes header length, JSON header, values.</summary>
internal sealed class SafetensorsFile
{
    private readonly byte[] _bytes;
    private readonly int _data;
    private readonly JsonElement _header;

    public SafetensorsFile(string path)
    {
        _bytes = File.ReadAllBytes(path);
        int length = checked((int)BinaryPrimitives.ReadInt64LittleEndian(_bytes));
        _header = JsonDocument.Parse(_bytes.AsMemory(8, length)).RootElement;
        _data = 8 + length;
    }

    /// <summary>Reads a file that lies beside the tests.</summary>
    public static SafetensorsFile Golden(string name) => new(Path.Combine(AppContext.BaseDirectory, "Golden", name));

    public IEnumerable<string> Names => _header.EnumerateObject().Select(p => p.Name).Where(n => n != "__metadata__");

    public string Metadata(string key) => _header.GetProperty("__metadata__").GetProperty(key).GetString()!;

    public int[] Shape(string name) => [.. _header.GetProperty(name).GetProperty("shape").EnumerateArray().Select(d => d.GetInt32())];

    public float[] Values(string name)
    {
        JsonElement tensor = _header.GetProperty(name), offsets = tensor.GetProperty("data_offsets");
        Assert.Equal("F32", tensor.GetProperty("dtype").GetString());
        int from = offsets[0].GetInt32(), to = offsets[1].GetInt32();
        float[] values = MemoryMarshal.Cast<byte, float>(_bytes.AsSpan(_data + from, to - from)).ToArray();
        Assert.Equal(Shape(name).Aggregate(1, (a, b) => a * b), values.Length);
        return values;
    }

    public double Scalar(string name) => Values(name).Single();

    /// <summary>Values in the library's order: [n, c, h, w] → [n, h, w, c], [o, i, kh, kw] → [kh, kw, i, o], [out, in] → [in, out], [o] as it is.</summary>
    /// <param name="name">Name of the tensor.</param>
    /// <param name="weight">Whether it is a weight, so that the first dimension goes last.</param>
    public float[] Reordered(string name, bool weight)
    {
        int[] shape = Shape(name);
        return (shape.Length, weight) switch
        {
            (4, true) => Permute(Values(name), shape, [2, 3, 1, 0]),
            (4, false) => Permute(Values(name), shape, [0, 2, 3, 1]),
            (2, true) => Permute(Values(name), shape, [1, 0]),
            _ => Values(name),
        };
    }

    private static float[] Permute(float[] values, int[] shape, int[] order)
    {
        var result = new float[values.Length];
        var index = new int[shape.Length];
        for (int i = 0; i < result.Length; i++)
        {
            // index counts through the result; its digits are dimensions order[0], order[1], … of the source.
            int source = 0;
            for (int d = 0; d < shape.Length; d++)
                source = source * shape[d] + index[Array.IndexOf(order, d)];
            result[i] = values[source];
            for (int d = shape.Length - 1; d >= 0 && ++index[d] == shape[order[d]]; d--)
                index[d] = 0;
        }
        return result;
    }
}

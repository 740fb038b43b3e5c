using System.Buffers.Binary;
using System.Text;
using AlexNetSharp.Formats;

namespace AlexNetSharp.Tests.Formats;

public class SafetensorsTests : FormatTest
{
    private const string One = """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""";

    /// <summary>Header length, header, data.</summary>
    internal static byte[] Bytes(string header, int dataLength, long? headerLength = null)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        byte[] file = new byte[8 + text.Length + dataLength];
        BinaryPrimitives.WriteInt64LittleEndian(file, headerLength ?? text.Length);
        text.CopyTo(file, 8);
        for (int i = 0; i < dataLength; i++)
            file[8 + text.Length + i] = (byte)(i * 37);
        return file;
    }

    [Fact]
    public void WhatWasWrittenIsReadBitForBit()
    {
        string path = PathOf("model.safetensors");
        float[] a = [1, -0f, float.NaN, float.PositiveInfinity, 1e-45f, 3.4e38f];
        float[] b = [.. Enumerable.Range(0, 600_000).Select(i => i * 0.1f)];
        SafetensorsWriter.Write(
            path,
            [TensorSource.Of("a", [2, 3], a), TensorSource.Of("empty", [0, 7], Array.Empty<float>()), TensorSource.Of("b.weight", [600_000], b)],
            new Dictionary<string, string> { ["network"] = "torchvision", ["quote"] = "\"ü\"\n" });

        using TensorFile file = TensorFile.Open(path);
        Assert.Equal(TensorFileFormat.Safetensors, file.Kind);
        Assert.Equal(["a", "empty", "b.weight"], file.Tensors.Select(tensor => tensor.Name));
        Assert.Equal("\"ü\"\n", file.Metadata["quote"]);
        Assert.Equal([2, 3], file.Tensors[0].Shape);
        Assert.Equal(a.Select(BitConverter.SingleToInt32Bits), file.Tensors[0].ToArray().Select(BitConverter.SingleToInt32Bits));
        Assert.Equal(b, file.Tensors[2].ToArray());
        Assert.Empty(file.Tensors[1].ToArray());
        Assert.Equal(0, file.Tensors[0].Offset % 8);
        Assert.Single(Directory.GetFiles(Folder));
    }

    [Fact]
    public void AFileByAnotherProgramIsRead()
    {
        using TensorFile file = TensorFile.Open(Golden("ops.safetensors"));
        Assert.True(file.TryGet("conv/alexnet-conv1/w", out NamedTensor? w));
        Assert.Equal([8, 3, 11, 11], w.Shape);
        Assert.Contains("libtorch", file.Metadata["source"], StringComparison.Ordinal);
        Assert.All(w.ToArray(), value => Assert.True(float.IsFinite(value)));
    }

    [Theory]
    [InlineData(TensorType.F16)]
    [InlineData(TensorType.BF16)]
    [InlineData(TensorType.F64)]
    public void OtherTypesBecomeFloat32(TensorType type)
    {
        // 37 elements: whole vectors and a remainder.
        int size = type.Size();
        byte[] file = Bytes($$$"""{"x":{"dtype":"{{{type}}}","shape":[37],"data_offsets":[0,{{{37 * size}}}]}}""", 37 * size);
        Span<byte> data = file.AsSpan(file.Length - 37 * size);
        float[] expected = new float[37];
        for (int i = 0; i < 37; i++)
        {
            ushort bits = (ushort)(i * 1777 + 5);
            double value = type switch
            {
                TensorType.F16 => (double)BitConverter.UInt16BitsToHalf(bits),
                TensorType.BF16 => BitConverter.UInt32BitsToSingle((uint)bits << 16),
                _ => Math.Exp(i - 18) / 3,
            };
            if (type == TensorType.F64)
                BinaryPrimitives.WriteDoubleLittleEndian(data[(8 * i)..], value);
            else
                BinaryPrimitives.WriteUInt16LittleEndian(data[(2 * i)..], bits);
            expected[i] = (float)value;
        }
        using TensorFile read = TensorFile.Read(file, "x");
        Assert.Equal(type, read.Tensors[0].Type);
        Assert.Equal(expected.Select(BitConverter.SingleToInt32Bits), read.Tensors[0].ToArray().Select(BitConverter.SingleToInt32Bits));
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""", 12, "must not overlap")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[12,20]}}""", 20, "leave gaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", 16, "appears twice")]
    [InlineData(One, 7, "cut short")]
    [InlineData(One, 9, "cut short or damaged")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", 8, "cannot be negative")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}""", 8, "overflows")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,8]}}""", 8, "overflows")]
    [InlineData("""{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}""", 8, "whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,8]}}""", 8, "whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", 8, "data_offsets are [8, 0]")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}""", 8, "data_offsets are [-8, 0]")]
    [InlineData("""{"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}""", 8, "'C64'")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2]}}""", 8, "lacks")]
    [InlineData("""{"a":[[[[[[[[[[]]]]]]]]]]}""", 0, "not an object")]
    [InlineData("""{"a":{"dtype":"F32","shape":[[[[[[[2]]]]]]],"data_offsets":[0,8]}}""", 8, "whole numbers")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} {}""", 8, "JSON")]
    [InlineData("""{"__metadata__":{"x":1}}""", 0, "one text")]
    [InlineData("""{"a\nb":7}""", 0, @"'a\nb'")]
    [InlineData("""{"a":""", 0, "JSON")]
    public void ADamagedHeaderIsRefused(string header, int dataLength, string expected) =>
        Refuses(Bytes(header, dataLength), "bad.safetensors", expected);

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(20)]
    [InlineData(62)]
    public void AFileCutShortIsRefused(int length) => Refuses(Bytes(One, 8)[..length], "cut.safetensors", "");

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    [InlineData(100_000_001)]
    [InlineData(1000)]
    public void AHugeHeaderIsRefused(long length) => Refuses(Bytes(One, 8, length), "huge.safetensors", "the header would have");

    [Fact]
    public void ANameThatIsNoUTF8IsRefused()
    {
        byte[] file = Bytes(One, 8);
        file[10] = 0xFF;
        Refuses(file, "utf8.safetensors", "JSON");
    }

    [Fact]
    public void ShardsAreGatheredByTheirIndex()
    {
        SafetensorsWriter.Write(PathOf("m-1.safetensors"), [TensorSource.Of("a", [2], new float[] { 1, 2 })], new Dictionary<string, string> { ["network"] = "n" });
        SafetensorsWriter.Write(PathOf("m-2.safetensors"), [TensorSource.Of("b", [1], new float[] { 3 })], new Dictionary<string, string>());
        string index = PathOf("m.safetensors.index.json");
        File.WriteAllText(index, """{"metadata":{"total_size":12},"weight_map":{"a":"m-1.safetensors","b":"m-2.safetensors"}}""");
        using (TensorFile file = TensorFile.Open(index))
        {
            Assert.Equal(["a", "b"], file.Tensors.Select(tensor => tensor.Name));
            Assert.Equal([3f], file.Tensors[1].ToArray());
            Assert.Equal("n", file.Metadata["network"]);
        }
        File.WriteAllText(index, """{"weight_map":{"c":"m-1.safetensors"}}""");
        Assert.Contains("'c' is not in 'm-1.safetensors'", Assert.Throws<InvalidDataException>(() => TensorFile.Open(index)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"../m.safetensors"}}""", "plain file name")]
    [InlineData("""{"weight_map":{"a":"/etc/passwd"}}""", "plain file name")]
    [InlineData("""{"weight_map":{"a":7}}""", "plain file name")]
    [InlineData("""{"weight_map":{"a":"x","a":"y"}}""", "appears twice")]
    [InlineData("""{"metadata":{}}""", "without a weight_map")]
    [InlineData("""{"metadata":{}""", "JSON")]
    public void ABadIndexIsRefused(string text, string expected) => Refuses(Encoding.UTF8.GetBytes(text), "x.index.json", expected);

    [Theory]
    [InlineData(TensorType.F16)]
    [InlineData(TensorType.BF16)]
    public void NarrowTypesAreRoundedToNearest(TensorType type)
    {
        float[] values =
        [
            0, -0f, 1, -1.5f, float.NaN, BitConverter.UInt32BitsToSingle(0x7F800001), float.PositiveInfinity, float.NegativeInfinity,
            .. Enumerable.Range(0, 300_000).Select(i => PyTorchTests.Value(3, i)),
            // Ties: to the even neighbor, down and up.
            BitConverter.UInt32BitsToSingle(0x3F808000), BitConverter.UInt32BitsToSingle(0x3F818000), 1 + 1 / 2048f, 1 + 3 / 2048f,
        ];
        string path = PathOf("narrow.safetensors");
        SafetensorsWriter.Write(path, [TensorSource.Of("x", [values.Length], values)], new Dictionary<string, string>(), type);
        using TensorFile file = TensorFile.Open(path);
        Assert.Equal(type, file.Tensors[0].Type);
        float[] read = file.Tensors[0].ToArray();
        for (int i = 0; i < values.Length; i++)
        {
            float expected = type == TensorType.F16 ? (float)(Half)values[i] : PyTorchTests.RoundToBFloat16(values[i]);
            if (float.IsNaN(values[i]))
                Assert.True(float.IsNaN(read[i]));
            else
                Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(read[i]));
        }
    }

    [Theory]
    [InlineData(TensorType.F16, 65520f)]
    [InlineData(TensorType.BF16, float.MaxValue)]
    public void AValueBeyondTheRangeIsRefusedAndTheOldFileStays(TensorType type, float value)
    {
        string path = PathOf("model.safetensors");
        File.WriteAllText(path, "old");
        var error = Assert.Throws<InvalidDataException>(() =>
            SafetensorsWriter.Write(path, [TensorSource.Of("fc8.bias", [2], new[] { 1, value })], new Dictionary<string, string>(), type));
        Assert.Contains($"'fc8.bias' holds", error.Message, StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(path));
    }

    [Fact]
    public void AFailedWriteLeavesTheOldFile()
    {
        string path = PathOf("model.safetensors");
        File.WriteAllText(path, "old");
        var failing = new TensorSource("a", [1], (_, _) => throw new InvalidOperationException("no values"));
        Assert.Throws<InvalidOperationException>(() => SafetensorsWriter.Write(path, [failing], new Dictionary<string, string>()));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(Folder));
    }

    [Fact]
    public void TensorsOfADisposedFileThrow()
    {
        string path = PathOf("model.safetensors");
        SafetensorsWriter.Write(path, [TensorSource.Of("a", [1], new float[] { 1 })], new Dictionary<string, string>());
        TensorFile file = TensorFile.Open(path);
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.Tensors[0].ToArray());
    }
}

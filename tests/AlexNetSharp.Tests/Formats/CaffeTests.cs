using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Tests.Formats;

public class CaffeTests : FormatTest
{
    [Theory]
    [InlineData("old.caffemodel", "normalization first")]
    [InlineData("new.caffemodel", "pooling first")]
    public void MessagesOfBothGenerationsAreRead(string name, string order)
    {
        using TensorFile file = TensorFile.Open(Golden("formats/caffe/" + name));
        Assert.Equal(TensorFileFormat.Caffe, file.Kind);
        Assert.Equal(16, file.Tensors.Count);
        Assert.Equal(order == "pooling first" ? TensorFile.PoolFirst : TensorFile.NormFirst, file.Metadata[TensorFile.OrderKey]);
        Assert.True(file.IsFromCaffe);
        for (int t = 0; t < 16; t++)
        {
            float[] values = file.Tensors[t].ToArray();
            for (int i = 0; i < values.Length; i++)
                Assert.Equal(PyTorchTests.Value(t, i), values[i]);
        }
        Assert.Equal(order == "pooling first" ? [32L, 576] : [1, 1, 32, 576], file.Tensors[10].Shape.ToArray());
    }

    [Theory]
    [InlineData("old.caffemodel", "caffe")]
    [InlineData("new.caffemodel", "caffenet")]
    public void WeightsLandInTheNetworkWithRedFirst(string name, string expected)
    {
        Network network = NarrowNetworks.Narrow(NetworkCatalog.Get(expected).Build(10), [8, 16, 24, 16, 16], 32);
        using Model model = ModelFile.Load(Golden("formats/caffe/" + name), network);
        float[] conv1 = NarrowNetworks.Dense(model.Parameters["conv1.weight"]), conv2 = NarrowNetworks.Dense(model.Parameters["conv2.weight"]);
        for (int o = 0; o < 8; o++)
            for (int i = 0; i < 3; i++)
                for (int tap = 0; tap < 121; tap++)
                    Assert.Equal(PyTorchTests.Value(0, (o * 3 + 2 - i) * 121 + tap), conv1[(tap * 3 + i) * 8 + o]);
        // Two groups: each kernel has the four input channels of its half.
        for (int o = 0; o < 16; o++)
            for (int i = 0; i < 4; i++)
                Assert.Equal(PyTorchTests.Value(2, (o * 4 + i) * 25 + 7), conv2[(7 * 4 + i) * 16 + o]);
        Assert.Contains("BGR → RGB", model.Transfers[0].Change, StringComparison.Ordinal);
        Assert.DoesNotContain("BGR", model.Transfers[2].Change, StringComparison.Ordinal);
        // What is written from here on has red first; everything else keeps Caffe's order, which is PyTorch's.
        Assert.Equal("BGR → RGB", model.Transfers[0].FileChange);
        Assert.All(model.Transfers.Skip(1), transfer => Assert.Equal("", transfer.FileChange));
    }

    [Fact]
    public void TheOrderOfTheLayersTellsCaffeFromCaffenet()
    {
        foreach ((string order, string expected) in ((string, string)[])[(TensorFile.NormFirst, "caffe"), (TensorFile.PoolFirst, "caffenet")])
        {
            using var file = new TensorFile(
                "x.caffemodel",
                TensorFileFormat.Caffe,
                [new NamedTensor("conv1.weight", TensorType.F32, [96, 3, 11, 11], default, 0, null), new NamedTensor("fc8.bias", TensorType.F32, [1000], default, 0, null)],
                new Dictionary<string, string> { [TensorFile.OrderKey] = order });
            Assert.Equal(expected, NetworkRecognition.Recognize(file, ModelMetadata.Read(file), null).Name);
        }
    }

    [Fact]
    public void ElementsThatAreNotPackedAndDoublesAreReadToo()
    {
        // NetParameter { layer { name: "a"  blobs { shape { dim: 2 }  data: 1  data: 2 }  blobs { shape { dim: 1 }  double_data: 3 } } }
        byte[] first = [0x3A, 2, 0x08, 2, 0x2D, 0, 0, 0x80, 0x3F, 0x2D, 0, 0, 0, 0x40];
        byte[] second = [0x3A, 2, 0x08, 1, 0x41, 0, 0, 0, 0, 0, 0, 0x08, 0x40];
        byte[] layer = [0x0A, 1, (byte)'a', 0x3A, (byte)first.Length, .. first, 0x3A, (byte)second.Length, .. second];
        using TensorFile file = TensorFile.Read([0xA2, 0x06, (byte)layer.Length, .. layer], "x.caffemodel");
        Assert.Equal(["a.weight", "a.bias"], file.Tensors.Select(tensor => tensor.Name));
        Assert.Equal([1f, 2f], file.Tensors[0].ToArray());
        Assert.Equal([3f], file.Tensors[1].ToArray());
    }

    [Theory]
    [InlineData(new byte[] { 0x0A, 0x05, (byte)'a' }, "cut short")]
    [InlineData(new byte[] { 0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF }, "ten bytes")]
    [InlineData(new byte[] { 0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F }, "would have")]
    [InlineData(new byte[] { 0x0A, 0x00 }, "no weights")]
    [InlineData(new byte[] { 0x0B, 0x00 }, "no protobuf field")]
    [InlineData(new byte[] { 0x00 }, "no protobuf field")]
    [InlineData(new byte[] { 0x10, 0x01 }, "Bytes was expected")]
    [InlineData(new byte[] { 0xA2, 0x06, 0x08, 0x3A, 0x06, 0x3A, 0x02, 0x08, 0x02, 0x28, 0x01 }, "Fixed32 was expected")]
    [InlineData(new byte[] { 0xA2, 0x06, 0x0A, 0x3A, 0x08, 0x3A, 0x02, 0x08, 0x02, 0x2A, 0x02, 0, 0 }, "cannot hold elements")]
    [InlineData(new byte[] { 0xA2, 0x06, 0x0C, 0x3A, 0x0A, 0x3A, 0x02, 0x08, 0x02, 0x2A, 0x04, 0, 0, 0, 0 }, "needs 8 bytes, but has 4")]
    [InlineData(new byte[] { 0xA2, 0x06, 0x0F, 0x3A, 0x0D, 0x3A, 0x0B, 0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 }, "cannot be negative")]
    public void DamagedMessagesAreRefused(byte[] data, string expected) => Refuses(data, "bad.caffemodel", expected);

    [Fact]
    public void AFileCutShortIsRefused()
    {
        byte[] whole = File.ReadAllBytes(Golden("formats/caffe/new.caffemodel"));
        foreach (int length in (int[])[1, 2, 10, 1000, 50_000, whole.Length - 1])
            Refuses(whole[..length], "cut.caffemodel", "");
    }
}

using System.IO.Compression;
using System.Text;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Tests.Formats;

/// <summary>
/// Damaged and invented files: every reader gives tensors that lie in the file, or one clear error with file and byte; soon, and without
/// taking more memory than the file justifies.
/// </summary>
public class FormatFuzzTests : FormatTest
{
    /// <summary>Inputs for each reader in the usual run; tools/fuzz.sh takes 100,000.</summary>
    private const int UsualInputs = 3000;

    private static readonly Network s_network = new(
        "tensorflow",
        new Shape(9, 9, 3),
        [new Conv2d("conv1", 4, 3), new ReLU("relu1"), new MaxPool2d("pool1", 3, 2), new Flatten("flatten"), new Linear("fc8", 5)]);

    [Fact]
    public void Safetensors()
    {
        using ParameterSet parameters = NarrowNetworks.RandomWeights(s_network, 1);
        using var model = new Model(parameters, Preprocessing.ImageNet.For(9), [.. "abcde".Select(c => new ClassName(c.ToString(), c.ToString()))]);
        string path = PathOf("seed.safetensors");
        ModelFile.Save(path, model);
        byte[][] seeds =
        [
            File.ReadAllBytes(path),
            SafetensorsTests.Bytes("""{"__metadata__":{"k":"v"},"a":{"dtype":"F16","shape":[2,3],"data_offsets":[0,12]},"b":{"dtype":"BF16","shape":[],"data_offsets":[12,14]}}""", 14),
            SafetensorsTests.Bytes("""{"x":{"dtype":"F64","shape":[0,9],"data_offsets":[0,0]},"conv1.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4),
            "{\"metadata\":{},\"weight_map\":{\"a\":\"b.safetensors\"}}"u8.ToArray(),
        ];
        Run("fuzz.safetensors", seeds, random => SafetensorsTests.Bytes(Json(random, 0), random.Next(40)));
    }

    [Fact]
    public void PyTorch()
    {
        byte[] small = File.ReadAllBytes(Golden("formats/pytorch/small.pth"));
        byte[][] seeds =
        [
            small, File.ReadAllBytes(Golden("formats/pytorch/small-legacy.pth")), File.ReadAllBytes(Golden("formats/pytorch/strided.pth")),
            Repack(small, CompressionLevel.Optimal),
        ];
        // The pickle alone is damaged, too, in a zip that stays whole: the zip's own checks would hide the pickle's otherwise.
        using var archive = new ZipArchive(new MemoryStream(small));
        using var pickle = new MemoryStream();
        using (Stream entry = archive.Entries.Single(entry => entry.Name == "data.pkl").Open())
            entry.CopyTo(pickle);
        byte[][] pickles = [pickle.ToArray()];
        byte[] storage = new byte[64];
        byte[] opcodes = [.. "N.JKMGXTUBC]})(taesu012qrhjcQRb"u8, 0x80, 0x88, 0x89, 0x8a, 0x8c, 0x8d, 0x85, 0x86, 0x87, 0x93, 0x94, 0x95];
        Run("fuzz.pth", seeds, random =>
        {
            byte[] data = random.Next(2) == 0 ? Mutations.Of(pickles, random) : new byte[random.Next(1, 60)];
            if (data.Length < 60)
            {
                for (int i = 0; i < data.Length; i++)
                    data[i] = random.Next(3) == 0 ? (byte)random.Next(8) : opcodes[random.Next(opcodes.Length)];
            }
            return PyTorchTests.Zip(random.Next(2) == 0 ? CompressionLevel.Fastest : CompressionLevel.NoCompression, ("a/data.pkl", data), ("a/data/0", storage), ("a/data/1", storage), ("a/data/2", storage));
        });
    }

    [Fact]
    public void Caffe()
    {
        ProtoWriter Blob(bool old, int count)
        {
            ProtoWriter blob = old
                ? new ProtoWriter().Number(1, 1).Number(2, 1).Number(3, 1).Number(4, count)
                : new ProtoWriter().Message(7, new ProtoWriter().Number(1, count));
            for (int i = 0; i < count; i++)
                blob.Float(5, i);
            return blob;
        }

        ProtoWriter Net(bool old) => new ProtoWriter().Text(1, "net")
            .Message(old ? 2 : 100, new ProtoWriter().Text(old ? 4 : 1, "conv1").Message(old ? 6 : 7, Blob(old, 6)).Message(old ? 6 : 7, Blob(old, 2)))
            .Message(old ? 2 : 100, new ProtoWriter().Text(old ? 4 : 1, "pool1").Text(old ? 3 : 2, "Pooling"));

        Run("fuzz.caffemodel", [Bytes(Net(true)), Bytes(Net(false))], random => Bytes(Proto(random, [1, 2, 3, 4, 5, 6, 7, 8, 100], 0)));
    }

    [Fact]
    public void Onnx()
    {
        using ParameterSet parameters = NarrowNetworks.RandomWeights(s_network, 1);
        using var model = new Model(parameters);
        string path = PathOf("seed.onnx");
        ModelFile.Save(path, model);
        ProtoWriter tensor = new ProtoWriter().Number(1, 2).Number(2, 1).Text(8, "w").Float(4, 1).Float(4, 2);
        ProtoWriter graph = new ProtoWriter().Message(1, new ProtoWriter().Text(1, "x").Text(1, "w").Text(4, "Conv")).Message(5, tensor);
        byte[][] chains = [.. ((string[])["view13", "int813", "bias-add6", "transpose13"]).Select(name => File.ReadAllBytes(Golden($"formats/chains/same/{name}.onnx")))];
        Run("fuzz.onnx", [File.ReadAllBytes(path), Bytes(new ProtoWriter().Number(1, 8).Message(7, graph)), .. chains],
            random => Bytes(Proto(random, [1, 2, 4, 5, 7, 8, 9, 10, 14], 0)));
    }

    [Fact]
    public void Npy()
    {
        byte[][] seeds = [.. ((string[])["f2", "f4", "f8", "fortran"]).Select(name => File.ReadAllBytes(Golden($"formats/{name}.npy")))];
        Run("fuzz.npy", seeds, random =>
        {
            string[] words = ["{", "}", "'descr'", ":", "'<f4'", "'|O'", ",", "'fortran_order'", "True", "False", "'shape'", "(", ")", "2", "99999999999", "-1", " ", "'"];
            string header = string.Concat(Enumerable.Range(0, random.Next(30)).Select(_ => words[random.Next(words.Length)]));
            return [0x93, .. "NUMPY"u8, (byte)random.Next(4), 0, (byte)header.Length, (byte)(random.Next(20) == 0 ? 9 : 0), .. Encoding.Latin1.GetBytes(header), .. new byte[random.Next(20)]];
        });
    }

    /// <summary>Objects of a hundred bytes for one or two bytes of the file: their number has a limit, and so has the memory.</summary>
    [Theory]
    [InlineData("lists.pth", "opcodes")]
    [InlineData("legacy.pth", "opcodes")]
    [InlineData("layers.caffemodel", "layers, nodes and tensors")]
    [InlineData("blobs.caffemodel", "more than 16 blobs")]
    [InlineData("names.caffemodel", "more than 16 blobs")]
    [InlineData("nodes.onnx", "layers, nodes and tensors")]
    [InlineData("numbers.onnx", "needs 8 bytes, but has")]
    public void SmallHostileFilesTakeLittleMemory(string name, string expected)
    {
        const int size = 8 << 20, limit = 128 << 20;
        byte[] lists = [0x80, 2, .. Enumerable.Repeat((byte)'}', size)];
        byte[] empty = new byte[size], zeros = new byte[size];
        for (int i = 0; i < size; i += 2)
            empty[i] = name == "nodes.onnx" ? (byte)(1 << 3 | 2) : name == "layers.caffemodel" ? (byte)(2 << 3 | 2) : (byte)(7 << 3 | 2);
        byte[] input = name switch
        {
            "lists.pth" => PyTorchTests.Zip(("a/data.pkl", lists)),
            "legacy.pth" => [.. PyTorchReader.LegacyMagic, .. lists],
            "layers.caffemodel" => empty,
            "blobs.caffemodel" => Framed(100, [], empty),
            "names.caffemodel" => Framed(100, Bytes(new ProtoWriter().Text(1, new string('n', 1 << 16))), empty.AsSpan(0, 1 << 14)),
            "nodes.onnx" => Framed(7, [], empty),
            _ => Framed(7, [], Framed(5, Bytes(new ProtoWriter().Number(1, 4).Number(2, 16).Text(8, "w")), Framed(5, [], zeros))),
        };
        long before = GC.GetAllocatedBytesForCurrentThread();
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => TensorFile.Read(input, name).Dispose());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, limit);
        AssertClear(error.Message, name);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    /// <summary>A field that holds <paramref name="start"/> and <paramref name="end"/>.</summary>
    private static byte[] Framed(int field, ReadOnlySpan<byte> start, ReadOnlySpan<byte> end) =>
        [.. Bytes(new ProtoWriter().Announce(field, start.Length + end.Length)), .. start, .. end];

    /// <summary>Half of the inputs are damaged seeds, a quarter is invented in the format's grammar, a quarter is noise behind a seed's first bytes.</summary>
    private static void Run(string name, byte[][] seeds, Func<System.Random, byte[]> invent)
    {
        foreach (byte[] seed in seeds.Where(seed => seed[0] != (byte)'{'))
            Assert.True(Reads(seed, name), "a seed must be valid");
        var random = new System.Random(20261124);
        var report = new FuzzReport(name, UsualInputs);
        for (int i = 0; i < report.Inputs; i++)
        {
            byte[] input = random.Next(4) switch
            {
                0 => invent(random),
                1 => Noise(seeds, random),
                _ => Mutations.Of(seeds, random),
            };
            report.Begin();
            bool read = Reads(input, name);
            // Objects for names and numbers take some tens of bytes where the file has a few; unpacking is limited to sixteen times the file.
            Assert.True(report.Allocated <= 128L * input.Length + (4 << 20), FormattableString.Invariant($"input {i} of {input.Length} bytes made the reader allocate {report.Allocated}"));
            report.End(refused: !read);
        }
        report.Finish(report.Inputs / 20, report.Inputs - 1);
    }

    /// <summary>Reads everything in a file; false if it was refused as it should be.</summary>
    private static bool Reads(byte[] input, string name)
    {
        try
        {
            using TensorFile file = TensorFile.Read(input, name);
            foreach (NamedTensor tensor in file.Tensors)
            {
                // No element count may exceed what the file or its unpacked entries can hold.
                Assert.InRange(tensor.Count, 0, 16L * input.Length + (1 << 20));
                if (tensor.IsFloatingPoint)
                    tensor.ToArray();
            }
            Recognize(file);
            return true;
        }
        catch (Exception e) when (e is InvalidDataException || (e is FileNotFoundException && input.AsSpan().TrimStart(" \n\r\t"u8).StartsWith("{"u8)))
        {
            // An index names other files, and none is there.
            if (e is InvalidDataException)
                AssertClear(e.Message, name);
            return false;
        }
    }

    /// <summary>What tells the network and fits the weights to it must refuse with the same kind of error, or do the whole work.</summary>
    private static void Recognize(TensorFile file)
    {
        foreach (Func<Network> network in (Func<Network>[])[() => s_network, () => ModelFile.Describe(file).Network])
        {
            try
            {
                Network found = network();
                WeightMapping mapping = WeightMapping.Check(file, found, flipColors: false);
                using var parameters = new ParameterSet(found);
                mapping.CopyTo(parameters);
            }
            catch (InvalidDataException e)
            {
                AssertClear(e.Message, file.Path);
            }
        }
    }

    private static void AssertClear(string message, string name)
    {
        Assert.True(message.StartsWith(name + ": at byte ", StringComparison.Ordinal) || message.StartsWith(name + ": metadata ", StringComparison.Ordinal), message);
        Assert.DoesNotContain(message, char.IsControl);
    }

    private static byte[] Noise(byte[][] seeds, System.Random random)
    {
        byte[] seed = seeds[random.Next(seeds.Length)], noise = new byte[random.Next(1, 300)];
        random.NextBytes(noise);
        seed.AsSpan(0, Math.Min(Math.Min(seed.Length, noise.Length), random.Next(20))).CopyTo(noise);
        return noise;
    }

    private static string Json(System.Random random, int depth)
    {
        string[] keys = ["a", "dtype", "shape", "data_offsets", "__metadata__", "conv1.weight"];
        string[] values = ["\"F32\"", "\"BF16\"", "[0,4]", "[4]", "[-1]", "1e99", "null", "true", "[1,2,3,4]", "[]", "\"\\u0000\"", "9223372036854775807"];
        if (depth > 6 || (depth > 0 && random.Next(3) == 0))
            return values[random.Next(values.Length)];
        return "{" + string.Join(",", Enumerable.Range(0, random.Next(4)).Select(_ => $"\"{keys[random.Next(keys.Length)]}\":{Json(random, depth + 1)}")) + "}";
    }

    /// <summary>A message of random fields of the given numbers, some of which hold messages again.</summary>
    private static ProtoWriter Proto(System.Random random, int[] fields, int depth)
    {
        var message = new ProtoWriter();
        for (int count = random.Next(6); count > 0; count--)
        {
            int field = fields[random.Next(fields.Length)];
            switch (random.Next(depth < 5 ? 7 : 4))
            {
                case 0:
                    message.Number(field, random.Next(4) == 0 ? random.NextInt64(long.MinValue, long.MaxValue) : random.Next(20));
                    break;
                case 1:
                    message.Float(field, 1);
                    break;
                case 2:
                    message.Text(field, ((string[])["w", "Conv", "Gemm", "MatMul", "Add", "transB", ""])[random.Next(7)]);
                    break;
                case 3:
                    message.Announce(field, random.Next(10));
                    break;
                default:
                    message.Message(field, Proto(random, fields, depth + 1));
                    break;
            }
        }
        return message;
    }

    private static byte[] Repack(byte[] zip, CompressionLevel level)
    {
        using var source = new ZipArchive(new MemoryStream(zip));
        return PyTorchTests.Zip(level, [.. source.Entries.Select(entry =>
        {
            using var data = new MemoryStream();
            using Stream stream = entry.Open();
            stream.CopyTo(data);
            return (entry.FullName, data.ToArray());
        })]);
    }

    private static byte[] Bytes(ProtoWriter message)
    {
        using var stream = new MemoryStream();
        message.CopyTo(stream);
        return stream.ToArray();
    }
}

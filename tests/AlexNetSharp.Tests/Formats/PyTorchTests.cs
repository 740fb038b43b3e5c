using System.IO.Compression;
using System.Text;
using AlexNetSharp.Formats;

namespace AlexNetSharp.Tests.Formats;

public class PyTorchTests : FormatTest
{
    private static readonly (string Name, long[] Shape)[] s_layers =
    [
        ("features.0", [8, 3, 11, 11]), ("features.3", [16, 8, 5, 5]), ("features.6", [24, 16, 3, 3]), ("features.8", [16, 24, 3, 3]),
        ("features.10", [16, 16, 3, 3]), ("classifier.1", [32, 576]), ("classifier.4", [32, 32]), ("classifier.6", [10, 32]),
    ];

    /// <summary>The formula of tools/golden/make_pytorch.py: element <paramref name="i"/> of tensor <paramref name="tensor"/>.</summary>
    internal static float Value(int tensor, int i)
    {
        uint h = (uint)((ulong)i * 2654435761 + (ulong)tensor * 40503 + 12345);
        return BitConverter.UInt32BitsToSingle(h & 0x807FFFFF | 110 + ((h >> 23) & 15) << 23);
    }

    [Theory]
    [InlineData("f32.pth", TensorType.F32)]
    [InlineData("f16.pth", TensorType.F16)]
    [InlineData("bf16.pth", TensorType.BF16)]
    [InlineData("legacy.pth", TensorType.F32)]
    [InlineData("checkpoint.pth", TensorType.F32)]
    public void AStateDictByPyTorchIsReadBitForBit(string name, TensorType type)
    {
        using TensorFile file = TensorFile.Open(Golden("formats/pytorch/" + name));
        Assert.Equal(TensorFileFormat.PyTorch, file.Kind);
        AssertStateDict(file, type);
    }

    [Fact]
    public void DeflatedEntriesAreUnpacked()
    {
        // Small files hold more padding than data; the budget of unpacking covers it.
        using var packed = new MemoryStream();
        using (ZipArchive source = ZipFile.OpenRead(Golden("formats/pytorch/f32.pth")))
        using (var target = new ZipArchive(packed, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (ZipArchiveEntry entry in source.Entries)
            {
                using Stream from = entry.Open(), to = target.CreateEntry(entry.FullName, CompressionLevel.Optimal).Open();
                from.CopyTo(to);
            }
        }
        using TensorFile file = TensorFile.Read(packed.ToArray(), "packed.pth");
        AssertStateDict(file, TensorType.F32);
    }

    [Fact]
    public void ViewsWithStridesBecomeRowMajor()
    {
        using TensorFile file = TensorFile.Open(Golden("formats/pytorch/strided.pth"));
        float[] transposed = [.. from c in Enumerable.Range(0, 4) from a in Enumerable.Range(0, 2) from b in Enumerable.Range(0, 3) select (float)(a * 12 + b * 4 + c)];
        Check("transposed", [4, 2, 3], transposed);
        Check("slice", [2, 2, 2], [4, 6, 8, 10, 16, 18, 20, 22]);
        Check("row", [4], [20, 21, 22, 23]);
        Check("scalar", [], [3.5f]);
        Check("empty", [0, 4], []);
        Assert.True(file.TryGet("integers", out NamedTensor? integers));
        Assert.Throws<NotSupportedException>(() => integers.ToArray());

        void Check(string name, long[] shape, float[] values)
        {
            Assert.True(file.TryGet(name, out NamedTensor? tensor));
            Assert.Equal(shape, tensor.Shape);
            Assert.Equal(values, tensor.ToArray());
        }
    }

    [Theory]
    [InlineData("cos\nsystem\n(X\u0004\0\0\0echotR.", "'os.system'")]
    [InlineData("c__builtin__\neval\n.", "'__builtin__.eval'")]
    [InlineData("ctorch.storage\n_load_from_bytes\n.", "'torch.storage._load_from_bytes'")]
    [InlineData("cargparse\nNamespace\n)R.", "'argparse.Namespace'")]
    [InlineData("X\u0002\0\0\0osX\u0006\0\0\0system\u0093.", "'os.system'")]
    [InlineData("(ios\nsystem\n.", "'os.system'")]
    [InlineData("(cos\nsystem\nX\u0004\0\0\0echoo.", "'os.system'")]
    [InlineData("cos\nsystem\n)\u0081}b.", "'os.system'")]
    [InlineData("}X\u0001\0\0\0acos\nsystem\ns.", "'os.system'")]
    [InlineData("}X\u000b\0\0\0conv.weightcos\nsystem\ns.", "tensor 'conv.weight' depends on 'os.system'")]
    [InlineData("}(X\u0011\0\0\0fc._packed_paramsNX\u000b\0\0\0conv.weightcos\nsystem\nu.", "quantized")]
    [InlineData("(V.", "opcode 0x56")]
    [InlineData("}X\u0001\0\0\0aK\u0001s.", "no dictionary of named tensors")]
    [InlineData("", "cut short")]
    [InlineData(".", "not there")]
    [InlineData("h\u0005.", "never kept")]
    [InlineData("t.", "did not open")]
    [InlineData("]K\u0001K\u0002s.", "no dictionary")]
    [InlineData("K\u0001K\u0002a.", "no list")]
    [InlineData("X\u00ff\u00ff\u00ff\u00ff", "cut short")]
    [InlineData("\u008a\u00ff", "cut short")]
    [InlineData("ccollections\nOrderedDict\n(K\u0001tR.", "do not fit")]
    [InlineData("K\u0001Q.", "outside")]
    public void APickleWithoutTensorsIsRefused(string pickle, string expected) =>
        Refuses(Zip(("a/data.pkl", [0x80, 2, .. Encoding.Latin1.GetBytes(pickle)])), "bad.pth", expected);

    /// <summary>Values that training programs keep beside the tensors, as pickle writes them; none is built, none is in the way.</summary>
    [Theory]
    [InlineData("ctorch\ndevice\nX\u0003\0\0\0cpu\u0085R")]
    [InlineData("ctorch\nfloat32\n")]
    [InlineData("c__builtin__\nset\n](K\u0001K\u0002e\u0085R")]
    [InlineData("\u008f(K\u0001\u0090")]
    [InlineData("(K\u0001\u0091")]
    [InlineData("ccollections\nCounter\n}X\u0001\0\0\0aK\u0001s\u0085R")]
    [InlineData("ccollections\ndefaultdict\nc__builtin__\nlist\n\u0085RX\u0001\0\0\0a]s")]
    [InlineData("cargparse\nNamespace\n)\u0081}X\u0002\0\0\0lrK\u0001sb")]
    [InlineData("cargparse\nNamespace\n)}\u0092")]
    [InlineData("cos\nsystem\nX\u0004\0\0\0echo\u0085R")]
    [InlineData("cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nX\u0002\0\0\0f8\u0085R(K\u0003X\u0001\0\0\0<tbc_codecs\nencode\nX\u0001\0\0\0a\u0085R\u0086R")]
    [InlineData("ccollections\ndeque\n)RK\u0001a")]
    [InlineData("\u008b\u0009\0\0\0\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u0001")]
    [InlineData("ccollections\nOrderedDict\n(K\u0001tR")]
    [InlineData("K\u0001Q")]
    public void UnknownValuesBesideTheTensorsStayUnbuilt(string value)
    {
        string state = Encoding.Latin1.GetString(OneTensor(4, 0, "K\u0004", "K\u0001")[2..^1]);
        foreach (string pickle in (string[])[$"}}(X\u0005\0\0\0extra{value}X\u000a\0\0\0state_dict{state}u.", state + $"X\u0005\0\0\0extra{value}s."])
        {
            using TensorFile file = TensorFile.Read(Zip(("a/data.pkl", [0x80, 2, .. Encoding.Latin1.GetBytes(pickle)]), ("a/data/0", new byte[16])), "x.pth");
            Assert.Equal("w", file.Tensors.Single().Name);
        }
    }

    [Fact]
    public void StateDictsInOtherDictionariesOfPythonAreRead()
    {
        // OrderedDict of a list of pairs (Python 2), of a tuple in the list, as an object, and a defaultdict.
        string tensor = Encoding.Latin1.GetString(OneTensor(4, 0, "K\u0004", "K\u0001")[9..^2]);
        foreach (string pickle in (string[])[
            $"ccollections\nOrderedDict\n]]X\u0001\0\0\0wa{tensor}aa\u0085R.", $"ccollections\nOrderedDict\n]X\u0001\0\0\0w{tensor}\u0086a\u0085R.",
            $"ccollections\nOrderedDict\n)\u0081X\u0001\0\0\0w{tensor}s.", $"ccollections\ndefaultdict\nc__builtin__\ndict\n\u0085RX\u0001\0\0\0w{tensor}s.",
            $"}}X\u0001\0\0\0wctorch._utils\n_rebuild_parameter_with_state\n({tensor}\u0088}}}}tRs."])
        {
            using TensorFile file = TensorFile.Read(Zip(("a/data.pkl", [0x80, 2, .. Encoding.Latin1.GetBytes(pickle)]), ("a/data/0", new byte[16])), "x.pth");
            Assert.Equal("w", file.Tensors.Single().Name);
        }
    }

    [Fact]
    public void AFileThatNamesOneTensorThousandsOfTimesIsRefusedWhenItIsOpened()
    {
        string state = Encoding.Latin1.GetString(OneTensor(127, 0, "K\u007f", "K\u0001")[2..^2]);
        foreach ((int times, bool refused) in ((int, bool)[])[(4, false), (60_000, true)])
        {
            string names = string.Concat(Enumerable.Range(0, times).Select(i => $"X\u0005\0\0\0{i:d5}h\0"));
            byte[] pickle = [0x80, 2, .. Encoding.Latin1.GetBytes($"{state}q\0s({names}u.")];
            byte[] file = Zip(("a/data.pkl", pickle), ("a/data/0", new byte[508]));
            if (refused)
                Refuses(file, "x.pth", "save each tensor once");
            else
                TensorFile.Read(file, "x.pth").Dispose();
        }
    }

    /// <summary>A state dict of one tensor; storage elements, first element, sizes and strides as given (each below 128).</summary>
    private static byte[] OneTensor(byte elements, byte first, string sizes, string strides) => Encoding.Latin1.GetBytes(
        "\u0080\u0002}X\u0001\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\00X\u0003\0\0\0cpuK"
        + (char)elements + "tQK" + (char)first + "(" + sizes + "t(" + strides + "t\u0089}tRs.");

    [Theory]
    [InlineData(4, 0, "K\u0004", "K\u0001", null)]
    [InlineData(4, 0, "K\u0002K\u0002", "K\u0001K\u0002", null)]
    [InlineData(4, 1, "K\u0004", "K\u0001", "within its storage")]
    [InlineData(4, 0, "K\u0005", "K\u0001", "within its storage")]
    [InlineData(4, 0, "K\u0064", "K\0", "within its storage")]
    [InlineData(5, 0, "K\u0004", "K\u0001", "within its storage")]
    [InlineData(4, 0, "K\u0004", "J\u00ff\u00ff\u00ff\u00ff", "within its storage")]
    [InlineData(4, 0, "J\u00ff\u00ff\u00ff\u00ff", "K\u0001", "negative")]
    [InlineData(4, 0, "J\u00ff\u00ff\u00ff\u007fJ\u00ff\u00ff\u00ff\u007fJ\u00ff\u00ff\u00ff\u007f", "K\u0001K\u0001K\u0001", "overflows")]
    [InlineData(4, 0, "\u008a\u0008\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f", "K\u0001", "within its storage")]
    [InlineData(4, 0, "K\u0002", "\u008a\u0008\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f", "within its storage")]
    [InlineData(4, 0, "K\u0004K\u0001", "K\u0001", "within its storage")]
    [InlineData(4, 4, "K\0", "K\u0001", null)]
    [InlineData(4, 5, "K\0", "K\u0001", "within its storage")]
    [InlineData(4, 0, "N", "K\u0001", "no whole number")]
    [InlineData(4, 0, "\u008a\u0009\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u0001", "K\u0001", "64 bits")]
    public void ATensorMustLieWithinItsStorage(byte elements, byte first, string sizes, string strides, string? expected)
    {
        byte[] file = Zip(("a/data.pkl", OneTensor(elements, first, sizes, strides)), ("a/data/0", new byte[16]));
        if (expected is not null)
            Refuses(file, "bad.pth", expected);
        else
            TensorFile.Read(file, "good.pth").Dispose();
    }

    [Fact]
    public void AMissingStorageABigEndianFileAndAZipWithoutAPickleAreRefused()
    {
        byte[] pickle = OneTensor(4, 0, "K\u0004", "K\u0001");
        Refuses(Zip(("a/data.pkl", pickle), ("b/data/0", new byte[16])), "x.pth", "does not hold");
        Refuses(Zip(("a/data.pkl", pickle), ("a/byteorder", "big"u8.ToArray())), "x.pth", "big-endian");
        Refuses(Zip(("a/other", pickle)), "x.pth", "no data.pkl");
        Refuses(Zip(("a/data.pkl", pickle), ("a/constants.pkl", pickle)), "x.pth", "TorchScript");
        Refuses(Zip(("w.npy", pickle)), "x.npz", ".npz");
    }

    [Fact]
    public void SmallFilesThatWouldTakeLongOrMuchMemoryDoNot()
    {
        // Sizes shared by many tensors, a name of nothing but prefixes, and the same keys again and again, each leading to the next ones.
        string sizes = "(" + string.Concat(Enumerable.Repeat("K\u0001", 17)) + "t";
        Refuses(Zip(("a/data.pkl", OneTensor(4, 0, sizes[1..^1], sizes[1..^1])), ("a/data/0", new byte[16])), "x.pth", "17 dimensions");

        string prefixes = string.Concat(Enumerable.Repeat("module.", 36)), pickle = Encoding.Latin1.GetString(OneTensor(4, 0, "K\u0004", "K\u0001"));
        string named = pickle.Replace("X\u0001\0\0\0w", $"X{(char)(prefixes.Length)}\0\0\0{prefixes}", StringComparison.Ordinal);
        using (TensorFile file = TensorFile.Read(Zip(("a/data.pkl", Encoding.Latin1.GetBytes(named)), ("a/data/0", new byte[16])), "x.pth"))
            Assert.Equal(prefixes, file.Tensors.Single().Name);

        string inner = "}";
        for (int depth = 0; depth < 2; depth++)
            inner = $"{inner}q{(char)depth}0}}({string.Concat(Enumerable.Repeat($"X\u0005\0\0\0modelh{(char)depth}", 100_000))}u";
        Refuses(Zip(("a/data.pkl", [0x80, 2, .. Encoding.Latin1.GetBytes(inner), (byte)'.'])), "x.pth", "no dictionary of named tensors");

        // Lists in lists, deeper than any stack.
        string nested = new string(']', 500_000) + new string('a', 499_998) + ".";
        Refuses(Zip(("a/data.pkl", [0x80, 2, .. Encoding.Latin1.GetBytes(nested)])), "x.pth", "no dictionary of named tensors");
    }

    [Fact]
    public void AZipBombIsRefusedBeforeItUnpacks()
    {
        byte[] bomb = Zip(CompressionLevel.Optimal, ("a/data.pkl", OneTensor(4, 0, "K\u0004", "K\u0001")), ("a/data/0", new byte[32 << 20]));
        Assert.True(bomb.Length < 100_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Refuses(bomb, "bomb.pth", "is refused");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Fact]
    public void OverlappingEntriesAreRefused()
    {
        byte[] file = Zip(("a/data.pkl", OneTensor(4, 0, "K\u0004", "K\u0001")), ("a/data/0", new byte[16]));
        // The second entry of the directory gets the place of the first.
        int first = file.AsSpan().IndexOf("PK\u0001\u0002"u8), second = first + 4 + file.AsSpan(first + 4).IndexOf("PK\u0001\u0002"u8);
        file.AsSpan(first + 42, 4).CopyTo(file.AsSpan(second + 42));
        Refuses(file, "overlap.pth", "overlaps");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(21)]
    [InlineData(500)]
    [InlineData(100_000)]
    [InlineData(140_000)]
    public void AFileCutShortIsRefused(int missing)
    {
        foreach (string name in (string[])["f32.pth", "legacy.pth"])
        {
            byte[] whole = File.ReadAllBytes(Golden("formats/pytorch/" + name));
            Refuses(whole[..^missing], name, "");
        }
    }

    private static void AssertStateDict(TensorFile file, TensorType type)
    {
        Assert.Equal(s_layers.SelectMany(layer => (string[])[layer.Name + ".weight", layer.Name + ".bias"]), file.Tensors.Select(tensor => WeightNames.Unwrapped(tensor.Name)));
        for (int t = 0; t < file.Tensors.Count; t++)
        {
            NamedTensor tensor = file.Tensors[t];
            Assert.Equal(type, tensor.Type);
            Assert.Equal(t % 2 == 0 ? s_layers[t / 2].Shape : s_layers[t / 2].Shape[..1], tensor.Shape);
            float[] values = tensor.ToArray();
            for (int i = 0; i < values.Length; i++)
            {
                float exact = Value(t, i);
                float expected = type switch
                {
                    TensorType.F16 => (float)(Half)exact,
                    TensorType.BF16 => RoundToBFloat16(exact),
                    _ => exact,
                };
                Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(values[i]));
            }
        }
    }

    /// <summary>To nearest, ties to even.</summary>
    internal static float RoundToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return BitConverter.UInt32BitsToSingle(bits + 0x7FFF + (bits >> 16 & 1) & 0xFFFF0000);
    }

    internal static byte[] Zip(params (string Name, byte[] Data)[] entries) => Zip(CompressionLevel.NoCompression, entries);

    internal static byte[] Zip(CompressionLevel level, params (string Name, byte[] Data)[] entries)
    {
        using var zip = new MemoryStream();
        using (var archive = new ZipArchive(zip, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, byte[] data) in entries)
            {
                using Stream entry = archive.CreateEntry(name, level).Open();
                entry.Write(data);
            }
        }
        return zip.ToArray();
    }
}

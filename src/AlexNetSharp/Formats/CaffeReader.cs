namespace AlexNetSharp.Formats;

/// <summary>
/// Reads the weights of a .caffemodel, Caffe's NetParameter message: layers of today (field 100) and of before 2014 (field 2), blobs
/// with a shape or with the four old sizes. Weights become NAME.weight and NAME.bias.
/// </summary>
/// <remarks>
/// Source of the field numbers: https://github.com/BVLC/caffe/blob/master/src/caffe/proto/caffe.proto. The file does not say in which
/// order its network wants the colors.
/// </remarks>
internal static class CaffeReader
{
    /// <summary>Blobs of a layer; Caffe's own layers have five at most. Each gets a name with the layer's in it.</summary>
    private const int MostBlobs = 16;

    private const int OldConvolution = 4, OldInnerProduct = 14, OldLrn = 15, OldPooling = 17;

    /// <summary>What a layer message says.</summary>
    private sealed class Layer
    {
        public string Name = "";
        public string Type = "";
        public readonly List<(long Start, long End)> Blobs = [];
    }

    /// <summary>Reads the file.</summary>
    /// <exception cref="InvalidDataException">It is damaged or holds no weights.</exception>
    public static TensorFile Read(FileBytes file)
    {
        var layers = new List<Layer>();
        int parts = 0;
        var net = new ProtoReader(file, 0, file.Length);
        while (net.Next())
        {
            switch (net.Field)
            {
                case 2:
                    layers.Add(ReadLayer(net.Part(ref parts), name: 4, type: 5, blobs: 6, file.Path, ref parts));
                    break;
                case 100:
                    layers.Add(ReadLayer(net.Part(ref parts), name: 1, type: 2, blobs: 7, file.Path, ref parts));
                    break;
                default:
                    net.Skip();
                    break;
            }
        }
        var tensors = new List<NamedTensor>();
        var names = new HashSet<string>();
        foreach (Layer layer in layers)
        {
            for (int i = 0; i < layer.Blobs.Count; i++)
            {
                string name = layer.Name + (i == 0 ? ".weight" : i == 1 ? ".bias" : FormattableString.Invariant($".blob{i}"));
                (long start, long end) = layer.Blobs[i];
                if (!names.Add(name))
                    FormatError.Throw(file.Path, start, $"two layers are named {FormatError.Quote(layer.Name)}; names must differ");
                tensors.Add(ReadBlob(file, name, start, end));
            }
        }
        if (tensors.Count == 0)
            FormatError.Throw(file.Path, 0, "the file holds no weights; a .caffemodel is needed, not a .prototxt");
        return new TensorFile(file.Path, TensorFileFormat.Caffe, tensors, Describe(layers), file) { Layers = TensorLayer.InOrder(tensors) };
    }

    private static Layer ReadLayer(ProtoReader message, int name, int type, int blobs, string path, ref int parts)
    {
        var layer = new Layer();
        while (message.Next())
        {
            if (message.Field == name)
                layer.Name = message.Text();
            else if (message.Field == type && message.Type == WireType.Varint)
                layer.Type = OldType(message.Number());
            else if (message.Field == type)
                layer.Type = message.Text();
            else if (message.Field == blobs)
            {
                if (layer.Blobs.Count == MostBlobs)
                    FormatError.Throw(path, message.Offset, FormattableString.Invariant($"layer {FormatError.Quote(layer.Name)} has more than {MostBlobs} blobs; the file is damaged"));
                layer.Blobs.Add(message.Part(ref parts).Range);
            }
            else
                message.Skip();
        }
        return layer;
    }

    private static string OldType(long number) => number switch
    {
        OldConvolution => "Convolution",
        OldInnerProduct => "InnerProduct",
        OldLrn => "LRN",
        OldPooling => "Pooling",
        _ => "",
    };

    private static NamedTensor ReadBlob(FileBytes file, string name, long start, long end)
    {
        var floats = new List<(long Offset, long Length)>();
        var doubles = new List<(long Offset, long Length)>();
        var shape = new List<long>();
        long[] oldShape = new long[4];
        bool hasShape = false;
        var blob = new ProtoReader(file, start, end);
        while (blob.Next())
        {
            switch (blob.Field)
            {
                case 1 or 2 or 3 or 4:
                    oldShape[blob.Field - 1] = blob.Number();
                    break;
                case 5:
                    blob.Elements(floats, sizeof(float));
                    break;
                case 8:
                    blob.Elements(doubles, sizeof(double));
                    break;
                case 7:
                    hasShape = true;
                    ProtoReader sizes = blob.Message();
                    while (sizes.Next())
                    {
                        if (sizes.Field == 1)
                            sizes.Numbers(shape, TensorShape.MostDimensions);
                        else
                            sizes.Skip();
                    }
                    break;
                default:
                    blob.Skip();
                    break;
            }
        }
        TensorType type = doubles.Count > 0 ? TensorType.F64 : TensorType.F32;
        long[] sizesFound = hasShape ? [.. shape] : oldShape;
        long bytes = TensorShape.Bytes(file.Path, start, name, TensorShape.Elements(file.Path, start, name, sizesFound), type);
        (ReadOnlyMemory<byte> data, long offset) = ProtoReader.Gather(file, doubles.Count > 0 ? doubles : floats, "tensor " + FormatError.Quote(name));
        if (data.Length != bytes || (floats.Count > 0 && doubles.Count > 0))
            FormatError.Throw(file.Path, start, FormattableString.Invariant(
                $"tensor {FormatError.Quote(name)} of {type} {FormatError.Shape(sizesFound)} needs {bytes} bytes, but has {data.Length}; the file is damaged"));
        return new NamedTensor(name, type, sizesFound, data, offset, offset == 0 ? null : file);
    }

    private static Dictionary<string, string> Describe(List<Layer> layers)
    {
        int norm = layers.FindIndex(layer => layer.Type == "LRN"), pool = layers.FindIndex(layer => layer.Type == "Pooling");
        var metadata = new Dictionary<string, string> { [TensorFile.OriginKey] = TensorFile.Caffe };
        if (pool >= 0)
            metadata[TensorFile.OrderKey] = norm < 0 ? TensorFile.NoNorm : norm < pool ? TensorFile.NormFirst : TensorFile.PoolFirst;
        return metadata;
    }
}

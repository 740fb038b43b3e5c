using System.Collections.ObjectModel;
using System.Diagnostics.CodeAnalysis;

namespace AlexNetSharp.Formats;

/// <summary>The file formats that hold tensors.</summary>
internal enum TensorFileFormat
{
    /// <summary>safetensors, one file or an index of shards.</summary>
    Safetensors,

    /// <summary>PyTorch's torch.save, since version 1.6 (zip) or before.</summary>
    PyTorch,

    /// <summary>Caffe's binary NetParameter message (.caffemodel).</summary>
    Caffe,

    /// <summary>ONNX.</summary>
    Onnx,

    /// <summary>NumPy's .npy: one tensor without a name.</summary>
    Npy,
}

/// <summary>A file of named tensors, whatever its format: names, types, shapes, bytes, and text metadata.</summary>
/// <remarks>
/// Files are not trusted: every length is checked before memory is allocated, and an error is an
/// <see cref="InvalidDataException"/> that names the file, the byte and the remedy. Nothing in a file is ever executed.
/// The file is mapped into memory; its tensors are valid until <see cref="Dispose"/>.
/// </remarks>
public sealed class TensorFile : IDisposable
{
    /// <summary>Metadata of readers whose files show that the weights were trained with Caffe.</summary>
    internal const string OriginKey = "reader.origin", Caffe = "caffe";

    /// <summary>Metadata of readers whose files list the layers: what follows the first convolution.</summary>
    internal const string OrderKey = "reader.order", NoNorm = "no norm", PoolFirst = "pool first", NormFirst = "norm first";

    /// <summary>How many times the bytes of its files all tensors together may have, and what small files may have beyond that.</summary>
    private const int MostNamed = 16, MostNamedOfSmallFiles = 1 << 20;

    private readonly FileBytes[] _files;
    private readonly Dictionary<string, NamedTensor> _byName, _unwrapped;

    /// <summary>Gathers what a reader found.</summary>
    /// <param name="path">Name of the file, for messages.</param>
    /// <param name="format">Its format.</param>
    /// <param name="tensors">Its tensors, names all different.</param>
    /// <param name="metadata">Its texts.</param>
    /// <param name="files">The bytes behind the tensors; this object disposes of them.</param>
    /// <exception cref="InvalidDataException">The tensors have many times more elements than the files have bytes.</exception>
    internal TensorFile(string path, TensorFileFormat format, IReadOnlyList<NamedTensor> tensors, Dictionary<string, string> metadata, params FileBytes[] files)
    {
        Path = path;
        Kind = format;
        Tensors = tensors;
        Metadata = new ReadOnlyDictionary<string, string>(metadata);
        _files = files;
        _byName = tensors.ToDictionary(tensor => tensor.Name);
        _unwrapped = WeightNames.Unwrapped(tensors);
        CheckWork(files.Sum(file => file.Length));
    }

    /// <summary>The tensors of <paramref name="file"/> under names of their own.</summary>
    private TensorFile(TensorFile file, List<(string Name, NamedTensor Tensor)> named)
    {
        (Path, Kind, Metadata, _files) = (file.Path, file.Kind, file.Metadata, file._files);
        Tensors = [.. named.Select(entry => entry.Tensor)];
        _byName = named.ToDictionary(entry => entry.Name, entry => entry.Tensor);
        _unwrapped = _byName;
        Layers = Kind == TensorFileFormat.PyTorch ? TensorLayer.InOrder(Tensors) : null;
    }

    /// <summary>The bytes behind the tensors.</summary>
    internal IReadOnlyList<FileBytes> Files => _files;

    /// <summary>Takes the files out of memory: from here on, only tensors that can stay in their file are read.</summary>
    internal void Unmap()
    {
        foreach (FileBytes file in _files)
            file.Unmap();
    }

    /// <summary>The layers with weights in the order in which the network computes them; null where the file does not show it.</summary>
    internal IReadOnlyList<TensorLayer>? Layers { get; init; }

    /// <summary>The graph of an ONNX file.</summary>
    internal OnnxFile? Onnx { get; init; }

    /// <summary>Whether the weights were trained with Caffe.</summary>
    internal bool IsFromCaffe => Metadata.GetValueOrDefault(OriginKey) == Caffe;

    /// <summary>Path of the file.</summary>
    internal string Path { get; }

    /// <summary>Format of the file.</summary>
    internal TensorFileFormat Kind { get; }

    /// <summary>Format of the file, for people: safetensors, PyTorch, Caffe, ONNX or NumPy.</summary>
    public string Format => Kind switch
    {
        TensorFileFormat.Safetensors => "safetensors",
        TensorFileFormat.PyTorch => "PyTorch",
        TensorFileFormat.Caffe => "Caffe",
        TensorFileFormat.Onnx => "ONNX",
        _ => "NumPy",
    };

    /// <summary>The tensors in the order of the file.</summary>
    public IReadOnlyList<NamedTensor> Tensors { get; }

    /// <summary>Text metadata; empty if the format or the file has none.</summary>
    internal IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file; the format is recognized from its first bytes, or by its extension if those are not conclusive.</summary>
    /// <param name="path">A .safetensors, .safetensors.index.json, .pth, .pt, .caffemodel, .onnx or .npy file.</param>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is damaged or of no known format.</exception>
    public static TensorFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Read(new FileBytes(path));
    }

    /// <summary>Reads a file that is already in memory.</summary>
    /// <param name="data">The whole file; it must not change while the result is used.</param>
    /// <param name="name">Its name, for messages and for the formats that only the ending tells apart.</param>
    /// <exception cref="InvalidDataException">The file is damaged or of no known format.</exception>
    internal static TensorFile Read(byte[] data, string name)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Read(FileBytes.Of(data, name));
    }

    /// <summary>Opens a file as the weights of a network: batch normalizations are taken into the layers before them.</summary>
    /// <inheritdoc cref="Open"/>
    internal static TensorFile OpenWeights(string path)
    {
        TensorFile file = Open(path);
        try
        {
            return file.Kind is TensorFileFormat.PyTorch or TensorFileFormat.Safetensors && BatchNormalization.TakenIn(file) is { } named ? new TensorFile(file, named) : file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The tensor of that name.</summary>
    /// <param name="name">A name as in the file, or without the prefixes of PyTorch's wrappers: module, _orig_mod, model, net, backbone.</param>
    /// <param name="tensor">The tensor, or null.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryGet(string name, [NotNullWhen(true)] out NamedTensor? tensor) =>
        _byName.TryGetValue(name, out tensor) || _unwrapped.TryGetValue(WeightNames.Unwrapped(name), out tensor);

    /// <summary>Unmaps the file; its tensors can no longer be used.</summary>
    public void Dispose()
    {
        foreach (FileBytes file in _files)
            file.Dispose();
    }

    /// <summary>Several names may stand for the same bytes (tied weights), but the work with all of them stays in proportion to the files.</summary>
    private void CheckWork(long bytes)
    {
        Int128 named = 0;
        foreach (NamedTensor tensor in Tensors)
            named += (Int128)tensor.Count * tensor.Type.Size();
        if (named > (Int128)bytes * MostNamed + MostNamedOfSmallFiles)
            FormatError.Throw(Path, 0, FormattableString.Invariant(
                $"the {Tensors.Count} tensors have {named} bytes in a file of {bytes}; more than {MostNamed} times the file is refused, save each tensor once"));
    }

    /// <summary>Recognizes and reads <paramref name="file"/>, and disposes of it if that fails.</summary>
    private static TensorFile Read(FileBytes file)
    {
        try
        {
            if (!file.Span(0, Math.Min(file.Length, 16), "the start of the file").StartsWith(PyTorchReader.LegacyMagic)
                && ForeignFiles.Describe(file.Span(0, Math.Min(file.Length, ForeignFiles.Looked), "the start of the file")) is { } foreign)
                FormatError.Throw(file.Path, 0, "this is " + foreign);
            return Recognize(file) switch
            {
                TensorFileFormat.Npy => Npy.Read(file),
                TensorFileFormat.PyTorch when file.Byte(0, "the start") == 0x80 => PyTorchReader.ReadLegacy(file),
                TensorFileFormat.PyTorch => PyTorchReader.Read(file),
                TensorFileFormat.Caffe => CaffeReader.Read(file),
                TensorFileFormat.Onnx => OnnxReader.Read(file),
                _ when SafetensorsIndex.IsIndex(file) => SafetensorsIndex.Read(file),
                _ => SafetensorsReader.Read(file),
            };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static TensorFileFormat Recognize(FileBytes file)
    {
        ReadOnlySpan<byte> start = file.Span(0, Math.Min(file.Length, 16), "the start of the file");
        if (start.StartsWith(Npy.Magic))
            return TensorFileFormat.Npy;
        if (start.StartsWith("PK"u8) || start.StartsWith(PyTorchReader.LegacyMagic))
            return TensorFileFormat.PyTorch;
        // Protobuf has no mark of its own: the ending tells, or else the first field, ONNX's version number or Caffe's name of the net.
        switch (System.IO.Path.GetExtension(file.Path).ToLowerInvariant())
        {
            case ".caffemodel":
                return TensorFileFormat.Caffe;
            case ".onnx":
                return TensorFileFormat.Onnx;
        }
        bool isSafetensors = start.Length > 8 && start[8] == (byte)'{' && file.UInt64(0, "the start") <= SafetensorsReader.LongestHeader;
        return (isSafetensors, start[0]) switch
        {
            (false, 0x08) => TensorFileFormat.Onnx,
            (false, 0x0A) when !SafetensorsIndex.IsIndex(file) => TensorFileFormat.Caffe,
            _ => TensorFileFormat.Safetensors,
        };
    }
}

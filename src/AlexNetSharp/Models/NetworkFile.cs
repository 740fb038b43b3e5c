using System.Text;
using System.Text.Unicode;
using AlexNetSharp.Diagnostics;
using AlexNetSharp.Formats;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Models;

/// <summary>Reads the layers of a network from a file that describes it.</summary>
internal static class NetworkFile
{
    /// <inheritdoc cref="NetworkDefinition.Load"/>
    public static NetworkDefinition Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        byte[] start = new byte[512];
        int length;
        long size;
        using (FileStream stream = File.OpenRead(path))
            (length, size) = (stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false), stream.Length);
        ReadOnlySpan<byte> text = start.AsSpan(0, length);
        if (!IsText(text))
            return OfModel(path);
        if (size > ProtoText.Longest)
            throw new InvalidDataException(FormattableString.Invariant($"{path}: line 1: a text of {size} bytes is no description of a network; at most {ProtoText.Longest} are read"));
        byte[] utf8 = File.ReadAllBytes(path);
        // JSON's reader would throw something else where it comes to the place.
        if (!Utf8.IsValid(utf8))
            throw new InvalidDataException($"{path}: line {LineOfBadText(utf8)}: not in UTF-8; save the description as UTF-8");
        ReadOnlyMemory<byte> content = utf8.AsSpan().StartsWith("\uFEFF"u8) ? utf8.AsMemory(3) : utf8;
        if (content.Span.TrimStart(" \t\r\n"u8).StartsWith("{"u8))
            return OfJson(content, path);
        return Complete(CaffePrototxt.Read(ProtoText.Parse(Encoding.UTF8.GetString(content.Span), path)), fromCaffe: true);
    }

    private static int LineOfBadText(ReadOnlySpan<byte> utf8)
    {
        int at = 0;
        while (Rune.DecodeFromUtf8(utf8[at..], out _, out int length) == System.Buffers.OperationStatus.Done)
            at += length;
        return utf8[..at].Count((byte)'\n') + 1;
    }

    private static bool IsText(ReadOnlySpan<byte> start) =>
        !start.ContainsAnyInRange((byte)0, (byte)8) && !start.ContainsAnyInRange((byte)14, (byte)31);

    private static NetworkDefinition OfJson(ReadOnlyMemory<byte> utf8, string path)
    {
        if (NetworkJson.IsModel(utf8))
        {
            ModelMetadata model = ModelMetadata.Parse(utf8, path);
            return new NetworkDefinition(model.Network!, model.Preprocessing, model.Classes, null);
        }
        Network network = NetworkJson.Read(utf8, path);
        CatalogEntry? entry = NetworkCatalog.Match(network)?.Entry;
        return new NetworkDefinition(network, entry?.PreprocessingFor(network.InputShape), [], null);
    }

    private static NetworkDefinition OfModel(string path)
    {
        using TensorFile file = TensorFile.Open(path);
        ModelMetadata metadata = ModelMetadata.Read(file);
        if (metadata.Network is { } carried)
            return new NetworkDefinition(carried, metadata.Preprocessing, metadata.Classes, null);
        if (file.Onnx is null)
            throw new InvalidDataException($"{Printable.Of(path)}: the file holds weights, but does not describe a network; give JSON, a prototxt, or an ONNX graph");
        return Complete((OnnxChain.Read(file), metadata.Preprocessing), file.IsFromCaffe);
    }

    /// <summary>Takes the network from the catalog where it computes the same, with what the catalog knows about it.</summary>
    private static NetworkDefinition Complete((Network Network, Preprocessing? Preprocessing) found, bool fromCaffe)
    {
        if (NetworkCatalog.Match(found.Network) is not { } match)
            return new NetworkDefinition(found.Network, found.Preprocessing, [], null);
        // The catalog's weights are kept with red first, and its preprocessing says so.
        return new NetworkDefinition(match.Network, match.Entry.PreprocessingFor(match.Network.InputShape, fromCaffe), [], match.Entry);
    }
}

using System.Text.Json;

namespace AlexNetSharp.Formats;

/// <summary>
/// Reads an index of safetensors shards: JSON {"metadata": {…}, "weight_map": {tensor name: file name}}, files in the index's folder.
/// </summary>
/// <remarks>Source of the format: https://huggingface.co/docs/transformers/big_models (sharded checkpoints).</remarks>
internal static class SafetensorsIndex
{
    private const long LongestIndex = 16 << 20;

    /// <summary>Whether the file can only be such an index: text that begins with '{'.</summary>
    public static bool IsIndex(FileBytes file)
    {
        foreach (byte b in file.Span(0, Math.Min(8, file.Length), "the start of the file"))
        {
            if (b is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
                continue;
            return b == (byte)'{' && (file.Length < 8 || file.UInt64(0, "the start") > SafetensorsReader.LongestHeader);
        }
        return false;
    }

    /// <summary>Opens every shard and gathers the tensors that the index names.</summary>
    /// <exception cref="InvalidDataException">The index or a shard is damaged, or a tensor is missing.</exception>
    /// <exception cref="IOException">A shard is missing.</exception>
    public static TensorFile Read(FileBytes index)
    {
        if (index.Length > LongestIndex)
            FormatError.Throw(index.Path, 0, FormattableString.Invariant($"an index of {index.Length} bytes is refused; at most {LongestIndex} are supported"));
        Dictionary<string, string> shardOf = ReadMap(index);
        string folder = Path.GetDirectoryName(Path.GetFullPath(index.Path))!;
        var shards = new Dictionary<string, TensorFile>();
        try
        {
            var tensors = new List<NamedTensor>(shardOf.Count);
            var metadata = new Dictionary<string, string>();
            foreach ((string name, string shardName) in shardOf)
            {
                if (!shards.TryGetValue(shardName, out TensorFile? shard))
                {
                    shards.Add(shardName, shard = OpenShard(Path.Combine(folder, shardName)));
                    foreach ((string key, string value) in shard.Metadata)
                        metadata.TryAdd(key, value);
                }
                if (!shard.TryGet(name, out NamedTensor? tensor))
                    throw FormatError.At(index.Path, 0, $"tensor {FormatError.Quote(name)} is not in {FormatError.Quote(shardName)} where the index says; download both again");
                tensors.Add(tensor);
            }
            index.Dispose();
            return new TensorFile(index.Path, TensorFileFormat.Safetensors, tensors, metadata, [.. shards.Values.SelectMany(shard => shard.Files)]);
        }
        catch
        {
            foreach (TensorFile shard in shards.Values)
                shard.Dispose();
            throw;
        }
    }

    private static TensorFile OpenShard(string path)
    {
        var file = new FileBytes(path);
        try
        {
            return SafetensorsReader.Read(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static Dictionary<string, string> ReadMap(FileBytes index)
    {
        var map = new Dictionary<string, string>();
        bool found = false;
        var json = new Utf8JsonReader(index.Span(0, index.Length, "the index"), new JsonReaderOptions { MaxDepth = 16 });
        try
        {
            json.Read();
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                bool isMap = json.ValueTextEquals("weight_map"u8);
                json.Read();
                if (!isMap)
                {
                    json.Skip();
                    continue;
                }
                if (found || json.TokenType != JsonTokenType.StartObject)
                    FormatError.Throw(index.Path, json.TokenStartIndex, "weight_map must appear once and be an object");
                found = true;
                while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
                {
                    string name = json.GetString()!;
                    json.Read();
                    string? shard = json.TokenType == JsonTokenType.String ? json.GetString() : null;
                    // A shard is a file beside the index, never a path to elsewhere.
                    if (string.IsNullOrEmpty(shard) || shard.AsSpan().ContainsAny("/\\:\0") || shard is "." or "..")
                        throw FormatError.At(index.Path, json.TokenStartIndex, $"the shard of tensor {FormatError.Quote(name)} is not a plain file name");
                    if (!map.TryAdd(name, shard))
                        FormatError.Throw(index.Path, json.TokenStartIndex, $"the name {FormatError.Quote(name)} appears twice; names must differ");
                }
            }
            while (json.Read())
            {
                // Reading on finds anything but spaces behind the object.
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw FormatError.At(index.Path, json.BytesConsumed, "not valid JSON; the index is damaged");
        }
        if (!found)
            FormatError.Throw(index.Path, 0, "JSON without a weight_map; an index of safetensors shards needs one");
        return map;
    }
}

using System.Text;

namespace AlexNetSharp.Formats;

/// <summary>Recognizes files that are often taken for a model file, so that a message can say what they are and what to do.</summary>
internal static class ForeignFiles
{
    /// <summary>As many bytes as <see cref="Describe"/> looks at.</summary>
    public const int Looked = 512;

    private const int TarMagic = 257;

    /// <summary>What a file is that is no model file, and what to do; null if that does not show.</summary>
    /// <param name="start">The first bytes of the file.</param>
    public static string? Describe(ReadOnlySpan<byte> start)
    {
        if (start.StartsWith("version https://git-lfs"u8))
            return "a Git LFS pointer, which only says where the model lies; fetch the model itself: git lfs pull";
        if (start.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'H', (byte)'D', (byte)'F']))
            return "an HDF5 file, as Keras writes them; save the weights as safetensors: safetensors.numpy.save_file({w.path: w.numpy() for w in model.weights}, path)";
        if (start.StartsWith("sys_info\0"u8))
            return "the tar of a PyTorch before 0.1.10; load and save it with a newer PyTorch";
        if (start.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]) || start.StartsWith("BZh"u8) || start.StartsWith((ReadOnlySpan<byte>)[0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z'])
            || start.StartsWith((ReadOnlySpan<byte>)[(byte)'7', (byte)'z', 0xBC, 0xAF]) || start.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD])
            || start.StartsWith("Rar!"u8) || start.Length > TarMagic + 5 && start[TarMagic..].StartsWith("ustar"u8))
            return "an archive; unpack it first";
        if (start.StartsWith("GGUF"u8))
            return "a GGUF file, which holds language models; it is not supported";
        if (start.Length >= 8 && start[4..8].SequenceEqual("TFL3"u8))
            return "a TensorFlow Lite model; save the model's weights as safetensors";
        if (start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) || start.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G']))
            return "an image; the model comes first";
        if (IsDarknet(start))
            return "Darknet weights; convert them to ONNX or safetensors first";
        if (IsTorchSharp(start))
            return "a state dict by TorchSharp's Module.save; save it as safetensors or with Python's torch.save";
        // The length of a safetensors header may begin with the same bytes; zeros follow it, and the header.
        if (start.Length > 2 && start[0] == 0x80 && start[1] is >= 2 and <= 5 && !(start.Length > 8 && start[7] == 0 && start[8] == (byte)'{'))
            return "a Python pickle that torch.save did not write; save the weights: torch.save(model.state_dict(), path)";
        return DescribeText(start);
    }

    /// <summary>Text that no format here begins with; an index of safetensors is JSON and stays out.</summary>
    private static string? DescribeText(ReadOnlySpan<byte> start)
    {
        int first = start.IndexOfAnyExcept((ReadOnlySpan<byte>)[(byte)' ', (byte)'\t', (byte)'\r', (byte)'\n', 0xEF, 0xBB, 0xBF]);
        ReadOnlySpan<byte> text = first < 0 ? [] : start[first..];
        if (text.Length < 4 || text[0] == (byte)'{' || text[..4].ContainsAnyExceptInRange((byte)' ', (byte)'~')
            || start.ContainsAnyInRange((byte)0, (byte)8) || start.ContainsAnyInRange((byte)14, (byte)31))
            return null;
        string shown = Encoding.Latin1.GetString(text[..Math.Min(text.Length, 64)]);
        if (shown.StartsWith("<!doctype html", StringComparison.OrdinalIgnoreCase) || shown.StartsWith("<html", StringComparison.OrdinalIgnoreCase))
            return "a web page, often the error of a failed download; download the model again, and look at the address in a browser";
        return shown[0] == '<'
            ? "an XML text; give the file with the weights (safetensors, .pth, .caffemodel, .onnx)"
            : "a text; a Caffe prototxt describes a network, and its weights are in a .caffemodel: give the file with the weights";
    }

    /// <summary>Three version numbers of 32 bits, 0.1 or 0.2 and a small one, before the count of images seen.</summary>
    private static bool IsDarknet(ReadOnlySpan<byte> start) =>
        start.Length > 20 && start[..4].SequenceEqual((ReadOnlySpan<byte>)[0, 0, 0, 0]) && start[4] is (1 or 2)
        && start[5..8].SequenceEqual((ReadOnlySpan<byte>)[0, 0, 0]) && start[9..12].SequenceEqual((ReadOnlySpan<byte>)[0, 0, 0]);

    /// <summary>The number of tensors, then the length of the first name and that name, which ends as parameters' names do.</summary>
    private static bool IsTorchSharp(ReadOnlySpan<byte> start)
    {
        if (start.Length < 3 || start[0] is 0 or > 127 || start[1] is < 4 or > 127 || start.Length < 2 + start[1])
            return false;
        ReadOnlySpan<byte> name = start.Slice(2, start[1]);
        return (name.EndsWith("weight"u8) || name.EndsWith("bias"u8)) && !name.ContainsAnyExceptInRange((byte)' ', (byte)'~');
    }
}

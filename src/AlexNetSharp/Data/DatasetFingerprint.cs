using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace AlexNetSharp.Data;

/// <summary>A number for which images a dataset has, in which order and of which classes; not for what they show.</summary>
internal static class DatasetFingerprint
{
    /// <summary>SHA-256 over the images' names and labels as hexadecimal digits.</summary>
    /// <remarks>What all names have in common at their beginning is left out: the set may lie in another folder another time.</remarks>
    public static string Of(IImageDataset images)
    {
        int common = CommonPrefix(images);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] text = [], label = new byte[sizeof(int)];
        for (int i = 0; i < images.Count; i++)
        {
            ReadOnlySpan<char> name = images.Name(i).AsSpan(common);
            int room = Encoding.UTF8.GetMaxByteCount(name.Length);
            if (text.Length < room)
                text = new byte[room];
            hash.AppendData(text, 0, Encoding.UTF8.GetBytes(name, text));
            // No name holds a zero byte, so that where one ends is clear.
            BinaryPrimitives.WriteInt32BigEndian(label, images.Label(i));
            hash.AppendData(label);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static int CommonPrefix(IImageDataset images)
    {
        if (images.Count == 0)
            return 0;
        string first = images.Name(0);
        int common = first.Length;
        for (int i = 1; i < images.Count && common > 0; i++)
            common = first.AsSpan(0, common).CommonPrefixLength(images.Name(i));
        return common;
    }
}

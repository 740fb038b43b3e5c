using System.Buffers.Binary;
using SkiaSharp;

namespace AlexNetSharp.Images;

/// <summary>Finds the orientation in the EXIF data of JPEG, PNG and WebP files, stored as an integer of any type.</summary>
/// <remarks>
/// The decoding library reads it only as a SHORT, as the standard requires (EXIF 2.32, tag 274); some programs write a LONG or a BYTE, which Pillow
/// also reads.
/// </remarks>
internal static class ExifOrientation
{
    private const int Tag = 274, EntryBytes = 12, MostEntries = 1000;

    /// <summary>The orientation stated by a file, or the default.</summary>
    public static SKEncodedOrigin Find(ReadOnlySpan<byte> file, SKEncodedImageFormat format) => format switch
    {
        SKEncodedImageFormat.Jpeg => Read(InJpeg(file)),
        SKEncodedImageFormat.Png => Read(InChunks(file, 8, "eXIf"u8, bigEndian: true)),
        SKEncodedImageFormat.Webp => Read(InChunks(file, 12, "EXIF"u8, bigEndian: false)),
        _ => SKEncodedOrigin.TopLeft,
    };

    /// <summary>The data after "Exif" in an APP1 segment before the first scan.</summary>
    private static ReadOnlySpan<byte> InJpeg(ReadOnlySpan<byte> file)
    {
        for (int at = 2; at + 4 <= file.Length && file[at] == 0xFF && file[at + 1] is not 0xDA;)
        {
            if (file[at + 1] == 0xFF)
            {
                at++;
                continue;
            }
            int length = BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]);
            if (length < 2 || length > file.Length - at - 2)
                break;
            ReadOnlySpan<byte> segment = file.Slice(at + 4, length - 2);
            if (file[at + 1] == 0xE1 && segment.StartsWith("Exif\0\0"u8))
                return segment[6..];
            at += 2 + length;
        }
        return [];
    }

    /// <summary>Finds a chunk of PNG (length, name, data, checksum) or RIFF (name, length, data, padded to an even length).</summary>
    private static ReadOnlySpan<byte> InChunks(ReadOnlySpan<byte> file, int at, ReadOnlySpan<byte> name, bool bigEndian)
    {
        while (at <= file.Length - 8)
        {
            ReadOnlySpan<byte> chunk = file[at..];
            uint length = bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(chunk) : BinaryPrimitives.ReadUInt32LittleEndian(chunk[4..]);
            if (length > chunk.Length - 8)
                break;
            if (chunk.Slice(bigEndian ? 4 : 0, 4).SequenceEqual(name))
            {
                ReadOnlySpan<byte> data = chunk.Slice(8, (int)length);
                return data.StartsWith("Exif\0\0"u8) ? data[6..] : data;
            }
            long next = at + 8L + length + (bigEndian ? 4 : length & 1);
            if (next > file.Length)
                break;
            at = (int)next;
        }
        return [];
    }

    /// <summary>Reads the tag from the first directory of a TIFF structure.</summary>
    private static SKEncodedOrigin Read(ReadOnlySpan<byte> tiff)
    {
        if (tiff.Length < 8 || !(tiff.StartsWith("II*\0"u8) || tiff.StartsWith("MM\0*"u8)))
            return SKEncodedOrigin.TopLeft;
        bool little = tiff[0] == (byte)'I';
        uint directory = UInt32(tiff[4..], little);
        if (directory > tiff.Length - 2)
            return SKEncodedOrigin.TopLeft;
        int count = Math.Min(MostEntries, (int)UInt16(tiff[(int)directory..], little)), at = (int)directory + 2;
        for (int i = 0; i < count && at <= tiff.Length - EntryBytes; i++, at += EntryBytes)
        {
            ReadOnlySpan<byte> entry = tiff.Slice(at, EntryBytes), value = entry[8..];
            if (UInt16(entry, little) != Tag)
                continue;
            uint orientation = UInt16(entry[2..], little) switch
            {
                1 or 6 => value[0],                 // BYTE, SBYTE
                3 or 8 => UInt16(value, little),    // SHORT, SSHORT
                4 or 9 => UInt32(value, little),    // LONG, SLONG
                _ => 0,
            };
            return orientation is >= 1 and <= 8 ? (SKEncodedOrigin)orientation : SKEncodedOrigin.TopLeft;
        }
        return SKEncodedOrigin.TopLeft;
    }

    private static ushort UInt16(ReadOnlySpan<byte> bytes, bool little) =>
        little ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);

    private static uint UInt32(ReadOnlySpan<byte> bytes, bool little) =>
        little ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
}

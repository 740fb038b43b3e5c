using System.Buffers.Binary;

namespace AlexNetSharp.Images;

/// <summary>Cost of decoding a JPEG, apart from its pixels.</summary>
/// <param name="Scans">Number of scans: passes over the image.</param>
/// <param name="IsProgressive">Whether the scans refine one image.</param>
/// <param name="Coefficients">Number of coefficients in all components.</param>
internal readonly record struct JpegCost(int Scans, bool IsProgressive, long Coefficients)
{
    /// <summary>Whether the decoder keeps the coefficients of the whole image, because no part is complete before the last scan.</summary>
    public bool KeepsAll => IsProgressive || Scans > 1;

    /// <summary>Size of the coefficients that the decoder keeps, in bytes.</summary>
    public long KeptBytes => KeepsAll ? 2 * Coefficients : 0;
}

/// <summary>Walks the markers of a JPEG file to find damage that decoders silently ignore.</summary>
/// <remarks>
/// <para>A JPEG decoder that meets invalid compressed data carries on as best it can and returns an image that is gray or garbled from
/// there on. But a byte FF in compressed data is always followed by 00, by the next restart marker in sequence, or by a marker that ends
/// the scan (ITU-T T.81, B.1.1): random bytes break that rule about once in 256, so a damaged block rarely goes unnoticed, and valid files
/// never break it. Smaller damage is not detected; nothing in the format protects against it.</para>
/// <para>Truncation is not checked here: the decoder reports it.</para>
/// </remarks>
internal static class JpegStructure
{
    /// <summary>More scans than any encoder writes; each costs a pass over the whole image.</summary>
    /// <remarks>A small progressive JPEG with thousands of empty scans would otherwise keep a decoder busy for minutes.</remarks>
    private const int MaxScans = 200;

    private const byte StandAlone = 0x01, FirstRestart = 0xD0, LastRestart = 0xD7, EndOfImage = 0xD9, StartOfScan = 0xDA, RestartInterval = 0xDD;
    private const byte FirstFrame = 0xC0, LastFrame = 0xCF, ProgressiveFrame = 0xC2, ArithmeticProgressiveFrame = 0xCA;

    /// <summary>Looks for damage.</summary>
    /// <param name="jpeg">The file, beginning with FF D8.</param>
    /// <returns>A description of the damage and its offset, or null.</returns>
    public static string? FindDamage(ReadOnlySpan<byte> jpeg) => FindDamage(jpeg, out _);

    /// <summary>Looks for damage, and computes the cost of decoding.</summary>
    /// <param name="jpeg">The file, beginning with FF D8.</param>
    /// <param name="cost">Cost of decoding, up to the damage.</param>
    /// <returns>A description of the damage and its offset, or null.</returns>
    public static string? FindDamage(ReadOnlySpan<byte> jpeg, out JpegCost cost)
    {
        int scans = 0;
        bool progressive = false;
        long coefficients = 0;
        string? damage = Walk(jpeg, ref scans, ref progressive, ref coefficients);
        cost = new JpegCost(scans, progressive, coefficients);
        return damage;
    }

    private static string? Walk(ReadOnlySpan<byte> jpeg, ref int scans, ref bool progressive, ref long coefficients)
    {
        int at = 2;
        bool restarts = false;
        while (true)
        {
            // Some encoders leave bytes between header segments; fill bytes FF before a marker are allowed anyway.
            int skip = jpeg[at..].IndexOf((byte)0xFF);
            if (skip < 0)
                return null;
            if (skip > 0 && scans > 0)
                return FormattableString.Invariant($"{skip} bytes without a marker (offset {at})");
            for (at += skip; at < jpeg.Length && jpeg[at] == 0xFF; at++) { }
            if (at >= jpeg.Length || jpeg[at] == EndOfImage)
                return null;
            byte marker = jpeg[at++];
            if (marker is 0 or StandAlone or (>= FirstRestart and <= LastRestart))
                continue;
            if (jpeg.Length - at < 2)
                return null;
            int length = BinaryPrimitives.ReadUInt16BigEndian(jpeg[at..]);
            if (length < 2 || length > jpeg.Length - at)
                return scans == 0 ? null : FormattableString.Invariant($"a segment FF {marker:X2} of {length} bytes (offset {at})");
            if (marker == RestartInterval && length >= 4)
                restarts = BinaryPrimitives.ReadUInt16BigEndian(jpeg[(at + 2)..]) > 0;
            progressive |= marker is ProgressiveFrame or ArithmeticProgressiveFrame;
            if (marker is >= FirstFrame and <= LastFrame and not (0xC4 or 0xC8 or 0xCC))
                coefficients = Math.Max(coefficients, CoefficientsOf(jpeg.Slice(at + 2, length - 2)));
            at += length;
            if (marker != StartOfScan)
                continue;
            if (++scans > MaxScans)
                return FormattableString.Invariant($"more than {MaxScans} scans; it looks like a decompression bomb (offset {at})");
            if (!SkipScan(jpeg, ref at, restarts))
                return FormattableString.Invariant($"a marker FF {jpeg[at + 1]:X2} inside the compressed data (offset {at})");
        }
    }

    /// <summary>Coefficients of all components of a frame (ITU-T T.81, A.1.1 and B.2.2): each is padded to whole 8×8 blocks and whole minimum coded units.</summary>
    /// <param name="frame">The frame header after its length: precision, lines, columns, number of components, and three bytes per component.</param>
    private static long CoefficientsOf(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < 6 || frame.Length < 6 + 3 * frame[5])
            return 0;
        int height = BinaryPrimitives.ReadUInt16BigEndian(frame[1..]), width = BinaryPrimitives.ReadUInt16BigEndian(frame[3..]);
        int across = 1, down = 1;
        long blocksOfUnit = 0;
        for (int i = 0; i < frame[5]; i++)
        {
            int h = frame[7 + 3 * i] >> 4, v = frame[7 + 3 * i] & 15;
            (across, down) = (Math.Max(across, h), Math.Max(down, v));
            blocksOfUnit += h * v;
        }
        long units = (long)((width + 8 * across - 1) / (8 * across)) * ((height + 8 * down - 1) / (8 * down));
        return units * blocksOfUnit * 64;
    }

    /// <summary>Moves to the marker that ends the compressed data, or to the end of the file.</summary>
    /// <returns>False if there is a marker that is not allowed there; <paramref name="at"/> is then its offset.</returns>
    private static bool SkipScan(ReadOnlySpan<byte> jpeg, ref int at, bool restarts)
    {
        int restart = 0;
        while (true)
        {
            int skip = jpeg[at..].IndexOf((byte)0xFF);
            if (skip < 0 || at + skip + 1 >= jpeg.Length)
            {
                at = jpeg.Length;
                return true;
            }
            at += skip;
            byte next = jpeg[at + 1];
            if (next is >= FirstRestart and <= LastRestart)
            {
                if (!restarts || next != FirstRestart + restart)
                    return false;
                restart = restart + 1 & 7;
                at += 2;
            }
            else if (next is 0 or 0xFF)
                at += next == 0 ? 2 : 1;
            else
                return MayFollowAScan(next);
        }
    }

    /// <summary>Whether a marker may follow a scan: tables, another scan, the number of lines, application data, comments, or the end.</summary>
    private static bool MayFollowAScan(byte marker) =>
        marker is 0xC4 or 0xCC or EndOfImage or StartOfScan or 0xDB or 0xDC or RestartInterval or (>= 0xE0 and <= 0xEF) or 0xFE;
}

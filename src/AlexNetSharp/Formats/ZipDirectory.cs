using System.IO.Compression;
using System.Text;

namespace AlexNetSharp.Formats;

/// <summary>One file inside a zip archive, as the central directory states it.</summary>
/// <param name="Name">Name with folders.</param>
/// <param name="Method">0 stored, 8 deflated.</param>
/// <param name="DataOffset">Where its bytes begin in the archive.</param>
/// <param name="CompressedLength">Bytes in the archive.</param>
/// <param name="Length">Bytes when unpacked.</param>
internal sealed record ZipEntry(string Name, int Method, long DataOffset, long CompressedLength, long Length);

/// <summary>The directory of a zip archive in memory; stored entries are used where they lie, deflated ones are unpacked within limits.</summary>
/// <remarks>
/// Source of the format: APPNOTE.TXT 6.3 (PKWARE), sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16 and 4.5.3. Entries may not overlap, and what
/// is unpacked may not exceed <see cref="MostUnpacked"/>: both are how archives grow without bound. Checksums are not verified.
/// </remarks>
internal sealed class ZipDirectory
{
    private const uint EndSignature = 0x06054b50, End64Signature = 0x06064b50, Locator64Signature = 0x07064b50;
    private const uint EntrySignature = 0x02014b50, LocalSignature = 0x04034b50;
    private const int EndLength = 22, EntryLength = 46, LocalLength = 30;

    private readonly FileBytes _file;
    private readonly Dictionary<string, ZipEntry> _byName = [];
    private long _unpacked;

    /// <summary>Reads the directory of <paramref name="file"/>.</summary>
    /// <exception cref="InvalidDataException">The directory is missing or damaged.</exception>
    public ZipDirectory(FileBytes file)
    {
        _file = file;
        (long start, long length, long count) = FindDirectory();
        _ = file.Span(start, length, "the zip directory");
        if (count > length / EntryLength)
            FormatError.Throw(file.Path, start, FormattableString.Invariant($"the zip directory of {length} bytes cannot hold {count} entries; the file is damaged"));
        long at = start;
        for (long i = 0; i < count; i++)
        {
            ZipEntry entry = ReadEntry(ref at, start, start + length);
            if (!_byName.TryAdd(entry.Name, entry))
                FormatError.Throw(file.Path, at, $"the zip holds {FormatError.Quote(entry.Name)} twice; the file is damaged");
        }
        long end = 0;
        foreach (ZipEntry entry in _byName.Values.OrderBy(entry => entry.DataOffset).ThenBy(entry => entry.CompressedLength))
        {
            if (entry.DataOffset < end)
                FormatError.Throw(file.Path, entry.DataOffset, $"zip entry {FormatError.Quote(entry.Name)} overlaps another; the file is damaged or malicious");
            end = entry.DataOffset + entry.CompressedLength;
        }
    }

    /// <summary>Bytes that may be unpacked from this archive in all: weights hardly shrink, so sixteen times the file is far more than any needs.</summary>
    public long MostUnpacked => 16 * Math.Min(_file.Length, long.MaxValue / 32) + (1 << 20);

    /// <summary>All entries.</summary>
    public IReadOnlyCollection<ZipEntry> Entries => _byName.Values;

    /// <summary>The entry of that name, or null.</summary>
    public ZipEntry? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The bytes of an entry: in place when it is stored, unpacked when it is deflated.</summary>
    /// <exception cref="InvalidDataException">It would unpack to more than the limit, or it is damaged.</exception>
    public ReadOnlyMemory<byte> Read(ZipEntry entry)
    {
        string what = "zip entry " + FormatError.Quote(entry.Name);
        if (entry.Method == 0)
            return _file.Memory(entry.DataOffset, entry.Length, what);
        // Deflate cannot do better than 1032:1; a directory that claims more lies about the length.
        if (entry.Length > int.MaxValue || entry.Length / 1032 > entry.CompressedLength + 1 || entry.Length > MostUnpacked - _unpacked)
            FormatError.Throw(_file.Path, entry.DataOffset, FormattableString.Invariant(
                $"{what} would unpack from {entry.CompressedLength} to {entry.Length} bytes and is refused; store the archive without compression"));
        _unpacked += entry.Length;
        byte[] data = new byte[entry.Length];
        try
        {
            using var packed = new ReadOnlyMemoryStream(_file.Memory(entry.DataOffset, entry.CompressedLength, what));
            using var inflate = new DeflateStream(packed, CompressionMode.Decompress);
            inflate.ReadExactly(data);
            if (inflate.ReadByte() >= 0)
                FormatError.Throw(_file.Path, entry.DataOffset, $"{what} unpacks to more than the directory says; the file is damaged");
        }
        catch (EndOfStreamException)
        {
            throw FormatError.At(_file.Path, entry.DataOffset, $"{what} unpacks to less than the directory says; the file is damaged");
        }
        catch (InvalidDataException e) when (!e.Message.StartsWith(_file.Path, StringComparison.Ordinal))
        {
            throw FormatError.At(_file.Path, entry.DataOffset, $"{what} cannot be unpacked; the file is damaged, copy or download it again");
        }
        return data;
    }

    private (long Start, long Length, long Count) FindDirectory()
    {
        long lowest = Math.Max(0, _file.Length - EndLength - ushort.MaxValue);
        for (long at = _file.Length - EndLength; at >= lowest; at--)
        {
            if (_file.UInt32(at, "the zip end") != EndSignature || _file.UInt16(at + 20, "the zip end") != _file.Length - at - EndLength)
                continue;
            ReadOnlySpan<byte> end = _file.Span(at, EndLength, "the zip end");
            if (at >= 20 && _file.UInt32(at - 20, "the zip64 locator") == Locator64Signature)
            {
                long end64 = Signed(_file.UInt64(at - 12, "the zip64 locator"), at - 12);
                if (_file.UInt32(end64, "the zip64 end") != End64Signature)
                    FormatError.Throw(_file.Path, at - 12, "the zip64 locator points nowhere; the file is damaged");
                return (Signed(_file.UInt64(end64 + 48, "the zip64 end"), end64 + 48),
                    Signed(_file.UInt64(end64 + 40, "the zip64 end"), end64 + 40),
                    Signed(_file.UInt64(end64 + 32, "the zip64 end"), end64 + 32));
            }
            return (BitConverter.ToUInt32(end[16..]), BitConverter.ToUInt32(end[12..]), BitConverter.ToUInt16(end[10..]));
        }
        throw FormatError.At(_file.Path, _file.Length, "the zip directory at the end is missing; the file is cut short, copy or download it again");
    }

    private ZipEntry ReadEntry(ref long at, long directoryStart, long directoryEnd)
    {
        if (directoryEnd - at < EntryLength || _file.UInt32(at, "a zip entry") != EntrySignature)
            FormatError.Throw(_file.Path, at, "a zip directory entry is damaged");
        int flags = _file.UInt16(at + 8, "a zip entry"), method = _file.UInt16(at + 10, "a zip entry");
        long compressed = _file.UInt32(at + 20, "a zip entry"), length = _file.UInt32(at + 24, "a zip entry"), local = _file.UInt32(at + 42, "a zip entry");
        int nameLength = _file.UInt16(at + 28, "a zip entry"), extraLength = _file.UInt16(at + 30, "a zip entry"), commentLength = _file.UInt16(at + 32, "a zip entry");
        string name = Encoding.UTF8.GetString(_file.Span(at + EntryLength, nameLength, "a zip entry's name"));
        ReadExtra(at + EntryLength + nameLength, extraLength, ref length, ref compressed, ref local);
        string what = "zip entry " + FormatError.Quote(name);
        if ((flags & 1) != 0 || method is not (0 or 8))
            FormatError.Throw(_file.Path, at, FormattableString.Invariant($"{what} is encrypted or packed by method {method}; only stored and deflated entries are supported"));
        if (method == 0 && compressed != length)
            FormatError.Throw(_file.Path, at, $"{what} is stored, but has two different lengths; the file is damaged");
        if (_file.UInt32(local, what) != LocalSignature)
            FormatError.Throw(_file.Path, at, $"{what} does not begin where the directory says; the file is damaged");
        long data = local + LocalLength + _file.UInt16(local + 26, what) + _file.UInt16(local + 28, what);
        if (data > directoryStart || compressed > directoryStart - data)
            FormatError.Throw(_file.Path, at, $"{what} reaches into the zip directory; the file is cut short or damaged");
        at += EntryLength + nameLength + extraLength + commentLength;
        return new ZipEntry(name, method, data, compressed, length);
    }

    /// <summary>Takes the 64-bit sizes from the extra field (id 1), in the order in which 32 bits did not suffice.</summary>
    private void ReadExtra(long at, int length, ref long size, ref long compressed, ref long local)
    {
        long end = at + length;
        _ = _file.Span(at, length, "a zip entry's extra field");
        while (end - at >= 4)
        {
            int id = _file.UInt16(at, "a zip extra field"), fieldLength = _file.UInt16(at + 2, "a zip extra field");
            long field = at + 4;
            at = field + fieldLength;
            if (id != 1 || at > end)
                continue;
            Take(ref size, ref field, at);
            Take(ref compressed, ref field, at);
            Take(ref local, ref field, at);
        }
    }

    private void Take(ref long value, ref long field, long end)
    {
        if (value != uint.MaxValue || end - field < 8)
            return;
        value = Signed(_file.UInt64(field, "a zip64 size"), field);
        field += 8;
    }

    private long Signed(ulong value, long at) => value <= long.MaxValue
        ? (long)value
        : throw FormatError.At(_file.Path, at, "a zip64 number exceeds 63 bits; the file is damaged");

    /// <summary>Reads memory as a stream.</summary>
    private sealed class ReadOnlyMemoryStream(ReadOnlyMemory<byte> memory) : Stream
    {
        private int _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => memory.Length;

        public override long Position { get => _position; set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            int count = Math.Min(buffer.Length, memory.Length - _position);
            memory.Span.Slice(_position, count).CopyTo(buffer);
            _position += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace AlexNetSharp.Formats;

/// <summary>
/// The bytes of a file, mapped into memory or given as an array, with every access checked against the length.
/// </summary>
/// <remarks>
/// A mapped file is read by the system page by page as it is used and takes no memory of its own. Headers are read so; the bulk of the
/// tensors goes through <see cref="CopyTo"/>, which keeps the file's pages out of this process's memory. Cutting a file short while it
/// is mapped ends the process (the system's rule for mapped files): replace files by renaming, as the writers here do. A file that stays
/// open for its tensors alone is not mapped any more (<see cref="Unmap"/>).
/// </remarks>
internal sealed unsafe class FileBytes : IDisposable
{
    private readonly FileStream? _stream;
    private readonly SafeFileHandle? _handle;
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private GCHandle _pinned;
    private byte* _pointer;
    private int _disposed;

    private FileBytes(string path, long length)
    {
        Path = path;
        Length = length;
    }

    /// <summary>Maps the file at <paramref name="path"/>.</summary>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is empty.</exception>
    public FileBytes(string path)
    {
        Path = path;
        _stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
        try
        {
            // Once: the stream looks where it stands each time it is asked for its handle.
            _handle = _stream.SafeFileHandle;
            Length = _stream.Length;
            if (Length == 0)
                FormatError.Throw(path, 0, "the file is empty; copy or download it again");
            _file = MemoryMappedFile.CreateFromFile(_stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            _view = _file.CreateViewAccessor(0, Length, MemoryMappedFileAccess.Read);
            _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _pointer);
            _pointer += _view.PointerOffset;
        }
        catch
        {
            _view?.Dispose();
            _file?.Dispose();
            _stream.Dispose();
            throw;
        }
    }

    /// <summary>Takes <paramref name="data"/> as if it were the file <paramref name="name"/>; the array must not change afterwards.</summary>
    /// <exception cref="InvalidDataException">The array is empty.</exception>
    public static FileBytes Of(byte[] data, string name)
    {
        if (data.Length == 0)
            FormatError.Throw(name, 0, "the file is empty; copy or download it again");
        var bytes = new FileBytes(name, data.Length) { _pinned = GCHandle.Alloc(data, GCHandleType.Pinned) };
        bytes._pointer = (byte*)bytes._pinned.AddrOfPinnedObject();
        return bytes;
    }

    /// <summary>Name of the file, for messages.</summary>
    public string Path { get; }

    /// <summary>Number of bytes.</summary>
    public long Length { get; }

    /// <summary>Whether the bytes were given as an array, so that no file is known.</summary>
    public bool IsInMemory => _stream is null;

    /// <summary>Bytes [offset, offset + length).</summary>
    /// <param name="offset">First byte; any value, it is checked.</param>
    /// <param name="length">Number of bytes; any value, it is checked.</param>
    /// <param name="what">What lies there, for the message.</param>
    /// <exception cref="InvalidDataException">They are not all inside the file.</exception>
    public ReadOnlySpan<byte> Span(long offset, long length, string what)
    {
        Require(offset, length, what);
        ObjectDisposedException.ThrowIf(_pointer == null, this);
        return new ReadOnlySpan<byte>(_pointer + offset, (int)length);
    }

    /// <summary>As <see cref="Span"/>, as memory that can be kept; using it after <see cref="Dispose"/> throws.</summary>
    /// <inheritdoc cref="Span"/>
    public ReadOnlyMemory<byte> Memory(long offset, long length, string what)
    {
        Require(offset, length, what);
        return length == 0 ? ReadOnlyMemory<byte>.Empty : new Slice(this, offset, (int)length).Memory;
    }

    /// <summary>Copies bytes [offset, offset + destination.Length), which a reader has checked to lie in the file.</summary>
    /// <exception cref="InvalidDataException">The file has been cut short since.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public void CopyTo(long offset, Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, typeof(TensorFile));
        if (_stream is null)
        {
            Span(offset, destination.Length, "a tensor").CopyTo(destination);
            return;
        }
        while (destination.Length > 0)
        {
            int count = RandomAccess.Read(_handle!, destination, offset);
            if (count == 0)
                FormatError.Throw(Path, offset, "the file was cut short while it was read");
            offset += count;
            destination = destination[count..];
        }
    }

    /// <summary>The byte at <paramref name="offset"/>.</summary>
    /// <exception cref="InvalidDataException">It lies outside the file.</exception>
    public byte Byte(long offset, string what) => Span(offset, 1, what)[0];

    /// <summary>The little-endian 16-bit number at <paramref name="offset"/>.</summary>
    /// <exception cref="InvalidDataException">It is not all inside the file.</exception>
    public ushort UInt16(long offset, string what) => BinaryPrimitives.ReadUInt16LittleEndian(Span(offset, 2, what));

    /// <summary>The little-endian 32-bit number at <paramref name="offset"/>.</summary>
    /// <exception cref="InvalidDataException">It is not all inside the file.</exception>
    public uint UInt32(long offset, string what) => BinaryPrimitives.ReadUInt32LittleEndian(Span(offset, 4, what));

    /// <summary>The little-endian 64-bit number at <paramref name="offset"/>.</summary>
    /// <exception cref="InvalidDataException">It is not all inside the file.</exception>
    public ulong UInt64(long offset, string what) => BinaryPrimitives.ReadUInt64LittleEndian(Span(offset, 8, what));

    /// <summary>Takes the file out of memory, so that it can be replaced on every system. Only <see cref="CopyTo"/> reads it from here on.</summary>
    public void Unmap()
    {
        if (_view is null || _pointer == null)
            return;
        _pointer = null;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file!.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        Unmap();
        _stream?.Dispose();
        _pointer = null;
        if (_pinned.IsAllocated)
            _pinned.Free();
    }

    private void Require(long offset, long length, string what)
    {
        if (offset < 0 || length < 0 || offset > Length || length > Length - offset)
            FormatError.Throw(Path, Math.Clamp(offset, 0, Length), FormattableString.Invariant(
                $"{what} needs {length} bytes at byte {offset}, but the file ends at byte {Length}; it is cut short or damaged, copy or download it again"));
        if (length > int.MaxValue)
            FormatError.Throw(Path, offset, FormattableString.Invariant($"{what} has {length} bytes; at most {int.MaxValue} are supported"));
    }

    /// <summary>A part of the file as memory.</summary>
    private sealed class Slice(FileBytes file, long offset, int length) : MemoryManager<byte>
    {
        public override Span<byte> GetSpan()
        {
            ObjectDisposedException.ThrowIf(file._pointer == null, typeof(TensorFile));
            return new Span<byte>(file._pointer + offset, length);
        }

        public override MemoryHandle Pin(int elementIndex = 0)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)length, nameof(elementIndex));
            ObjectDisposedException.ThrowIf(file._pointer == null, typeof(TensorFile));
            return new MemoryHandle(file._pointer + offset + elementIndex);
        }

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}

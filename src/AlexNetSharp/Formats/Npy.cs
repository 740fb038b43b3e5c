using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace AlexNetSharp.Formats;

/// <summary>NumPy's .npy: one array, as numpy.save and numpy.load write and read it.</summary>
/// <remarks>Source of the format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html (versions 1.0 to 3.0).</remarks>
public static class Npy
{
    private const int LongestHeader = 65_536;

    /// <summary>The first bytes of every .npy file.</summary>
    internal static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Reads an array of float32, float64 or float16.</summary>
    /// <param name="path">The .npy file.</param>
    /// <returns>The elements as float32 in row-major order, and the shape.</returns>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or holds other things than floating-point numbers.</exception>
    public static (float[] Values, long[] Shape) Load(string path)
    {
        using TensorFile file = TensorFile.Open(path);
        NamedTensor tensor = file.Tensors[0];
        if (file.Kind != TensorFileFormat.Npy || !tensor.IsFloatingPoint)
            FormatError.Throw(path, 0, "not a .npy file of floating-point numbers; save one with numpy.save(path, array.astype('float32'))");
        if (tensor.Count > Array.MaxLength)
            FormatError.Throw(path, 0, FormattableString.Invariant($"the array has {tensor.Count} elements; at most {Array.MaxLength} are supported"));
        return (tensor.ToArray(), tensor.Shape.ToArray());
    }

    /// <summary>Writes float32 values in row-major order (version 1.0, '&lt;f4').</summary>
    /// <param name="path">File to write; it appears only when it is complete.</param>
    /// <param name="values">Elements, row-major.</param>
    /// <param name="shape">Sizes, slowest first; their product is the number of values.</param>
    /// <exception cref="ArgumentException">Values and shape disagree.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save(string path, ReadOnlySpan<float> values, ReadOnlySpan<long> shape)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        long elements = 1;
        foreach (long size in shape)
            elements = checked(elements * size);
        if (elements != values.Length)
            throw new ArgumentException(FormattableString.Invariant($"{values.Length} values do not fill the shape {FormatError.Shape(shape)}"), nameof(values));

        var tuple = new StringBuilder();
        foreach (long size in shape)
            tuple.Append(CultureInfo.InvariantCulture, $"{size}, ");
        string sizes = shape.Length == 1 ? tuple.ToString().TrimEnd() : tuple.ToString().TrimEnd(' ', ',');
        string header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({sizes}), }}";
        // Magic, version and length take 10 bytes; the elements begin at a multiple of 64, and the header ends with a line break.
        int padded = (10 + header.Length + 1 + 63) / 64 * 64 - 10;
        byte[] start = new byte[10 + padded];
        Magic.CopyTo(start);
        start[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(start.AsSpan(8), (ushort)padded);
        Encoding.ASCII.GetBytes(header.PadRight(padded - 1) + "\n", start.AsSpan(10));
        using var file = new AtomicFile(path);
        file.Stream.Write(start);
        file.Stream.Write(MemoryMarshal.AsBytes(values));
        file.Commit();
    }

    /// <summary>Reads header and bytes of a mapped file.</summary>
    /// <exception cref="InvalidDataException">The file is damaged or holds no numbers.</exception>
    internal static TensorFile Read(FileBytes file)
    {
        byte major = file.Byte(6, "the version");
        if (major is 0 or > 3)
            FormatError.Throw(file.Path, 6, FormattableString.Invariant($".npy version {major} is unknown; versions 1 to 3 are supported"));
        int headerStart = major == 1 ? 10 : 12;
        long length = major == 1 ? file.UInt16(8, "the header length") : file.UInt32(8, "the header length");
        if (length > LongestHeader)
            FormatError.Throw(file.Path, 8, FormattableString.Invariant($"a header of {length} bytes is refused; at most {LongestHeader} are supported"));
        var header = new NpyHeader(file.Path, headerStart, file.Span(headerStart, length, "the header"));
        long[] shape = [.. header.Shape];
        long elements = TensorShape.Elements(file.Path, headerStart, "", shape);
        long bytes = TensorShape.Bytes(file.Path, headerStart, "", elements, header.Type);
        long dataStart = headerStart + length;
        if (bytes != file.Length - dataStart)
            FormatError.Throw(file.Path, dataStart, FormattableString.Invariant(
                $"an array of {header.Type} {FormatError.Shape(shape)} has {bytes} bytes, the file {file.Length - dataStart}; it is cut short or damaged"));
        long[]? strides = header.FortranOrder ? ColumnMajorStrides(shape) : null;
        var tensor = new NamedTensor("", header.Type, shape, file.Memory(dataStart, bytes, "the array"), dataStart, file, strides);
        return new TensorFile(file.Path, TensorFileFormat.Npy, [tensor], [], file);
    }

    private static long[] ColumnMajorStrides(long[] shape)
    {
        long[] strides = new long[shape.Length];
        long stride = 1;
        for (int d = 0; d < shape.Length; d++)
        {
            strides[d] = stride;
            stride *= shape[d];
        }
        return strides;
    }
}

using System.Globalization;
using System.Text;

namespace AlexNetSharp.Formats;

/// <summary>
/// The header of a .npy file, a Python dictionary literal such as {'descr': '&lt;f4', 'fortran_order': False, 'shape': (2, 3), }.
/// </summary>
internal readonly ref struct NpyHeader
{
    private readonly string _path;
    private readonly long _offset;
    private readonly ReadOnlySpan<byte> _text;

    /// <summary>Parses <paramref name="text"/>, which lies at byte <paramref name="offset"/> of the file.</summary>
    /// <exception cref="InvalidDataException">It is not such a literal, or names a type that is no plain number.</exception>
    public NpyHeader(string path, long offset, ReadOnlySpan<byte> text)
    {
        _path = path;
        _offset = offset;
        _text = text;
        var shape = new List<long>();
        string? descr = null;
        bool? fortran = null, sized = null;
        int at = 0;
        Expect(ref at, "{");
        while (!Accept(ref at, "}"))
        {
            switch (Quoted(ref at))
            {
                case "descr" when descr is null:
                    Expect(ref at, ":");
                    descr = Quoted(ref at);
                    break;
                case "fortran_order" when fortran is null:
                    Expect(ref at, ":");
                    fortran = Accept(ref at, "True");
                    if (!fortran.Value)
                        Expect(ref at, "False");
                    break;
                case "shape" when sized is null:
                    Expect(ref at, ":");
                    Sizes(ref at, shape);
                    sized = true;
                    break;
                default:
                    throw Fault(at, "an unknown or repeated key in the header; the file is damaged");
            }
            if (!Accept(ref at, ","))
            {
                Expect(ref at, "}");
                break;
            }
        }
        SkipSpaces(ref at);
        if (at != text.Length || descr is null || fortran is null || sized is null)
            throw Fault(at, "the header must hold descr, fortran_order and shape and nothing else; the file is damaged");
        Type = descr switch
        {
            "<f4" => TensorType.F32,
            "<f8" => TensorType.F64,
            "<f2" => TensorType.F16,
            "<i8" => TensorType.I64,
            "<i4" => TensorType.I32,
            "<i2" => TensorType.I16,
            "|i1" => TensorType.I8,
            "|u1" => TensorType.U8,
            "|b1" => TensorType.Bool,
            _ when descr.Contains('O') => throw Fault(0, "the array holds Python objects (pickled), which are refused; save numbers: array.astype('float32')"),
            _ when descr.StartsWith('>') => throw Fault(0, $"the array is big-endian ({FormatError.Quote(descr)}); save it with array.astype('<f4')"),
            _ => throw Fault(0, $"the array's type {FormatError.Quote(descr)} is not supported; save it with array.astype('<f4')"),
        };
        FortranOrder = fortran.Value;
        Shape = shape;
    }

    /// <summary>Type of the elements.</summary>
    public TensorType Type { get; }

    /// <summary>Whether the first index runs fastest.</summary>
    public bool FortranOrder { get; }

    /// <summary>Sizes of the dimensions.</summary>
    public List<long> Shape { get; }

    private void Sizes(ref int at, List<long> shape)
    {
        Expect(ref at, "(");
        while (!Accept(ref at, ")"))
        {
            SkipSpaces(ref at);
            int start = at;
            while (at < _text.Length && _text[at] is >= (byte)'0' and <= (byte)'9')
                at++;
            if (!long.TryParse(_text[start..at], NumberStyles.None, CultureInfo.InvariantCulture, out long size) || shape.Count == TensorShape.MostDimensions)
                throw Fault(start, $"the shape must be at most {TensorShape.MostDimensions} whole numbers that are not negative");
            shape.Add(size);
            if (!Accept(ref at, ","))
            {
                Expect(ref at, ")");
                return;
            }
        }
    }

    private string Quoted(ref int at)
    {
        Expect(ref at, "'");
        int start = at;
        while (at < _text.Length && _text[at] != (byte)'\'')
            at++;
        if (at == _text.Length || at - start > 64)
            throw Fault(start, "a text in the header has no end; the file is damaged");
        return Encoding.Latin1.GetString(_text[start..at++]);
    }

    private void Expect(ref int at, string token)
    {
        if (!Accept(ref at, token))
            throw Fault(at, $"expected {token} in the header; the file is damaged, or its elements are not plain numbers");
    }

    private bool Accept(ref int at, string token)
    {
        SkipSpaces(ref at);
        if (_text.Length - at < token.Length)
            return false;
        for (int i = 0; i < token.Length; i++)
        {
            if (_text[at + i] != token[i])
                return false;
        }
        at += token.Length;
        return true;
    }

    private void SkipSpaces(ref int at)
    {
        while (at < _text.Length && _text[at] is (byte)' ' or (byte)'\n')
            at++;
    }

    private InvalidDataException Fault(int at, string message) => FormatError.At(_path, _offset + at, message);
}

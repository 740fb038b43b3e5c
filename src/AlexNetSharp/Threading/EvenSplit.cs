namespace AlexNetSharp.Threading;

/// <summary>A range cut into the fewest parts of at most a given length, as equal as their unit allows, longer ones first.</summary>
/// <remarks>Equal parts keep threads equally busy: 32 in parts of at most 13 become 11 + 11 + 10, not 13 + 13 + 6.</remarks>
internal readonly struct EvenSplit
{
    private readonly int _total, _long, _short, _firstShort;

    /// <summary>Cuts <paramref name="total"/> into parts of at most <paramref name="maximum"/>.</summary>
    /// <param name="total">Length of the range, at least 0.</param>
    /// <param name="maximum">Largest part; at least <paramref name="unit"/>.</param>
    /// <param name="unit">All parts but the last are multiples of it.</param>
    public EvenSplit(int total, int maximum, int unit)
    {
        int units = (total + unit - 1) / unit;
        Count = Math.Max(1, (units + maximum / unit - 1) / (maximum / unit));
        (int each, int rest) = Math.DivRem(units, Count);
        _total = total;
        _short = each * unit;
        _long = rest > 0 ? _short + unit : _short;
        _firstShort = rest * _long;
    }

    /// <summary>Number of parts.</summary>
    public int Count { get; }

    /// <summary>Length of the part that begins at <paramref name="start"/>.</summary>
    public int Length(int start) => Math.Min(start < _firstShort ? _long : _short, _total - start);

    /// <summary>Where part <paramref name="index"/> begins (and part index − 1 ends).</summary>
    public int Start(int index)
    {
        int longParts = _long > 0 ? _firstShort / _long : 0;
        return Math.Min(index <= longParts ? index * _long : _firstShort + (index - longParts) * _short, _total);
    }
}

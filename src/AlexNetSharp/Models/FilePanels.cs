using AlexNetSharp.Formats;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Models;

/// <summary>A fully connected weight in a file, in PyTorch's order [out, in], as our panels [out / 32][in][32].</summary>
/// <remarks>
/// A panel takes 32 rows of the file. They are read by themselves, so that beside the weights only two panels for each thread are in memory. A weight
/// may stay in its file: then a pass fetches panel after panel, until somebody asks for all values and they are loaded.
/// </remarks>
internal sealed unsafe class FilePanels : IPanelSource
{
    // 18 KB with 32 rows: a part of the first-level cache. Rows begin in different sets of it.
    private const int TileInputs = 8 * MatrixPanels.TileInputs, TileRow = TileInputs + 16;

    private readonly NamedTensor _source;
    private readonly int _inputs, _outputs;
    private readonly int[] _position;
    private readonly Lock _loading = new();
    private volatile nint _loaded;      // the first panel in memory; 0 as long as the values are in the file alone

    /// <summary>Describes the weight; reads nothing.</summary>
    /// <param name="source">[out, in].</param>
    /// <param name="weight">The parameter, [in, out].</param>
    /// <param name="map">The map whose values the inputs are, in the order channel, row, column; null if they are in our order already.</param>
    public FilePanels(NamedTensor source, ParameterSpec weight, Shape? map)
    {
        _source = source;
        (_inputs, _outputs) = (weight.Dimensions[0], weight.Dimensions[1]);
        _position = MatrixPanels.Positions(_inputs, map);
    }

    /// <summary>Whether all values are in memory.</summary>
    public bool IsLoaded => _loaded != 0;

    private int PanelLength => Panel.Width * _inputs;

    /// <summary>Reads all panels to <paramref name="storage"/>, once; further calls find them there.</summary>
    /// <exception cref="IOException">The file cannot be read any more.</exception>
    /// <exception cref="InvalidDataException">The file has been cut short.</exception>
    /// <exception cref="ObjectDisposedException">The file has been closed.</exception>
    public void Load(float* storage)
    {
        if (IsLoaded)
            return;
        lock (_loading)
        {
            if (IsLoaded)
                return;
            int panels = (_outputs + Panel.Width - 1) / Panel.Width;
            PiecesOfAFile.Read(panels, Panel.Width * IPanelSource.RowLength(_inputs), (panel, rows) =>
            {
                fixed (float* scratch = rows)
                    Read(panel, scratch, storage + (long)panel * PanelLength);
            });
            _loaded = (nint)storage;
        }
    }

    /// <inheritdoc/>
    public float* Fetch(int panel, float* scratch)
    {
        if (_loaded is not 0 and nint storage)
            return (float*)storage + (long)panel * PanelLength;
        Read(panel, scratch + PanelLength, scratch);
        return scratch;
    }

    /// <summary>panel[position(i)][l] = source[32 p + l, i]; the last panel is filled up with zeros.</summary>
    private void Read(int panel, float* rows, float* target)
    {
        int width = Math.Min(Panel.Width, _outputs - panel * Panel.Width), rowLength = IPanelSource.RowLength(_inputs);
        long first = (long)panel * Panel.Width * _inputs;
        if (_source.IsSmallInFile)
        {
            TurnSmall(_source.ReadSmall(first, width * _inputs, new Span<byte>(rows, sizeof(float) * PanelLength)), first, width, target);
            return;
        }
        for (int l = 0; l < width; l++)
            _source.CopyRange(first + (long)l * _inputs, new Span<float>(rows + (long)l * rowLength, _inputs));
        for (int l = width; l < Panel.Width; l++)
            new Span<float>(rows + (long)l * rowLength, _inputs).Clear();
        MatrixPanels.Turn(rows, rowLength, _position, target);
    }

    /// <summary>Converts 8- and 16-bit elements and turns them, tile by tile: as float32 the rows of a panel would not fit into the second-level cache.</summary>
    private void TurnSmall(ReadOnlySpan<byte> bytes, long first, int width, float* target)
    {
        float* tile = stackalloc float[Panel.Width * TileRow];
        new Span<float>(tile, Panel.Width * TileRow).Clear();
        for (int i = 0; i < _inputs; i += TileInputs)
        {
            int count = Math.Min(TileInputs, _inputs - i);
            for (int l = 0; l < width; l++)
                _source.Widen(bytes, first, first + (long)l * _inputs + i, new Span<float>(tile + l * TileRow, count));
            MatrixPanels.Turn(tile, TileRow, _position.AsSpan(i, count), target);
        }
    }
}

using AlexNetSharp.Diagnostics;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Models;

/// <summary>The values of one parameter, or of its gradient.</summary>
/// <remarks>
/// Kernels, matrices and biases are stored in the layout that the compute kernels use. A fully connected weight [in, out] lies in panels of 32 outputs,
/// [ceil(out / 32)][in][32], the last one filled up with zeros; everything else lies densely in the order of its
/// <see cref="ParameterSpec.Dimensions"/>. <see cref="CopyTo"/> and <see cref="CopyFrom"/> translate to the dense order.
/// </remarks>
public sealed unsafe class Parameter
{
    private readonly AlignedBuffer _owner;
    private FilePanels? _file;

    internal Parameter(ParameterSpec spec, AlignedBuffer owner, long offset)
    {
        Spec = spec;
        _owner = owner;
        Offset = offset;
        StorageLength = LengthOfStorage(spec);
    }

    /// <summary>Name, shape and initializer.</summary>
    public ParameterSpec Spec { get; }

    /// <summary>Name, as in <see cref="ParameterSpec.Name"/>.</summary>
    public string Name => Spec.Name;

    /// <summary>The values in the executor's own order, which may have zeros between them.</summary>
    /// <remarks>
    /// For elementwise work, such as the update of an optimizer or an exchange of gradients: parameters of one <see cref="ParameterSpec"/> have
    /// the same order, and padding zeros must stay 0. After a change call <see cref="ParameterSet.MarkChanged()"/>. The span is valid until the set is disposed; keep a reference to the set or its plan while you use it.
    /// </remarks>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    /// <exception cref="InsufficientMemoryException">The values have stayed in their file, and there is not enough memory for them.</exception>
    /// <exception cref="IOException">They have, and it cannot be read any more.</exception>
    /// <exception cref="InvalidDataException">They have, and it has been cut short.</exception>
    public Span<float> Storage => new(Pointer, (int)StorageLength);

    /// <summary>The set's <see cref="ParameterSet.Version"/> when the values changed last.</summary>
    internal long Version { get; set; }

    /// <summary>Floats in <see cref="Storage"/>.</summary>
    internal long StorageLength { get; }

    /// <summary>Where the values begin in the memory of their set.</summary>
    internal long Offset { get; }

    /// <summary>The first stored value. A weight that has stayed in its file is loaded first.</summary>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    /// <exception cref="IOException">The file cannot be read any more.</exception>
    internal float* Pointer
    {
        get
        {
            if (_file is { IsLoaded: false } file)
            {
                using AlignedBuffer.Lease lease = _owner.Hold();
                SystemMemory.Demand(StorageLength * sizeof(float), $"parameter '{Name}', which was left in its file", "use a smaller network");
                file.Load(_owner.Pointer + Offset);
            }
            return _owner.Pointer + Offset;
        }
    }

    /// <summary>The panels of a weight that has stayed in its file; null for one that was loaded at once.</summary>
    internal IPanelSource? Panels => _file;

    /// <summary>Whether the values are in memory.</summary>
    internal bool IsLoaded => _file?.IsLoaded ?? true;

    /// <summary>Takes the values of a file.</summary>
    /// <param name="panels">The values, of a fully connected weight.</param>
    /// <param name="leave">Whether they stay in the file until somebody asks for all of them.</param>
    internal void Take(FilePanels panels, bool leave)
    {
        if (leave)
            _file = panels;
        else
            panels.Load(Pointer);
    }

    /// <summary>Keeps the values, also if the set is disposed of, until what this returns is disposed of.</summary>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    internal AlignedBuffer.Lease Hold() => _owner.Hold();

    /// <summary>Copies the values out in the dense order of <see cref="ParameterSpec.Dimensions"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has not exactly <see cref="ParameterSpec.Length"/> elements.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public void CopyTo(Span<float> destination)
    {
        CheckLength(destination.Length);
        CopyRange(0, destination);
    }

    /// <summary>Copies some values out, in the dense order of <see cref="ParameterSpec.Dimensions"/>.</summary>
    /// <param name="first">Index of the first value.</param>
    /// <param name="destination">Receives that value and those after it.</param>
    internal void CopyRange(long first, Span<float> destination)
    {
        using AlignedBuffer.Lease lease = _owner.Hold();
        ReadOnlySpan<float> storage = Storage;
        if (Spec.Role != ParameterRole.LinearWeight)
        {
            storage.Slice((int)first, destination.Length).CopyTo(destination);
            return;
        }
        (int inputs, int outputs) = (Spec.Dimensions[0], Spec.Dimensions[1]);
        (int input, int output) = ((int)(first / outputs), (int)(first % outputs));
        while (destination.Length > 0)
        {
            int column = output % Panel.Width, width = Math.Min(Math.Min(Panel.Width - column, outputs - output), destination.Length);
            storage.Slice(PanelRow(output - column, input, inputs) + column, width).CopyTo(destination);
            destination = destination[width..];
            output += width;
            if (output == outputs)
                (input, output) = (input + 1, 0);
        }
    }

    /// <summary>Sets the values from the dense order of <see cref="ParameterSpec.Dimensions"/>.</summary>
    /// <exception cref="ArgumentException"><paramref name="source"/> has not exactly <see cref="ParameterSpec.Length"/> elements.</exception>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    public void CopyFrom(ReadOnlySpan<float> source)
    {
        CheckLength(source.Length);
        using AlignedBuffer.Lease lease = _owner.Hold();
        Span<float> storage = Storage;
        if (Spec.Role != ParameterRole.LinearWeight)
        {
            source.CopyTo(storage);
            return;
        }
        (int inputs, int outputs) = (Spec.Dimensions[0], Spec.Dimensions[1]);
        for (int i = 0; i < inputs; i++)
            for (int o = 0; o < outputs; o += Panel.Width)
            {
                int width = Math.Min(Panel.Width, outputs - o);
                source.Slice(i * outputs + o, width).CopyTo(storage.Slice(PanelRow(o, i, inputs), width));
            }
    }

    /// <summary>Floats that the values of <paramref name="spec"/> take in memory.</summary>
    /// <exception cref="ArgumentException">They are more than a span can hold.</exception>
    internal static long LengthOfStorage(ParameterSpec spec)
    {
        long length = spec.Role != ParameterRole.LinearWeight
            ? spec.Length
            : (long)spec.Dimensions[0] * ((spec.Dimensions[1] + Panel.Width - 1L) / Panel.Width * Panel.Width);
        return length <= int.MaxValue ? length
            : throw new ArgumentException(FormattableString.Invariant($"parameter '{spec.Name}' takes {length} values in memory, but at most {int.MaxValue} fit; use fewer outputs (classes, in the last layer), a smaller image, or pooling before it"));
    }

    /// <summary>Index in storage of weight[input, output], where output is a multiple of the panel width.</summary>
    private static int PanelRow(int output, int input, int inputs) => output * inputs + input * Panel.Width;

    private void CheckLength(int length)
    {
        if (length != Spec.Length)
            throw new ArgumentException(FormattableString.Invariant($"parameter '{Name}' has {Spec.Length} values, but {length} were given"));
    }
}

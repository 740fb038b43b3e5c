using System.Collections.ObjectModel;
using AlexNetSharp.Diagnostics;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Models;

/// <summary>The values of all parameters of a network, or of their gradients, in one block of memory.</summary>
/// <remarks>
/// Plans read the values and keep prepared forms of them (transformed, packed); they notice a change by <see cref="Version"/>. Concurrent
/// reads are safe while nobody writes.
/// </remarks>
public sealed class ParameterSet : IDisposable
{
    /// <summary>Floats from which it is looked whether there is memory for them.</summary>
    private const long Worthwhile = 1 << 22;

    private readonly AlignedBuffer _buffer;
    private readonly Dictionary<string, Parameter> _byName = [];
    private readonly bool _isView;

    /// <summary>Creates the parameters of <paramref name="network"/>, all 0.</summary>
    /// <exception cref="InsufficientMemoryException">Not enough memory.</exception>
    public ParameterSet(Network network)
        : this(network, (network ?? throw new ArgumentNullException(nameof(network))).Parameters)
    {
    }

    /// <summary>The parameters of <paramref name="network"/> whose fully connected weights stay in a file until they are needed.</summary>
    /// <param name="network">The network.</param>
    /// <param name="file">The file, which is disposed of with the set.</param>
    /// <param name="demand">Whether there must be memory for all of them now.</param>
    /// <exception cref="InsufficientMemoryException">Not enough memory.</exception>
    internal ParameterSet(Network network, IDisposable file, bool demand)
        : this(network, network.Parameters, demand, file)
    {
    }

    /// <summary>Some parameters of <paramref name="network"/>, or tensors that belong to them, 0 everywhere.</summary>
    /// <param name="network">The network.</param>
    /// <param name="specs">The parameters.</param>
    /// <param name="demand">Whether there must be memory for all of them now.</param>
    /// <param name="file">A file to close with them; null for none.</param>
    /// <exception cref="InsufficientMemoryException">Not enough memory.</exception>
    internal ParameterSet(Network network, IReadOnlyList<ParameterSpec> specs, bool demand = true, IDisposable? file = null)
    {
        Network = network;
        long length = 0;
        var offsets = new List<long>();
        foreach (ParameterSpec spec in specs)
        {
            offsets.Add(length);
            length = checked(length + AlignedBuffer.WholeLines(Parameter.LengthOfStorage(spec)));
        }
        // Zeros cost nothing until they are written, and then it is too late to refuse them.
        if (demand && length >= Worthwhile)
            SystemMemory.Demand(checked(length * sizeof(float)), $"a set of the parameters of network '{network.Name}'", "use a smaller network or image, or fewer classes");
        _buffer = new AlignedBuffer(length) { Companion = file };
        Parameters = new ReadOnlyCollection<Parameter>([.. specs.Select((spec, i) => new Parameter(spec, _buffer, offsets[i]))]);
        foreach (Parameter parameter in Parameters)
            _byName.Add(parameter.Name, parameter);
    }

    /// <summary>The parameters of a part of a network; they share the memory of the whole set, which must outlive them.</summary>
    private ParameterSet(Network part, ParameterSet whole)
    {
        Network = part;
        _buffer = whole._buffer;
        _isView = true;
        Parameters = new ReadOnlyCollection<Parameter>([.. part.Parameters.Select(spec => whole[spec.Name])]);
        foreach (Parameter parameter in Parameters)
            _byName.Add(parameter.Name, parameter);
    }

    /// <summary>Creates parameters with initial values drawn by their <see cref="ParameterSpec.Initializer"/>s.</summary>
    /// <param name="network">The network.</param>
    /// <param name="seed">Key of the random numbers: the same seed gives the same bits on every machine.</param>
    /// <exception cref="InsufficientMemoryException">Not enough memory.</exception>
    public static ParameterSet Initialize(Network network, ulong seed)
    {
        var set = new ParameterSet(network);
        using AlignedBuffer.Lease lease = set.Hold();
        for (int i = 0; i < set.Parameters.Count; i++)
            ParameterInitialization.Fill(set.Parameters[i], seed, (uint)i);
        return set;
    }

    /// <summary>The network that the parameters belong to.</summary>
    public Network Network { get; }

    /// <summary>The parameters, in the order of the layers.</summary>
    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>Counts changes: a plan prepares the weights again when it differs from the number it saw last.</summary>
    internal long Version { get; private set; }

    /// <summary>Floats of all parameters, padding included.</summary>
    internal long StorageLength => _buffer.Length;

    /// <summary>The parameter named <paramref name="name"/>.</summary>
    /// <exception cref="KeyNotFoundException">There is none; the message lists the names.</exception>
    public Parameter this[string name] => Find(name) ?? throw new KeyNotFoundException(
        $"network '{Network.Name}' has no parameter '{name}'; it has {string.Join(", ", Parameters.Select(p => p.Name))}");

    /// <summary>The parameter named <paramref name="name"/>, or null.</summary>
    internal Parameter? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Keeps the values, also if the set is disposed of, until what this returns is disposed of.</summary>
    /// <exception cref="ObjectDisposedException">The set has been disposed.</exception>
    internal AlignedBuffer.Lease Hold() => _buffer.Hold();

    /// <summary>Copies the value of each parameter that <paramref name="source"/> has under the same name with the same shape.</summary>
    /// <param name="source">The parameters of another network, such as a trained one.</param>
    /// <param name="except">Names of parameters that keep their values, with * for any characters: <c>fc8.*</c>.</param>
    /// <returns>The parameters that were not copied, in the order of the layers, each with the reason.</returns>
    /// <exception cref="ObjectDisposedException">One of the sets has been disposed.</exception>
    public IReadOnlyList<(string Name, string Reason)> CopyMatching(ParameterSet source, params IReadOnlyList<string> except)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(except);
        var left = new List<(string, string)>();
        using AlignedBuffer.Lease taken = source.Hold(), given = Hold();
        foreach (Parameter parameter in Parameters)
        {
            Parameter? from = source.Find(parameter.Name);
            bool excepted = except.Any(pattern => ParameterGroup.Matches(pattern, parameter.Name));
            if (!excepted && from is not null && from.Spec.Dimensions.SequenceEqual(parameter.Spec.Dimensions))
                from.Storage.CopyTo(parameter.Storage);
            else
                left.Add((parameter.Name, excepted ? "it was excepted" : from is null
                    ? $"network '{source.Network.Name}' has no such parameter"
                    : $"its shape is [{string.Join(", ", from.Spec.Dimensions)}] there, [{string.Join(", ", parameter.Spec.Dimensions)}] here"));
        }
        MarkChanged();
        return left;
    }

    /// <summary>The parameters of a network made of some of the layers (<see cref="Network.From"/>), in the memory of this set.</summary>
    /// <param name="part">The part; this set must outlive the result.</param>
    /// <exception cref="KeyNotFoundException">The part has a parameter that this set lacks.</exception>
    public ParameterSet Of(Network part) => new(part, this);

    /// <summary>Marks all values as changed.</summary>
    public void MarkChanged()
    {
        Version++;
        // Not foreach, whose enumerator would be allocated in every step.
        for (int i = 0; i < Parameters.Count; i++)
            Parameters[i].Version = Version;
    }

    /// <summary>Marks the values of one parameter as changed: what a plan prepared from the others stays.</summary>
    internal void MarkChanged(Parameter parameter) => parameter.Version = ++Version;

    /// <summary>Frees the memory: the values, and plans that use them, throw <see cref="ObjectDisposedException"/> from then on.</summary>
    /// <remarks>
    /// A pass or an update that runs on another thread ends first, with the values; the memory is freed then. Spans of the values must not be used
    /// any more.
    /// </remarks>
    public void Dispose()
    {
        if (!_isView)
            _buffer.Dispose();
    }
}

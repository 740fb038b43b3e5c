using AlexNetSharp.Formats;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Models;

/// <summary>Finds the tensors of a file that are the parameters of a network, and copies them in the order that the kernels want.</summary>
/// <remarks>
/// Files keep kernels as [out, in, height, width] and matrices as [out, in], with fc6's inputs in the order channel, row, column
/// (PyTorch, Caffe, ONNX, and what we write), or as TensorFlow does and checkpoints of earlier versions: [height, width, in, out],
/// [in, out], row, column, channel. Those say so; in any other file the shape of the first kernel tells, and a shape that is both is
/// PyTorch's.
/// </remarks>
internal sealed class WeightMapping
{
    /// <summary>What the metadata <c>format</c> of a checkpoint of earlier versions says.</summary>
    private const string NativeFormat = "alexnetsharp";

    /// <summary>What follows the name of an 8-bit weight in the name of its scales, one for each output.</summary>
    public const string ScaleSuffix = "_scale";

    private readonly Network _network;
    private readonly IReadOnlyList<ParameterSpec> _wanted;
    private readonly NamedTensor[] _sources;
    private readonly bool _native;
    private readonly bool _flipColors;

    private WeightMapping(Network network, IReadOnlyList<ParameterSpec> wanted, NamedTensor[] sources, bool native, bool flipColors) =>
        (_network, _wanted, _sources, _native, _flipColors) = (network, wanted, sources, native, flipColors);

    /// <summary>The tensor that is parameter <paramref name="name"/>, or null.</summary>
    public static NamedTensor? Find(TensorFile file, string name)
    {
        foreach (string candidate in WeightNames.Candidates(name))
        {
            if (file.TryGet(candidate, out NamedTensor? tensor))
                return tensor;
        }
        return null;
    }

    /// <summary>The bias of the last layer of <paramref name="network"/>: by its name, or by its place.</summary>
    public static NamedTensor? FindLastBias(TensorFile file, Network network) =>
        Find(file, network.Parameters[^1].Name)
        ?? (file.Layers is { } layers && 2 * layers.Count == network.Parameters.Count ? layers[^1].Bias : null);

    /// <summary>Finds all parameters of <paramref name="network"/> and checks names, shapes and types; copies nothing yet.</summary>
    /// <param name="file">The file.</param>
    /// <param name="network">The network.</param>
    /// <param name="flipColors">Whether the first layer's input channels are blue, green, red in the file.</param>
    /// <remarks>Names decide; where one is missing, the order of the layers does, if the file shows it and every shape fits.</remarks>
    /// <exception cref="InvalidDataException">A parameter is missing or of another shape, or the file holds a tensor that the network has not.</exception>
    public static WeightMapping Check(TensorFile file, Network network, bool flipColors)
    {
        bool native = IsNative(file, network);
        NamedTensor?[] named = [.. network.Parameters.Select(spec => Find(file, spec.Name))];
        int missing = Array.IndexOf(named, null);
        NamedTensor[] sources = missing < 0 ? [.. named.OfType<NamedTensor>()] : ByOrder(file, network, named)
            ?? throw FormatError.At(file.Path, 0, Missing(file, network, named, network.Parameters[missing]));
        var known = new HashSet<NamedTensor>(sources);
        for (int i = 0; i < sources.Length; i++)
        {
            if (!native && network.Parameters[i].Role == ParameterRole.LinearWeight && ScalesOf(file, sources[i]) is { } scales)
            {
                known.Add(scales);
                sources[i] = sources[i].Scaled(scales.ToArray());
            }
            RequireFit(file, network, sources[i], network.Parameters[i], native);
        }
        NamedTensor? stranger = file.Tensors.FirstOrDefault(tensor => !WeightNames.IsTrainingState(tensor.Name) && !known.Contains(tensor));
        if (stranger is not null)
            FormatError.Throw(file.Path, stranger.Offset, $"the file holds tensor {FormatError.Quote(stranger.Name)} {FormatError.Shape(stranger.Shape)}, which network '{network.Name}' does not have; if the file is for another network, give its name");
        return new WeightMapping(network, network.Parameters, sources, native, flipColors);
    }

    /// <summary>Whether the shapes in <paramref name="file"/> are those of <paramref name="network"/>, by names or by order, but for the number of classes.</summary>
    public static bool FitsButForClasses(TensorFile file, Network network)
    {
        IReadOnlyList<ParameterSpec> wanted = network.Parameters;
        if (file.Tensors.Count(tensor => !WeightNames.IsTrainingState(tensor.Name)) != wanted.Count || wanted.Count < 4)
            return false;
        NamedTensor?[] named = [.. wanted.Select(spec => Find(file, spec.Name))];
        NamedTensor?[] sources = named.Contains(null) ? InOrder(file, network) ?? [] : named;
        if (sources.Length != wanted.Count || sources.Contains(null))
            return false;
        bool native = IsNative(file, network);
        for (int i = 0; i < sources.Length; i++)
        {
            long[] expected = native ? Native(wanted[i]) : Foreign(wanted[i]), found = Plain(sources[i]!.Shape, expected.Length);
            // The last layer has as many outputs as there are classes.
            if (i >= sources.Length - 2 && found.Length == expected.Length)
                expected[native ? ^1 : 0] = found[native ? ^1 : 0];
            if (!Fits(sources[i]!.Shape, expected))
                return false;
        }
        return true;
    }

    /// <summary>The weights in the order of the layers, if names do not say otherwise and all shapes fit; else null.</summary>
    private static NamedTensor[]? ByOrder(TensorFile file, Network network, NamedTensor?[] named)
    {
        if (InOrder(file, network) is not { } ordered)
            return null;
        for (int i = 0; i < ordered.Length; i++)
            if ((named[i] is { } other && other != ordered[i]) || !Fits(ordered[i].Shape, Foreign(network.Parameters[i])))
                return null;
        return ordered;
    }

    private static NamedTensor[]? InOrder(TensorFile file, Network network) =>
        file.Layers is { } layers && 2 * layers.Count == network.Parameters.Count && layers.All(layer => layer.Bias is not null)
            ? [.. layers.SelectMany(layer => (NamedTensor[])[layer.Weight, layer.Bias!])] : null;

    private static string Missing(TensorFile file, Network network, NamedTensor?[] named, ParameterSpec spec)
    {
        string[] candidates = [.. file.Tensors.Where(tensor => !named.Contains(tensor) && Fits(tensor.Shape, Foreign(spec))).Select(tensor => FormatError.Quote(tensor.Name)).Take(3)];
        string hint = candidates.Length > 0 ? $"by its shape it could be {string.Join(" or ", candidates)}" : "if the file is for another network, give its name";
        return $"no tensor is {spec.Name} of network '{network.Name}' (looked for {string.Join(", ", WeightNames.Candidates(spec.Name))}); {hint}";
    }

    /// <summary>A shape without leading sizes of 1 beyond <paramref name="dimensions"/>.</summary>
    private static long[] Plain(ReadOnlySpan<long> shape, int dimensions)
    {
        while (shape.Length > dimensions && shape[0] == 1)
            shape = shape[1..];
        return shape.ToArray();
    }

    /// <summary>Finds values that belong to parameters (gradients, an optimizer's state) under names of their own.</summary>
    /// <param name="file">The file.</param>
    /// <param name="network">The network.</param>
    /// <param name="wanted">The parameters.</param>
    /// <param name="name">The name of the tensor that belongs to a parameter.</param>
    /// <exception cref="InvalidDataException">A tensor is missing or of another shape.</exception>
    public static WeightMapping Check(TensorFile file, Network network, IReadOnlyList<ParameterSpec> wanted, Func<string, string> name)
    {
        bool native = IsNative(file, network);
        NamedTensor[] sources = [.. wanted.Select(spec => file.TryGet(name(spec.Name), out NamedTensor? tensor) ? tensor
            : throw FormatError.At(file.Path, 0, $"tensor {FormatError.Quote(name(spec.Name))} is missing"))];
        for (int i = 0; i < sources.Length; i++)
            RequireFit(file, network, sources[i], wanted[i], native);
        return new WeightMapping(network, wanted, sources, native, flipColors: false);
    }

    /// <summary>The scales of a matrix of 8-bit weights [out, in], one for each output; null if the tensor is none, or has none.</summary>
    /// <exception cref="InvalidDataException">They are no floating-point numbers, or more or fewer than outputs.</exception>
    private static NamedTensor? ScalesOf(TensorFile file, NamedTensor weight)
    {
        if (weight.Type != TensorType.I8 || !file.TryGet(weight.Name + ScaleSuffix, out NamedTensor? scales))
            return null;
        if (!scales.IsFloatingPoint || weight.Shape.Length == 0 || scales.Count != weight.Shape[0])
            FormatError.Throw(file.Path, scales.Offset, $"tensor {FormatError.Quote(scales.Name)} is {scales.Type} {FormatError.Shape(scales.Shape)}, but {FormatError.Quote(weight.Name)} {FormatError.Shape(weight.Shape)} needs one floating-point scale for each output");
        return scales;
    }

    /// <summary>Whether the file keeps kernels as [height, width, in, out], as TensorFlow does and checkpoints of earlier versions.</summary>
    private static bool IsNative(TensorFile file, Network network)
    {
        ParameterSpec? kernel = network.Parameters.FirstOrDefault(spec => spec.Role == ParameterRole.ConvolutionWeight);
        return file.Metadata.GetValueOrDefault("format") == NativeFormat
            || (kernel is not null && Find(file, kernel.Name) is { } first
                && first.Shape.SequenceEqual(Native(kernel)) && !first.Shape.SequenceEqual(Foreign(kernel)));
    }

    private static void RequireFit(TensorFile file, Network network, NamedTensor tensor, ParameterSpec spec, bool native)
    {
        long[] expected = native ? Native(spec) : Foreign(spec);
        if (!Fits(tensor.Shape, expected))
            FormatError.Throw(file.Path, tensor.Offset, $"tensor {FormatError.Quote(tensor.Name)} has the shape {FormatError.Shape(tensor.Shape)}, but {spec.Name} of network '{network.Name}' needs {FormatError.Shape(expected)}; if the file is for another network, give its name");
        if (!tensor.IsFloatingPoint)
            FormatError.Throw(file.Path, tensor.Offset, $"tensor {FormatError.Quote(tensor.Name)} holds {tensor.Type} elements; weights must be F32, F16, BF16 or F64, or those of fully connected layers I8 with scales in {FormatError.Quote(tensor.Name + ScaleSuffix)}");
    }

    /// <summary>Whether a fully connected weight can stay in the file.</summary>
    public bool CanLeaveMatrices => !_native && _wanted.Zip(_sources).Any(pair => pair.First.Role == ParameterRole.LinearWeight && pair.Second.CanStayInFile);

    /// <summary>Copies everything into <paramref name="parameters"/>, by name.</summary>
    /// <param name="parameters">Receives the values.</param>
    /// <param name="leaveMatrices">Whether fully connected weights stay in the file where they can, which must remain open then.</param>
    /// <returns>What came from where, in the order of the parameters.</returns>
    /// <exception cref="IOException">The file cannot be read any more.</exception>
    public List<WeightTransfer> CopyTo(ParameterSet parameters, bool leaveMatrices = false)
    {
        var transfers = new List<WeightTransfer>();
        using AlignedBuffer.Lease lease = parameters.Hold();
        for (int i = 0; i < _sources.Length; i++)
        {
            NamedTensor source = _sources[i];
            Parameter target = parameters[_wanted[i].Name];
            bool flip = _flipColors && i == 0 && target.Spec.Role == ParameterRole.ConvolutionWeight;
            (string change, string fileChange) = target.Spec.Role switch
            {
                ParameterRole.ConvolutionWeight => CopyKernels(source, target, flip),
                ParameterRole.LinearWeight => CopyMatrix(source, target, FlattenedMap(_network, target.Name), leaveMatrices),
                _ => CopyBias(source, target),
            };
            if (source.Note.Length > 0)
                (change, fileChange) = (With(change, source.Note), With(fileChange, source.Note));
            else if (!IsNamed(source, target.Name))
                (change, fileChange) = (With(change, "by order"), With(fileChange, "by order"));
            transfers.Add(new WeightTransfer(source.Name, source.Type, source.Shape.ToArray(), target.Name, change, fileChange));
        }
        parameters.MarkChanged();
        return transfers;

        static string With(string change, string more) => change.Length == 0 ? more : $"{change}, {more}";

        static bool IsNamed(NamedTensor source, string name) =>
            source.Name.Contains(name, StringComparison.Ordinal) || WeightNames.Candidates(name).Contains(WeightNames.Unwrapped(source.Name));
    }

    /// <summary>The map that a fully connected layer reads as a vector; null if it reads a vector or a map of one pixel.</summary>
    internal static Shape? FlattenedMap(Network network, string parameter)
    {
        for (int i = 0; i < network.Layers.Count; i++)
        {
            // What an optimizer remembers of a weight has the weight's name and a suffix, and its order.
            if (network.Layers[i] is not Linear linear || !$"{parameter}.".StartsWith($"{linear.Name}.weight.", StringComparison.Ordinal))
                continue;
            // Flatten, ReLU and dropout keep the order; anything else with a map before it ends the search.
            int at = i;
            while (at > 0 && network.InputOf(at).IsVector && network.Layers[at - 1] is Flatten or ReLU or Dropout)
                at--;
            Shape map = network.InputOf(at);
            return map.IsVector || map.Height * map.Width == 1 ? null : map;
        }
        return null;
    }

    private static (string Change, string FileChange) CopyBias(NamedTensor source, Parameter target)
    {
        source.CopyTo(target.Storage);
        return ("", "");
    }

    private (string Change, string FileChange) CopyKernels(NamedTensor source, Parameter target, bool flip)
    {
        if (_native)
        {
            source.CopyTo(target.Storage);
            return ("", "HWIO → OIHW");
        }
        KernelOrder.Load(source, target, flip);
        return flip ? ("OIHW → HWIO, BGR → RGB", "BGR → RGB") : ("OIHW → HWIO", "");
    }

    private (string Change, string FileChange) CopyMatrix(NamedTensor source, Parameter target, Shape? map, bool leave)
    {
        string Inputs(string change) => map is { } shape ? FormattableString.Invariant($", {change} ({shape.Channels}×{shape.Height}×{shape.Width})") : "";
        if (_native)
        {
            MatrixPanels.LoadInputMajor(source, target);
            return ("", "[in, out] → [out, in]" + Inputs("h·w·c → c·h·w"));
        }
        if (source.HasInputsByPixel)
        {
            Take(map: null);
            return ("[out, in] → [in, out]", Inputs("h·w·c → c·h·w").TrimStart(',', ' '));
        }
        Take(map);
        return ("[out, in] → [in, out]" + Inputs("c·h·w → h·w·c"), "");

        void Take(Shape? map) => target.Take(new FilePanels(source, target.Spec, map), leave && source.CanStayInFile);
    }

    /// <summary>The shape of a parameter in our own order.</summary>
    private static long[] Native(ParameterSpec spec) => [.. spec.Dimensions.Select(size => (long)size)];

    /// <summary>The shape of a parameter in PyTorch's order.</summary>
    public static long[] Foreign(ParameterSpec spec)
    {
        IReadOnlyList<int> d = spec.Dimensions;
        return spec.Role switch
        {
            ParameterRole.ConvolutionWeight => [d[3], d[2], d[0], d[1]],
            ParameterRole.LinearWeight => [d[1], d[0]],
            _ => [d[0]],
        };
    }

    /// <summary>Whether a shape is the expected one; leading sizes of 1 (Caffe's old blobs) and inputs written as a map do not matter.</summary>
    private static bool Fits(ReadOnlySpan<long> shape, ReadOnlySpan<long> expected)
    {
        shape = Plain(shape, expected.Length);
        if (shape.SequenceEqual(expected))
            return true;
        if (expected.Length != 2 || shape.Length != 4 || shape[0] != expected[0])
            return false;
        return (Int128)shape[1] * shape[2] * shape[3] == expected[1];
    }
}

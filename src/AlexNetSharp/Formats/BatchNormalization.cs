using System.Runtime.InteropServices;

namespace AlexNetSharp.Formats;

/// <summary>
/// Batch normalization as inference computes it, taken into the weights of the layer before it (Ioffe, Szegedy 2015, section 3.1).
/// </summary>
/// <remarks>
/// It takes the output y of channel o to (y − mean[o]) · factor[o] + shift[o] with factor = scale / √(variance + epsilon): weights times
/// factor, and a bias of (bias − mean) · factor + shift, do the same. Computed in float64 and rounded once.
/// </remarks>
internal static class BatchNormalization
{
    /// <summary>PyTorch's default, which its files do not carry.</summary>
    private const float DefaultEpsilon = 1e-5f;

    private const string MeanRole = "running_mean", VarianceRole = "running_var", CountRole = "num_batches_tracked";

    /// <summary>The weights and the bias of a layer together with the normalization behind it.</summary>
    /// <param name="weight">[out, …].</param>
    /// <param name="bias">[out]; null for zeros.</param>
    /// <param name="biasName">What the new bias is called.</param>
    /// <param name="scale">One for each output, as all the following; null for ones.</param>
    /// <param name="shift">Null for zeros.</param>
    /// <param name="mean">Means.</param>
    /// <param name="variance">Variances.</param>
    /// <param name="epsilon">What is added to a variance.</param>
    public static (NamedTensor Weight, NamedTensor Bias) Fold(
        NamedTensor weight, NamedTensor? bias, string biasName, float[]? scale, float[]? shift, float[] mean, float[] variance, float epsilon)
    {
        int outputs = mean.Length, each = outputs == 0 ? 0 : (int)(weight.Count / outputs);
        byte[] weights = new byte[weight.Count * sizeof(float)], biases = new byte[outputs * sizeof(float)];
        Span<float> w = MemoryMarshal.Cast<byte, float>(weights.AsSpan()), b = MemoryMarshal.Cast<byte, float>(biases.AsSpan());
        weight.CopyTo(w);
        bias?.CopyTo(b);
        for (int o = 0; o < outputs; o++)
        {
            double factor = (scale?[o] ?? 1) / Math.Sqrt((double)variance[o] + epsilon);
            foreach (ref float value in w.Slice(o * each, each))
                value = (float)(value * factor);
            b[o] = (float)((b[o] - (double)mean[o]) * factor + (shift?[o] ?? 0));
        }
        return (
            new NamedTensor(weight.Name, TensorType.F32, weight.Shape.ToArray(), weights, 0, null),
            new NamedTensor(biasName, TensorType.F32, [outputs], biases, 0, null));
    }

    /// <summary>
    /// The tensors of a state dict of PyTorch as those of the network without its batch normalizations: they are taken into the layers before
    /// them, and members of a Sequential have the numbers that they have without them. So a vgg16_bn's features.3.weight is features.2.weight.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <returns>Names and tensors; null if no normalization is there.</returns>
    /// <exception cref="InvalidDataException">A normalization does not follow a layer of as many outputs in a Sequential; the message names it.</exception>
    public static List<(string Name, NamedTensor Tensor)>? TakenIn(TensorFile file)
    {
        var tensors = new List<(string Module, string Role, NamedTensor Tensor)>();
        var byName = new Dictionary<(string, string), int>();
        foreach (NamedTensor tensor in file.Tensors)
        {
            string name = WeightNames.Unwrapped(tensor.Name);
            int dot = name.LastIndexOf('.');
            (string module, string role) = dot < 0 ? ("", name) : (name[..dot], name[(dot + 1)..]);
            if (!byName.TryAdd((module, role), tensors.Count))
                return null;
            tensors.Add((module, role, tensor));
        }
        string[] norms = [.. tensors.Where(tensor => tensor.Role == MeanRole && byName.ContainsKey((tensor.Module, VarianceRole))).Select(tensor => tensor.Module)];
        if (norms.Length == 0)
            return null;

        var replaced = new Dictionary<string, (NamedTensor Weight, NamedTensor Bias)>();
        var removed = new HashSet<string>();
        foreach (string norm in norms)
        {
            NamedTensor mean = Get(norm, MeanRole)!;
            // Only the numbers of a Sequential tell that nothing lies between, such as a ReLU, which would make it another network.
            string? layer = SequentialNumbers.Split(norm) is (string parent, > 0 and int number) ? SequentialNumbers.Join(parent, number - 1) : null;
            NamedTensor? weight = layer is null ? null : Get(layer, "weight"), bias = layer is null ? null : Get(layer, "bias");
            NamedTensor?[] vectors = [Get(norm, "weight"), Get(norm, "bias"), mean, Get(norm, VarianceRole)];
            if (weight is not { IsFloatingPoint: true, Shape.Length: >= 2 } || weight.Shape[0] != mean.Count || (bias is not null && (!bias.IsFloatingPoint || bias.Count != mean.Count))
                || vectors.Any(vector => vector is not null && (!vector.IsFloatingPoint || vector.Shape.Length != 1 || vector.Count != mean.Count)) || weight.Count > Array.MaxLength / sizeof(float))
                throw FormatError.At(file.Path, mean.Offset, FormattableString.Invariant(
                    $"the batch normalization {FormatError.Quote(norm)} of {mean.Count} channels is no member of a Sequential right behind a layer of as many outputs (features.0, features.1), into whose weights it could be taken; export the model as ONNX, which tells what lies between"));
            (NamedTensor Weight, NamedTensor Bias) folded = Fold(
                weight, bias, bias?.Name ?? weight.Name[..^"weight".Length] + "bias", vectors[0]?.ToArray(), vectors[1]?.ToArray(), mean.ToArray(), vectors[3]!.ToArray(), DefaultEpsilon);
            replaced[layer!] = (folded.Weight.WithNote($"{norm} taken in"), folded.Bias.WithNote($"{norm} taken in"));
            removed.Add(norm);
        }
        var numbers = new SequentialNumbers(removed);
        var result = new List<(string Name, NamedTensor Tensor)>();
        foreach ((string module, string role, NamedTensor tensor) in tensors)
        {
            if (removed.Contains(module) && (role is MeanRole or VarianceRole or CountRole or "weight" or "bias"))
                continue;
            string name = numbers.Without(module);
            if (!replaced.TryGetValue(module, out (NamedTensor Weight, NamedTensor Bias) folded) || role is not ("weight" or "bias"))
                result.Add((name.Length == 0 ? role : $"{name}.{role}", tensor));
            else if (role == "weight")
                result.AddRange([($"{name}.weight", folded.Weight), ($"{name}.bias", folded.Bias)]);
        }
        return result.DistinctBy(entry => entry.Name).Count() == result.Count ? result : null;

        NamedTensor? Get(string module, string role) => byName.TryGetValue((module, role), out int index) ? tensors[index].Tensor : null;
    }

    /// <summary>The numbers of a Sequential's members when some are left out.</summary>
    private sealed class SequentialNumbers(IReadOnlySet<string> removed)
    {
        private readonly Dictionary<string, int[]> _gaps = removed.Select(Split).OfType<(string Parent, int Number)>()
            .GroupBy(member => member.Parent).ToDictionary(group => group.Key, group => group.Select(member => member.Number).Order().ToArray());

        /// <summary>Parent and number of a module that is called by a number.</summary>
        public static (string Parent, int Number)? Split(string module)
        {
            int dot = module.LastIndexOf('.');
            return int.TryParse(module[(dot + 1)..], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int number)
                ? (module[..Math.Max(dot, 0)], number) : null;
        }

        /// <summary>The other way round.</summary>
        public static string Join(string parent, int number) => FormattableString.Invariant($"{(parent.Length == 0 ? "" : parent + ".")}{number}");

        /// <summary>The name of a module without the others; only its last part is a number that changes.</summary>
        public string Without(string module)
        {
            if (Split(module) is not (string parent, int number) || !_gaps.TryGetValue(parent, out int[]? gaps))
                return module;
            int before = ~Array.BinarySearch(gaps, number);
            return Join(parent, number - Math.Max(before, 0));
        }
    }
}

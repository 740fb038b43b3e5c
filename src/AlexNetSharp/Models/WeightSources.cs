using AlexNetSharp.Formats;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Models;

/// <summary>The weights of a network as tensors to write, in PyTorch's order: [out, in, height, width], [out, in], inputs by channel, row, column.</summary>
internal static class WeightSources
{
    /// <summary>All parameters in the order of the layers.</summary>
    /// <param name="parameters">The weights.</param>
    /// <param name="torchvisionNames">Whether torchvision's network gets torchvision's names (features.0.weight) instead of ours (conv1.weight).</param>
    public static List<TensorSource> Of(ParameterSet parameters, bool torchvisionNames = true)
    {
        bool torchvision = torchvisionNames && parameters.Network.Name == "torchvision";
        return Of(parameters, name => (torchvision ? WeightNames.Torchvision(name) : null) ?? name);
    }

    /// <summary>All parameters in the order of the layers, fully connected weights as 8-bit integers; behind all of them the scales of those.</summary>
    /// <remarks>weight[o, i] = I8[o, i] · scale[o]; the scales are named as the weight with <see cref="WeightMapping.ScaleSuffix"/> behind.</remarks>
    public static List<TensorSource> Int8Of(ParameterSet parameters)
    {
        List<TensorSource> sources = Of(parameters), scales = [];
        for (int i = 0; i < sources.Count; i++)
        {
            Parameter parameter = parameters.Parameters[i];
            TensorSource plain = sources[i];
            if (parameter.Spec.Role != ParameterRole.LinearWeight)
                continue;
            (int inputs, int outputs) = (parameter.Spec.Dimensions[0], parameter.Spec.Dimensions[1]);
            float[] scale = MatrixPanels.Scales(parameter);
            if (Array.FindIndex(scale, s => !float.IsFinite(s)) is >= 0 and int bad)
                throw new InvalidDataException(FormattableString.Invariant(
                    $"tensor {FormatError.Quote(plain.Name)}: the weights of output {bad} are not all finite, so they have no 8-bit form; write F32"));
            // Only while they are written: a quarter of the weight's memory.
            var quantized = new Lazy<sbyte[]>(() => MatrixPanels.Quantize(parameter, scale));
            int[] position = MatrixPanels.Positions(inputs, WeightMapping.FlattenedMap(parameters.Network, parameter.Name));
            sources[i] = plain with
            {
                Type = TensorType.I8,
                Fill = (first, destination) => MatrixPanels.Save<sbyte>(quantized.Value, position, first, destination),
            };
            scales.Add(TensorSource.Of(plain.Name + WeightMapping.ScaleSuffix, [outputs], scale) with { Type = TensorType.F32 });
        }
        return [.. sources, .. scales];
    }

    /// <summary>All parameters in the order of the layers, under names of the caller's choice.</summary>
    public static List<TensorSource> Of(ParameterSet parameters, Func<string, string> name) =>
        [.. parameters.Parameters.Select(parameter =>
            new TensorSource(name(parameter.Name), WeightMapping.Foreign(parameter.Spec), Filler(parameters.Network, parameter)))];

    private static TensorSource.Filler Filler(Network network, Parameter parameter)
    {
        TensorSource.Filler fill = Values(network, parameter);
        return (first, destination) =>
        {
            using AlignedBuffer.Lease lease = parameter.Hold();
            fill(first, destination);
        };
    }

    private static TensorSource.Filler Values(Network network, Parameter parameter)
    {
        switch (parameter.Spec.Role)
        {
            case ParameterRole.ConvolutionWeight:
                return (first, destination) => KernelOrder.ToOihw(parameter.Storage, parameter.Spec.Dimensions, first, destination);
            case ParameterRole.LinearWeight:
                int[] position = MatrixPanels.Positions(parameter.Spec.Dimensions[0], WeightMapping.FlattenedMap(network, parameter.Name));
                return (first, destination) => MatrixPanels.Save<float>(parameter.Storage, position, first, destination);
            default:
                return (first, destination) => parameter.Storage.Slice((int)first, destination.Length).CopyTo(destination);
        }
    }
}

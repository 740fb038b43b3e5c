using AlexNetSharp.Formats;
using AlexNetSharp.Networks;

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

    /// <summary>All parameters in the order of the layers, under names of the caller's choice.</summary>
    public static List<TensorSource> Of(ParameterSet parameters, Func<string, string> name) =>
        [.. parameters.Parameters.Select(parameter =>
            new TensorSource(name(parameter.Name), WeightMapping.Foreign(parameter.Spec), Filler(parameters.Network, parameter)))];

    private static TensorSource.Filler Filler(Network network, Parameter parameter)
    {
        switch (parameter.Spec.Role)
        {
            case ParameterRole.ConvolutionWeight:
                return (first, destination) => KernelOrder.ToOihw(parameter.Storage, parameter.Spec.Dimensions, first, destination);
            case ParameterRole.LinearWeight:
                int[] position = MatrixPanels.Positions(parameter.Spec.Dimensions[0], WeightMapping.FlattenedMap(network, parameter.Name));
                return (first, destination) => MatrixPanels.Save(parameter, position, first, destination);
            default:
                return (first, destination) => parameter.Storage.Slice((int)first, destination.Length).CopyTo(destination);
        }
    }
}

using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Tests.Formats;

/// <summary>Networks with the layers of the known ones, but so few channels that files of them are small.</summary>
internal static class NarrowNetworks
{
    /// <summary>torchvision's layers with the widths of tools/golden/make_pytorch.py.</summary>
    public static Network Torchvision(int classes = 10) => Narrow(AlexNet.Torchvision(classes, 63), [8, 16, 24, 16, 16], 32);

    /// <summary>The same network with other widths: convolutions in order, and every hidden fully connected layer.</summary>
    public static Network Narrow(Network network, int[] widths, int hidden)
    {
        int conv = 0, lastLinear = network.Layers.Select((layer, i) => layer is Linear ? i : -1).Max();
        return new Network(network.Name, network.InputShape, network.Layers.Select((layer, i) => layer switch
        {
            Conv2d c => c.With(widths[conv++]),
            Linear linear when i != lastLinear => linear.With(hidden),
            _ => layer,
        }));
    }

    /// <summary>Weights that make outputs of about size 1, so that agreement to 1e-5 means something; the same for the same seed.</summary>
    public static ParameterSet RandomWeights(Network network, int seed)
    {
        var random = new System.Random(seed);
        var parameters = new ParameterSet(network);
        foreach (Parameter parameter in parameters.Parameters)
        {
            float[] values = new float[parameter.Spec.Length];
            double scale = parameter.Spec.Role == ParameterRole.Bias ? 0.1 : Math.Sqrt(6.0 / parameter.Spec.FanIn);
            for (int i = 0; i < values.Length; i++)
                values[i] = (float)((random.NextDouble() * 2 - 1) * scale);
            parameter.CopyFrom(values);
        }
        parameters.MarkChanged();
        return parameters;
    }

    /// <summary>The value of parameter [in our dense order] for every index.</summary>
    public static float[] Dense(Parameter parameter)
    {
        float[] values = new float[parameter.Spec.Length];
        parameter.CopyTo(values);
        return values;
    }
}

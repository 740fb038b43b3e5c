using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Rivals;

/// <summary>The network, weights and images shared by all runners.</summary>
internal sealed class Workload : IDisposable
{
    public const ulong Seed = 1;

    public Workload(Network network, int batch)
    {
        Network = network;
        Batch = batch;
        Parameters = ParameterSet.Initialize(network, Seed);
        Images = new float[checked((int)(batch * network.InputShape.Length))];
        // Never zeros: zeros, denormals or equal numbers could change the speed.
        var random = new System.Random(1);
        for (int i = 0; i < Images.Length; i++)
            Images[i] = 0.1f * Normal(random);
    }

    public Network Network { get; }

    public int Batch { get; }

    public ParameterSet Parameters { get; }

    /// <summary>The images, [batch, height, width, channels].</summary>
    public float[] Images { get; }

    /// <summary>Returns the values of a parameter in PyTorch's layout: [out, in, kh, kw], or [out, in] with the inputs of the first fully connected layer in c, h, w order.</summary>
    public (float[] Values, long[] Shape) InTorchOrder(string name)
    {
        Parameter parameter = Parameters[name];
        ParameterSpec spec = parameter.Spec;
        float[] dense = new float[spec.Length];
        parameter.CopyTo(dense);
        float[] result = new float[spec.Length];
        switch (spec.Role)
        {
            case ParameterRole.ConvolutionWeight:
                (int kernel, int ic, int oc) = (spec.Dimensions[0] * spec.Dimensions[1], spec.Dimensions[2], spec.Dimensions[3]);
                for (int k = 0; k < kernel; k++)
                    for (int i = 0; i < ic; i++)
                        for (int o = 0; o < oc; o++)
                            result[((long)o * ic + i) * kernel + k] = dense[((long)k * ic + i) * oc + o];
                return (result, [oc, ic, spec.Dimensions[0], spec.Dimensions[1]]);
            case ParameterRole.LinearWeight:
                (int inputs, int outputs) = (spec.Dimensions[0], spec.Dimensions[1]);
                Shape map = MapBefore(name);
                int pixels = map.Height * map.Width;
                for (int i = 0; i < inputs; i++)
                {
                    int torchIndex = i % map.Channels * pixels + i / map.Channels;
                    for (int o = 0; o < outputs; o++)
                        result[(long)o * inputs + torchIndex] = dense[(long)i * outputs + o];
                }
                return (result, [outputs, inputs]);
            default:
                return (dense, [spec.Length]);
        }
    }

    /// <summary>Returns the images in PyTorch's layout, [batch, channels, height, width].</summary>
    public float[] ImagesInTorchOrder() => InTorchOrder(Images);

    /// <summary>Converts images to PyTorch's layout.</summary>
    /// <param name="images">[batch, height, width, channels].</param>
    public float[] InTorchOrder(ReadOnlySpan<float> images)
    {
        Shape shape = Network.InputShape;
        float[] result = new float[images.Length];
        int pixels = shape.Height * shape.Width;
        for (int n = 0; n < Batch; n++)
            for (int p = 0; p < pixels; p++)
                for (int c = 0; c < shape.Channels; c++)
                    result[(n * shape.Channels + c) * pixels + p] = images[(n * pixels + p) * shape.Channels + c];
        return result;
    }

    public void Dispose() => Parameters.Dispose();

    /// <summary>Returns the shape of the map that a fully connected layer flattens; a vector counts as 1×1.</summary>
    private Shape MapBefore(string parameter)
    {
        int layer = Network.IndexOf(parameter[..parameter.LastIndexOf('.')]);
        while (layer > 0 && Network.Layers[layer - 1] is Flatten or Dropout)
            layer--;
        return Network.InputOf(layer);
    }

    private static float Normal(System.Random random) =>
        (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
}

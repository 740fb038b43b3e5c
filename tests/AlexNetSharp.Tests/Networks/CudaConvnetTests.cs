using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Tests.Networks;

public sealed class CudaConvnetTests
{
    [Theory]
    [InlineData(32, 3, new[] { 16, 8, 4 })]
    [InlineData(28, 1, new[] { 14, 7, 3 })]
    public void PoolsRoundUp(int size, int channels, int[] sizes)
    {
        foreach (Network network in new[] { CudaConvnet.Quick(10, size, channels), CudaConvnet.Full(10, size, channels) })
            Assert.Equal(sizes, new[] { "pool1", "pool2", "pool3" }.Select(pool => network.OutputOf(network.IndexOf(pool)).Height));
    }

    [Fact]
    public void QuickHasThePublishedParameters()
    {
        Network network = CudaConvnet.Quick();
        // 5·5·3·32 + 32 + 5·5·32·32 + 32 + 5·5·32·64 + 64 + 1024·64 + 64 + 64·10 + 10
        Assert.Equal(145578, network.ParameterCount);
        Dictionary<string, ParameterSpec> specs = network.Parameters.ToDictionary(spec => spec.Name);
        Assert.Equal(0.0001f, Assert.IsType<NormalInitializer>(specs["conv1.weight"].Initializer).StandardDeviation);
        Assert.Equal(0.1f, Assert.IsType<NormalInitializer>(specs["fc64.weight"].Initializer).StandardDeviation);
        Dictionary<string, ParameterSettings> settings = Settings(network);
        Assert.Equal(0.004f, 0.004f * settings["conv3.weight"].WeightDecayFactor);
        Assert.Equal(0.03f, 0.004f * settings["fc10.weight"].WeightDecayFactor, 1e-7f);
        Assert.All(network.Parameters.Where(spec => spec.Role == ParameterRole.Bias), spec => Assert.Equal(new ParameterSettings(2, 0, false), settings[spec.Name]));
    }

    [Fact]
    public void FullHasThePublishedParameters()
    {
        Network network = CudaConvnet.Full();
        Assert.Equal(89578, network.ParameterCount); // Caffe counts the same for cifar10_full
        Assert.Equal(1, 0.004f * Settings(network)["fc10.weight"].WeightDecayFactor, 1e-6f);
        Assert.Equal(2, network.Layers.OfType<WithinChannelNorm>().Count());
    }

    private static Dictionary<string, ParameterSettings> Settings(Network network) => network.Parameters
        .Zip(ParameterGroup.Resolve(network, TrainingRecipe.For(network.Name).Groups))
        .ToDictionary(pair => pair.First.Name, pair => pair.Second);
}

using AlexNetSharp.Networks;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Training;

public sealed class InitializationTests
{
    private static readonly Network s_network = AlexNet.TensorFlow(classes: 10, imageSize: 67, reluAfterLogits: false);

    [Fact]
    public void ThePapersBiasesAreOneInConv2Conv4Conv5AndTheHiddenLayers()
    {
        Network paper = Initialization.Paper(s_network);
        string[] ones = [.. paper.Parameters.Where(p => p.Initializer is ConstantInitializer { Value: 1 }).Select(p => p.Name)];
        Assert.Equal(["conv2.bias", "conv4.bias", "conv5.bias", "fc6.bias", "fc7.bias"], ones);
        Assert.All(paper.Parameters.Where(p => p.Role != ParameterRole.Bias), p => Assert.Equal(0.01f, Assert.IsType<NormalInitializer>(p.Initializer).StandardDeviation));
    }

    [Fact]
    public void HeAndNotebookReplaceEveryInitializer()
    {
        Network he = Initialization.He(s_network);
        Assert.All(he.Parameters, p => Assert.True(
            p.Role == ParameterRole.Bias ? p.Initializer is ConstantInitializer { Value: 0 } : p.Initializer is HeInitializer));
        Assert.NotEqual(s_network.ToJson(), he.ToJson());
        Assert.Equal(s_network.ToJson(), Initialization.Notebook(he).ToJson());
    }

    [Fact]
    public void OnlyTheInitialValuesChange()
    {
        Network he = Initialization.He(CudaConvnet.Quick());
        Assert.Equal("cifar10-quick", he.Name);
        Assert.Equal(CudaConvnet.Quick().Layers.Select(layer => (layer.GetType(), layer.Name, layer.Details)), he.Layers.Select(layer => (layer.GetType(), layer.Name, layer.Details)));
    }
}

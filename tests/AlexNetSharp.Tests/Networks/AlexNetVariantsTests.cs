using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Tests.Networks;

public class AlexNetVariantsTests
{
    // Counts that the sources publish: torchvision's documentation (61,100,840), Caffe's 60.97 M.
    [Theory]
    [InlineData("torchvision", 61_100_840, 224)]
    [InlineData("tensorflow", 61_100_840, 224)]
    [InlineData("paper", 60_965_224, 224)]
    [InlineData("caffe", 60_965_224, 227)]
    [InlineData("caffenet", 60_965_224, 227)]
    public void ParametersAreAsManyAsPublished(string name, long parameters, int imageSize)
    {
        CatalogEntry entry = NetworkCatalog.Get(name);
        Network network = entry.Build();
        Assert.Equal(name, network.Name);
        Assert.Equal(parameters, network.ParameterCount);
        Assert.Equal(new Shape(imageSize, imageSize, 3), network.InputShape);
        Assert.Equal(Shape.Vector(1000), network.OutputShape);
    }

    [Theory]
    [InlineData("torchvision", 55)]
    [InlineData("paper", 55)]
    [InlineData("caffe", 55)]
    [InlineData("caffenet", 55)]
    [InlineData("tensorflow", 56)]
    public void Conv1GivesThePositionsOfTheSourceAndFc6Sees6By6(string name, int positions)
    {
        CatalogEntry entry = NetworkCatalog.Get(name);
        Network network = entry.Build(10);
        Assert.Equal(positions, network.OutputOf(network.IndexOf("conv1")).Height);
        Assert.Equal(9216, network.OutputOf(network.IndexOf("flatten")).Length);
        Assert.Equal(10, network.OutputShape.Length);
    }

    [Fact]
    public void CaffeNetPoolsBeforeItNormalizesAndCaffeAfter()
    {
        Network caffe = AlexNet.Caffe(), caffeNet = AlexNet.CaffeNet();
        Assert.True(caffe.IndexOf("norm1") < caffe.IndexOf("pool1"));
        Assert.True(caffeNet.IndexOf("pool1") < caffeNet.IndexOf("norm1"));
    }

    [Fact]
    public void AnUnknownNameIsNotFound() => Assert.Null(NetworkCatalog.Find("no-such-network"));
}

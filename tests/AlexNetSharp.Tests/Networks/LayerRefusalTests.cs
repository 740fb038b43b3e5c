using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Tests.Networks;

/// <summary>What cannot be executed is refused with the layer's name when the network is described.</summary>
public class LayerRefusalTests
{
    [Fact]
    public void AWeightMustFitIntoOneSpan()
    {
        Assert.Contains("weight of 4 × 4 × 4096 × 32768 values", Refusal(new Conv2d("layer", 32768, 4), new Shape(8, 8, 4096)), StringComparison.Ordinal);
        Assert.Contains("weight of 65536 × 32768 values", Refusal(new Linear("layer", 32768), Shape.Vector(65536)), StringComparison.Ordinal);
        // Groups see only their part, and one value less than 2^31 is allowed: 2^31 - 1 is a prime number.
        Assert.Equal(32768, new Conv2d("layer", 32768, 4) { Groups = 2 }.OutputShape(new Shape(8, 8, 4096)).Channels);
        Assert.Equal(int.MaxValue, new Conv2d("layer", int.MaxValue, 1).OutputShape(new Shape(1, 1, 1)).Channels);
    }

    private static string Refusal(Layer layer, Shape input)
    {
        string message = Assert.Throws<ArgumentException>(() => new Network("n", input, [layer])).Message;
        Assert.StartsWith("layer 'layer': ", message, StringComparison.Ordinal);
        return message;
    }
}

using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Tests.Networks;

/// <summary>What cannot be executed is refused with the layer's name when the network is described.</summary>
public class LayerRefusalTests
{
    public static TheoryData<Layer> PoolsWithEmptyWindows =>
    [
        new MaxPool2d("layer", 2, 1, padding: Padding.All(2)),
        new AvgPool2d("layer", 2, 1, padding: Padding.Explicit(2, 0, 0, 0)),
        new AvgPool2d("layer", 2, 1, padding: Padding.Explicit(0, 0, 2, 0), roundUp: true),
        new MaxPool2d("layer", 3, 2, padding: Padding.Explicit(0, 0, 0, 3)),
        new MaxPool2d("layer", 1, 1, padding: Padding.Explicit(0, 1, 0, 0)),
    ];

    [Theory]
    [MemberData(nameof(PoolsWithEmptyWindows))]
    public void APoolWindowMustSeeTheInput(Layer layer) =>
        Assert.Contains("wholly in the padding", Refusal(layer, new Shape(6, 6, 2)), StringComparison.Ordinal);

    /// <summary>The padding is as large as the window, but no window begins there.</summary>
    [Fact]
    public void PaddingThatNoWindowReachesIsAllowed()
    {
        var network = new Network("n", new Shape(6, 6, 2), [new MaxPool2d("pool", 3, 5, padding: Padding.Explicit(2, 3, 2, 3))]);
        Assert.Equal(new Shape(2, 2, 2), network.OutputShape);
        using var parameters = new ParameterSet(network);
        using var plan = new Plan(network, parameters, new PlanOptions());
        plan.Forward();
    }

    [Fact]
    public void AnAdaptivePoolNeedsAnOutput()
    {
        Assert.Contains("0×3", Refusal(new AdaptiveAvgPool2d("layer", 0, 3), new Shape(6, 6, 2)), StringComparison.Ordinal);
        Assert.Contains("3×-1", Refusal(new AdaptiveAvgPool2d("layer", 3, -1), new Shape(6, 6, 2)), StringComparison.Ordinal);
    }

    [Fact]
    public void AWeightMustFitIntoOneSpan()
    {
        Assert.Contains("weight of 4 × 4 × 4096 × 32768 values", Refusal(new Conv2d("layer", 32768, 4), new Shape(8, 8, 4096)), StringComparison.Ordinal);
        Assert.Contains("weight of 65536 × 32768 values", Refusal(new Linear("layer", 32768), Shape.Vector(65536)), StringComparison.Ordinal);
        // Groups see only their part, and one value less than 2^31 is allowed: 2^31 - 1 is a prime number.
        Assert.Equal(32768, new Conv2d("layer", 32768, 4, groups: 2).OutputShape(new Shape(8, 8, 4096)).Channels);
        Assert.Equal(int.MaxValue, new Conv2d("layer", int.MaxValue, 1).OutputShape(new Shape(1, 1, 1)).Channels);
    }

    private static string Refusal(Layer layer, Shape input)
    {
        string message = Assert.Throws<ArgumentException>(() => new Network("n", input, [layer])).Message;
        Assert.StartsWith("layer 'layer': ", message, StringComparison.Ordinal);
        return message;
    }
}

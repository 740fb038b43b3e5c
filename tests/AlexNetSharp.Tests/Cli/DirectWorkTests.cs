using AlexNetSharp.Cli.Benchmarking;
using AlexNetSharp.Execution;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Tests.Cli;

public class DirectWorkTests
{
    // 4×4×1 → conv 1×1 to 2 channels: 32 multiply-adds → conv 1×1 to 3: 96 → fc 5: 48·5 = 240 → fc 2: 10.
    private static readonly Network s_network = new(
        "small", new Shape(4, 4, 1),
        [new Conv2d("conv1", 2, 1), new Conv2d("conv2", 3, 1), new Flatten("flatten"), new Linear("fc1", 5), new ReLU("relu"), new Linear("fc2", 2)]);

    [Theory]
    // Forward only; kernels of conv1 and conv2 and gradients of the inputs of conv2, fc1, fc2; these and the matrices of fc1 and fc2.
    [InlineData("none", 378)]
    [InlineData("conv*", 378 + 32 + 2 * 96 + 240 + 10)]
    [InlineData("fc2.*", 378 + 10)]
    [InlineData("*", 378 + 32 + 2 * 96 + 2 * 240 + 2 * 10)]
    public void CountsWhatIsComputed(string gradients, long expected)
    {
        var work = new DirectWork(s_network, gradients == "none" ? GradientScope.None : GradientScope.Of(gradients));
        Assert.Equal(378, work.Forward);
        Assert.Equal(expected, work.ForwardBackward);
    }
}

using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Tests.Execution;

/// <summary>A step allocates no managed memory, on no thread.</summary>
[Collection(nameof(Alone))]
public class PlanAllocationTests
{
    [Theory]
    [InlineData("tensorflow", 1)]
    [InlineData("tensorflow", 3)]
    [InlineData("paper", 2)]
    [InlineData("unusual order", 2)]
    [InlineData("cifar10", 2)]
    [InlineData("torchvision", 2)]
    public void AStepAllocatesNothing(string name, int threads)
    {
        Network network = TinyNetworks.Create(name);
        using ParameterSet parameters = TinyNetworks.Parameters(network);
        using var plan = new Plan(
            network, parameters, new PlanOptions { BatchSize = 4, Threads = threads, Gradients = GradientScope.All, InputGradient = true });
        void Step(ulong step)
        {
            parameters.MarkChanged();
            plan.Forward(training: true, step);
            plan.OutputGradient.Fill(1);
            plan.Backward();
        }
        for (ulong step = 0; step < 3; step++)
            Step(step);
        // All threads together. A step that allocates does it every time; what the test runner allocates beside us, it does now and then.
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (ulong step = 0; step < 10; step++)
                Step(step);
            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }
        Assert.Equal(0, least);
    }
}

using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests.Oracles;

namespace AlexNetSharp.Tests.Execution;

/// <summary>The same bits with any number of threads and in every run.</summary>
public class PlanDeterminismTests
{
    public static TheoryData<string> Networks => TinyNetworks.Names;

    [Theory, MemberData(nameof(Networks))]
    public void EveryNumberOfThreadsGivesTheSameBits(string name)
    {
        Network network = TinyNetworks.Create(name);
        using ParameterSet parameters = TinyNetworks.Parameters(network);
        Dictionary<string, float[]> first = Run(network, parameters, threads: 1);
        foreach (int threads in (int[])[1, 2, 3, 8])
            foreach ((string what, float[] actual) in Run(network, parameters, threads))
                Compare.SameBits($"{name}, {threads} threads: {what}", first[what], actual);
    }

    [Fact]
    public void SeedAndStepDetermineTheDropoutMask()
    {
        Network network = TinyNetworks.Create("tensorflow");
        using ParameterSet parameters = TinyNetworks.Parameters(network);
        bool[] Mask(ulong seed, ulong step, bool training = true, string layer = "drop6")
        {
            using var plan = new Plan(network, parameters, new PlanOptions { BatchSize = 4, Gradients = GradientScope.All, Seed = seed, KeepActivations = true });
            TinyNetworks.Fill(plan.Input, seed: 2);
            plan.Forward(training, step);
            return Array.ConvertAll(plan.Activation(layer).ToArray(), v => v != 0);
        }
        bool[] without = Mask(1, 1, training: false), mask = Mask(1, 1);
        Assert.Equal(mask, Mask(1, 1));
        Assert.NotEqual(mask, Mask(1, 2));
        Assert.NotEqual(mask, Mask(2, 1));
        // Of the values that are not 0 anyway, about half are kept; the images have different masks.
        int possible = without.Count(v => v), keptOfThem = mask.Count(v => v);
        Assert.InRange(possible, 50, 280);
        Assert.InRange(keptOfThem, possible * 0.3, possible * 0.7);
        Assert.All(mask.Zip(without), pair => Assert.True(pair.Second || !pair.First));
    }

    private static Dictionary<string, float[]> Run(Network network, ParameterSet parameters, int threads)
    {
        using var plan = new Plan(
            network, parameters, new PlanOptions { BatchSize = 5, Threads = threads, Gradients = GradientScope.All, InputGradient = true, Seed = 7 });
        TinyNetworks.Fill(plan.Input, seed: 2);
        plan.Forward(training: true, step: 3);
        var results = new Dictionary<string, float[]> { ["output"] = plan.Output.ToArray() };
        TinyNetworks.Fill(plan.OutputGradient, seed: 4);
        plan.Backward();
        results["gradient of the input"] = plan.InputGradient.ToArray();
        foreach (Parameter p in plan.Gradients!.Parameters)
            results[$"gradient of {p.Name}"] = OracleFromNetwork.ReadFloats(p);
        return results;
    }
}

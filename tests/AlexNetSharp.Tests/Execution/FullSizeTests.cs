using System.Runtime.InteropServices;
using System.Security.Cryptography;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests.Oracles;

namespace AlexNetSharp.Tests.Execution;

/// <summary>The notebook's network at its full size, forward and backward at batch 2, against the float64 oracle. The slowest test.</summary>
[Collection(nameof(Alone)), Trait(Slow.Name, Slow.Value)]
public class FullSizeTests
{
    [Fact]
    public void TheNotebooksNetworkAgreesWithTheOracle()
    {
        Network network = AlexNet.TensorFlow();
        using ParameterSet parameters = ParameterSet.Initialize(network, seed: 1);
        var options = new PlanOptions { BatchSize = 2, Gradients = GradientScope.All, InputGradient = true, KeepActivations = true, Seed = 3 };
        using var plan = new Plan(network, parameters, options);
        TinyNetworks.Fill(plan.Input, seed: 2);
        plan.Forward(training: true, step: 1);

        OracleNetwork oracle = OracleFromNetwork.Create(
            network, parameters, kept: layer => Array.ConvertAll(plan.Activation(layer).ToArray(), static v => v != 0));
        OracleTensor output = oracle.Forward(OracleTensor.From(plan.Input, 2, 224, 224, 3));
        Report("logits", Compare.Close("logits", output.Data, plan.Output, Tolerances.FullNetworkOutput));

        // The notebook's objective.
        (_, OracleTensor gradient) = OracleLoss.L2(output);
        plan.Output.CopyTo(plan.OutputGradient);
        plan.Backward();
        OracleTensor gradInput = oracle.Backward(gradient);
        Report("images", Compare.Close("gradient of the images", gradInput.Data, plan.InputGradient, Tolerances.FullNetworkGradient));
        foreach (OracleParameter p in oracle.Parameters)
            Report(p.Name, Compare.Close(
                $"gradient of {p.Name}", p.Gradient, OracleFromNetwork.ReadFloats(plan.Gradients![p.Name]), Tolerances.FullNetworkGradient));
    }

    /// <summary>Sizes decide how work is cut into pieces, so what holds for narrow networks is asked again here.</summary>
    [Fact]
    public void EveryNumberOfThreadsGivesTheSameBits()
    {
        Network network = AlexNet.TensorFlow();
        using ParameterSet parameters = ParameterSet.Initialize(network, seed: 1);
        byte[] Run(int threads)
        {
            using var plan = new Plan(network, parameters, new PlanOptions { BatchSize = 5, Threads = threads, Gradients = GradientScope.All });
            TinyNetworks.Fill(plan.Input, seed: 2);
            plan.Forward(training: true, step: 1);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            hash.AppendData(MemoryMarshal.AsBytes(plan.Output));
            plan.Output.CopyTo(plan.OutputGradient);
            plan.Backward();
            foreach (Parameter p in plan.Gradients!.Parameters)
            {
                Assert.True(p.Storage.ContainsAnyExcept(0f) && float.IsFinite(p.Storage[0]), p.Name);
                hash.AppendData(MemoryMarshal.AsBytes(p.Storage));
            }
            return hash.GetHashAndReset();
        }
        byte[] one = Run(1);
        foreach (int threads in (int[])[2, 3, 8])
            Assert.Equal(one, Run(threads));
    }

    [Fact]
    public void TheDefaultBenchmarkNeedsAtMost1100Megabytes()
    {
        var options = new PlanOptions { BatchSize = 32, Threads = 2, Gradients = GradientScope.Convolution };
        Assert.InRange(Plan.EstimateMemory(AlexNet.TensorFlow(), options), 400_000_000, 1_100_000_000);
    }

    private static void Report(string what, double error) =>
        TestContext.Current.TestOutputHelper?.WriteLine(FormattableString.Invariant($"{what}: {error:E1}"));
}

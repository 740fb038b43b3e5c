using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Random;
using AlexNetSharp.Simd;
using AlexNetSharp.Tests.Training;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Golden;

/// <summary>
/// Logits, gradients and some training steps of every network in the catalog, as hashes of their bits: a change of structure changes none of
/// them. A change of arithmetic does; it says so, and records them anew with ALEXNETSHARP_RECORD_BITS=1. The name of a network there adds it.
/// </summary>
/// <remarks>Bits depend on the vector tier, and through the square root estimate on the maker of the processor: each has its own records.</remarks>
public class SameBitsTests
{
    private const int BatchSize = 2, Classes = 10, Hidden = 512;

    /// <summary>
    /// Begins a record of four steps of a network whose hidden layers have at most 512 outputs: those of 4096 take most of the time, and TensorFlow's
    /// network, which keeps them, has the same as the others. Other records are of ten steps of whole networks; recorded anew, they become short.
    /// </summary>
    private const string Short = "short: ";

    private static string RecordPath => Path.Combine(Repository.Root, "tests", "AlexNetSharp.Tests", "Golden", "bits.json");

    public static TheoryData<string> Networks => [.. NetworkCatalog.Names];

    [Theory]
    [MemberData(nameof(Networks))]
    public void LogitsGradientsAndTrainingStepsHaveTheRecordedBits(string name)
    {
        Assert.SkipWhen(SimdTiers.Best == SimdTier.Scalar, "Full networks take minutes on the scalar tier; narrow ones are compared with the oracle there.");
        // Vendor first: AuthenticAMD, GenuineIntel.
        string vendor = ProcessorInfo.Family.Split(' ')[0], key = $"{name}/{SimdTiers.Best}";
        JsonObject records = JsonNode.Parse(File.ReadAllText(RecordPath))!.AsObject();
        if (records[vendor] is not JsonObject record)
            records[vendor] = record = [];
        string? asked = Environment.GetEnvironmentVariable("ALEXNETSHARP_RECORD_BITS");
        bool recording = asked == name || (asked == "1" && record[key] is not null);
        // The large ones would take minutes: recorded are those that the suite has time for.
        Assert.SkipWhen(record[key] is null && !recording, $"No bits are recorded for {key} of {vendor}.");
        bool whole = !recording && !((string)record[key]!).StartsWith(Short, StringComparison.Ordinal);
        string found = whole ? Compute(name, narrow: false, steps: 10) : Short + Compute(name, narrow: name != "tensorflow", steps: 4);
        if (recording)
        {
            record[key] = found;
            File.WriteAllText(RecordPath, records.ToJsonString(new() { WriteIndented = true }) + "\n");
        }
        Assert.Equal((string?)record[key], found);
    }

    private static string Compute(string name, bool narrow, int steps)
    {
        Network whole = NetworkCatalog.Get(name).Build(Classes);
        Network network = Initialization.He(new Network(
            name, whole.InputShape, whole.Layers.Select(layer => narrow && layer is Linear { OutputFeatures: > Hidden } linear ? linear.With(Hidden) : layer)));
        int length = (int)network.InputShape.Length;
        var images = new float[BatchSize * steps * length];
        new Philox(seed: 5).FillNormal(images, 1);
        int[] labels = [.. Enumerable.Range(0, BatchSize * steps).Select(i => i * 7 % Classes)];
        using ParameterSet parameters = ParameterSet.Initialize(network, seed: 1);

        string logits, gradients;
        using (var plan = new Plan(network, parameters, new PlanOptions { BatchSize = BatchSize, Gradients = GradientScope.All, InputGradient = true }))
        {
            images.AsSpan(0, BatchSize * length).CopyTo(plan.Input);
            plan.Forward(training: true, step: 3);
            plan.Output.CopyTo(plan.OutputGradient);
            logits = Hash(plan.Output);
            plan.Backward();
            gradients = Hash(plan.Gradients!) + Hash(plan.InputGradient);
        }
        var options = new TrainerOptions { Epochs = 1, Schedule = new ConstantRate(0.001), ClipNorm = 1 };
        var losses = new List<float>();
        using var cpu = new CpuTraining(
            parameters, new MemoryBatches(network.InputShape, images, labels, BatchSize), null, options, threads: 0, seed: 2, groups: TrainingRecipe.For(name).Groups);
        Trainer trainer = cpu.Trainer;
        trainer.StepDone += step => losses.Add((float)step.Batch.Loss);
        trainer.Run();
        Assert.All(losses, loss => Assert.True(float.IsFinite(loss) && loss > 0));
        return $"logits {logits} gradients {gradients} losses {Hash(CollectionsMarshal.AsSpan(losses))} trained {Hash(parameters)}";
    }

    private static string Hash(ReadOnlySpan<float> values) => Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(values)))[..16];

    private static string Hash(ParameterSet parameters)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (Parameter parameter in parameters.Parameters)
        {
            var values = new float[parameter.Spec.Length];
            parameter.CopyTo(values);
            hash.AppendData(MemoryMarshal.AsBytes(values.AsSpan()));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }
}

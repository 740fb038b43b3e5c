using AlexNetSharp.Execution;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Tests.Formats;

namespace AlexNetSharp.Tests.Models;

public class Int8FileTests : FormatTest
{
    [Fact]
    public void EveryWeightIsWithinAScaleTheErrorsOfAnOutputCancelAndEverythingElseIsAsItWas()
    {
        using Model model = Narrow();
        string file = PathOf("int8.safetensors");
        ModelFile.Save(file, model, TensorType.I8);
        using Model read = ModelFile.Load(file);
        foreach (Parameter parameter in model.Parameters.Parameters)
        {
            float[] before = NarrowNetworks.Dense(parameter), after = NarrowNetworks.Dense(read.Parameters[parameter.Name]);
            if (parameter.Spec.Role != ParameterRole.LinearWeight)
            {
                Assert.Equal(before, after);
                continue;
            }
            int outputs = parameter.Spec.Dimensions[1];
            for (int o = 0; o < outputs; o++)
            {
                float[] column = [.. before.Where((_, i) => i % outputs == o)];
                float scale = Int8.Scale(column.Max(Math.Abs));
                float[] written = [.. after.Where((_, i) => i % outputs == o)];
                Assert.All(column.Zip(written), pair =>
                {
                    Assert.Equal(scale * MathF.Round(pair.Second / scale), pair.Second);
                    Assert.InRange(Math.Abs(pair.First - pair.Second), 0, scale);
                });
                Assert.InRange(Math.Abs(column.Zip(written).Sum(pair => (double)pair.Second - pair.First)), 0, 0.51 * scale);
            }
        }
        Assert.Contains(read.Transfers, transfer => transfer.SourceType == TensorType.I8);
    }

    [Fact]
    public void WritingWhatWasReadGivesTheSameBytes()
    {
        using Model model = Narrow();
        string written = PathOf("written.safetensors"), first = PathOf("first.safetensors"), second = PathOf("second.safetensors");
        // The first reading fills up preprocessing from the catalog.
        ModelFile.Save(written, model, TensorType.I8);
        using (Model read = ModelFile.Load(written))
            ModelFile.Save(first, read, TensorType.I8);
        using (Model read = ModelFile.Load(first))
            ModelFile.Save(second, read, TensorType.I8);
        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));
    }

    [Fact]
    public void APlanOfInt8ComputesTheSameFromTheWeightsAndFromTheFile()
    {
        using Model model = Narrow();
        string file = PathOf("int8.safetensors");
        ModelFile.Save(file, model, TensorType.I8);
        using Model read = ModelFile.Load(file);
        Assert.Equal(Output(model, Precision.Int8), Output(read, Precision.Int8));
        // The same numbers in another order of sums.
        Compare.Close("int8 and its float32", Output(read, Precision.Float32), Output(read, Precision.Int8), Tolerances.Int8AgainstItsFloat32);
        Assert.NotEqual(Output(model, Precision.Float32), Output(model, Precision.Int8));
    }

    [Fact]
    public void ScalesThatDoNotFitAreRefused()
    {
        using Model model = Narrow();
        string file = PathOf("int8.safetensors");
        List<TensorSource> tensors = WeightSources.Int8Of(model.Parameters);
        Dictionary<string, string> metadata = [];
        SafetensorsWriter.Write(file, [.. tensors.Where(tensor => !tensor.Name.EndsWith("fc7.weight_scale", StringComparison.Ordinal))], metadata);
        InvalidDataException missing = Assert.Throws<InvalidDataException>(() => ModelFile.Load(file, model.Network));
        Assert.Contains("tensor 'fc7.weight' holds I8 elements", missing.Message, StringComparison.Ordinal);
        Assert.Contains("'fc7.weight_scale'", missing.Message, StringComparison.Ordinal);

        int at = tensors.FindIndex(tensor => tensor.Name == "fc8.weight_scale");
        tensors[at] = TensorSource.Of("fc8.weight_scale", [3], new float[3]) with { Type = TensorType.F32 };
        SafetensorsWriter.Write(file, tensors, metadata);
        InvalidDataException wrong = Assert.Throws<InvalidDataException>(() => ModelFile.Load(file, model.Network));
        Assert.True(wrong.Message.Contains("needs one floating-point scale for each output", StringComparison.Ordinal), wrong.Message);
    }

    [Fact]
    public void WeightsThatAreNotFiniteHaveNoInt8Form()
    {
        using Model model = Narrow();
        model.Parameters["fc7.weight"].Storage[5] = float.NaN;
        string file = PathOf("int8.safetensors");
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => ModelFile.Save(file, model, TensorType.I8));
        Assert.Contains("'fc7.weight'", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(file));
    }

    private static Model Narrow() =>
        new(NarrowNetworks.RandomWeights(NarrowNetworks.Narrow(NetworkCatalog.Get("caffenet").Build(7), [8, 16, 24, 16, 16], 32), seed: 4));

    private static float[] Output(Model model, Precision precision)
    {
        using var plan = new Plan(model.Network, model.Parameters, new PlanOptions { BatchSize = 2, Threads = 1, Precision = precision });
        new AlexNetSharp.Random.Philox(seed: 3).FillNormal(plan.Input);
        plan.Forward();
        return plan.Output.ToArray();
    }
}

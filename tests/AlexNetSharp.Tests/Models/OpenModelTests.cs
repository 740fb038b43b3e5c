using AlexNetSharp.Execution;
using AlexNetSharp.Formats;
using AlexNetSharp.Inference;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests.Formats;
using AlexNetSharp.Tests.Inference;

namespace AlexNetSharp.Tests.Models;

/// <summary>Models whose fully connected weights stay in their file (<see cref="ModelFile.Open"/>).</summary>
public class OpenModelTests : FormatTest
{
    public static TheoryData<string, TensorType, Precision, int> Cases => new()
    {
        { "torchvision", TensorType.F32, Precision.Float32, 1 },
        { "torchvision", TensorType.F32, Precision.Float32, 11 },
        { "tensorflow", TensorType.F32, Precision.Float32, 4 },
        { "caffe", TensorType.F16, Precision.Float32, 2 },
        { "torchvision", TensorType.BF16, Precision.BFloat16, 1 },
        { "torchvision", TensorType.I8, Precision.Float32, 3 },
        { "torchvision", TensorType.I8, Precision.Int8, 1 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void OutputsHaveTheBitsOfWeightsInMemory(string network, TensorType type, Precision precision, int batch)
    {
        string path = Saved(network, type);
        using Model loaded = ModelFile.Load(path), open = ModelFile.Open(path);
        float[] expected = Outputs(loaded, precision, batch);
        Parameter[] matrices = [.. open.Parameters.Parameters.Where(p => p.Spec.Role == ParameterRole.LinearWeight)];
        Assert.All(matrices, matrix => Assert.False(matrix.IsLoaded));
        Compare.SameBits("outputs", expected, Outputs(open, precision, batch));
        Assert.All(matrices, matrix => Assert.False(matrix.IsLoaded));

        ModelFileTests.AssertSameWeights(loaded.Parameters, open.Parameters);
        Assert.All(matrices, matrix => Assert.True(matrix.IsLoaded));
        Compare.SameBits("outputs of loaded weights", expected, Outputs(open, precision, batch));
    }

    [Theory]
    [InlineData("torchvision", 1), InlineData("tensorflow", 3), InlineData("caffe", 2), InlineData("overfeat", 1), InlineData("lenet5", 5)]
    public void MemoryThatOperationsShareLeavesNoTrace(string network, int batch)
    {
        string path = Saved(network, TensorType.F32);
        using Model loaded = ModelFile.Load(path), open = ModelFile.Open(path);
        using Plan plan = PlanOf(open, Precision.Float32, batch), expected = PlanOf(loaded, Precision.Float32, batch);
        var layout = new PlanLayout(open.Network, plan.Options, open.Parameters);
        Assert.Contains(Enumerable.Range(0, layout.Operations.Length), i => layout.PreparesInTurn(i) && layout.Operations[i].Kernel.PreparedWeightLength > 0);
        expected.Forward();
        for (int pass = 0; pass < 3; pass++)
        {
            plan.Forward();
            Compare.SameBits($"pass {pass}", expected.Output, plan.Output);
        }
    }

    [Fact]
    public void APlanFollowsChangesOfWeightsThatItReadFromTheFile()
    {
        string path = Saved("torchvision", TensorType.F32);
        using Model loaded = ModelFile.Load(path), open = ModelFile.Open(path);
        using Plan plan = PlanOf(open, Precision.Float32, 1), expected = PlanOf(loaded, Precision.Float32, 1);
        plan.Forward();
        foreach (Model model in (Model[])[loaded, open])
        {
            foreach (ref float value in model.Parameters["fc7.weight"].Storage)
                value *= 2;
            model.Parameters.MarkChanged();
        }
        plan.Forward();
        expected.Forward();
        Compare.SameBits("outputs", expected.Output, plan.Output);
    }

    [Fact]
    public void GradientsLoadTheWeightsThatTheyNeed()
    {
        string path = Saved("torchvision", TensorType.F32);
        using Model loaded = ModelFile.Load(path), open = ModelFile.Open(path);
        float[] expected = Gradients(loaded);
        Compare.SameBits("gradients", expected, Gradients(open));
        Assert.True(open.Parameters["fc8.weight"].IsLoaded);

        static float[] Gradients(Model model)
        {
            using var plan = new Plan(model.Network, model.Parameters, new PlanOptions { BatchSize = 2, Gradients = GradientScope.All, Threads = 2 });
            Fill(plan);
            plan.Forward();
            plan.Output.CopyTo(plan.OutputGradient);
            plan.Backward();
            return [.. plan.Gradients!["fc6.weight"].Storage, .. plan.Gradients["conv1.weight"].Storage];
        }
    }

    /// <summary>Training what comes last must not read the frozen rest anew in each step.</summary>
    [Fact]
    public void FrozenWeightsOfATrainingAreLoaded()
    {
        using Model open = ModelFile.Open(Saved("torchvision", TensorType.F32));
        using var plan = new Plan(open.Network, open.Parameters, new PlanOptions { Gradients = GradientScope.Of("fc8.*"), Threads = 2 });
        Assert.All(open.Parameters.Parameters, parameter => Assert.True(parameter.IsLoaded));
    }

    [Fact]
    public void AFileThatIsCutShortMeanwhileEndsThePassInOneLine()
    {
        string path = Saved("torchvision", TensorType.F32);
        using Model open = ModelFile.Open(path);
        using Plan plan = PlanOf(open, Precision.Float32, 1);
        plan.Forward();
        using (FileStream file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete))
            file.SetLength(file.Length / 4);
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => plan.Forward());
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.Contains("cut short", error.Message, StringComparison.Ordinal);
        // Loading fails with the same exception, on whatever thread it was found.
        Assert.Equal(error.Message[..path.Length], Assert.Throws<InvalidDataException>(() => open.Parameters["fc7.weight"].Storage.Length).Message[..path.Length]);
    }

    [Fact]
    public void AFileThatIsReplacedByRenamingStaysWhatItWas()
    {
        string path = Saved("torchvision", TensorType.F32), other = Saved("caffe", TensorType.F32);
        using Model open = ModelFile.Open(path);
        float[] before = Outputs(open, Precision.Float32, 1);
        File.Move(other, path, overwrite: true);
        Compare.SameBits("outputs", before, Outputs(open, Precision.Float32, 1));
    }

    /// <summary>Each thread ends in an exception or with the right result; nobody reads memory that is gone.</summary>
    [Fact]
    public void DisposingDuringPassesIsSafe()
    {
        string path = Saved("torchvision", TensorType.F32);
        float[] expected;
        using (Model loaded = ModelFile.Load(path))
            expected = Outputs(loaded, Precision.Float32, 1);
        for (int i = 0; i < 20; i++)
        {
            Model open = ModelFile.Open(path);
            Plan[] plans = [PlanOf(open, Precision.Float32, 1), PlanOf(open, Precision.Float32, 1)];
            Task[] tasks = [.. plans.Select(plan => Task.Run(() =>
            {
                while (true)
                {
                    plan.Forward();
                    Compare.SameBits("outputs", expected, plan.Output);
                }
            }))];
            Thread.Sleep(i);
            open.Dispose();
            foreach (Task task in tasks)
                Assert.IsType<ObjectDisposedException>(Assert.Throws<AggregateException>(task.Wait).InnerException);
            foreach (Plan plan in plans)
                plan.Dispose();
        }
    }

    [Fact]
    public void AFaultyFileIsClosedAgain()
    {
        string path = PathOf("broken.safetensors");
        File.WriteAllBytes(path, File.ReadAllBytes(Saved("torchvision", TensorType.F32))[..^100]);
        Assert.Throws<InvalidDataException>(() => ModelFile.Open(path));
        // Nobody else holds it.
        using FileStream alone = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.Throws<FileNotFoundException>(() => ModelFile.Open(PathOf("none.safetensors")));
    }

    private string Saved(string network, TensorType type)
    {
        string path = PathOf($"{network}.safetensors");
        using Model model = InferenceModels.Narrow(network, classes: 40);
        ModelFile.Save(path, model, type);
        return path;
    }

    private static Plan PlanOf(Model model, Precision precision, int batch)
    {
        var plan = new Plan(model.Network, model.Parameters, new PlanOptions { BatchSize = batch, Precision = precision, Threads = 2 });
        Fill(plan);
        return plan;
    }

    private static void Fill(Plan plan)
    {
        var random = new System.Random(3);
        foreach (ref float value in plan.Input)
            value = (float)(random.NextDouble() * 2 - 1);
    }

    private static float[] Outputs(Model model, Precision precision, int batch)
    {
        using Plan plan = PlanOf(model, precision, batch);
        plan.Forward();
        return plan.Output.ToArray();
    }
}

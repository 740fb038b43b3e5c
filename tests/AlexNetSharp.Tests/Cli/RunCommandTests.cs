using AlexNetSharp.Cli.Models;
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Training;
using static AlexNetSharp.Tests.Cli.Failures;

namespace AlexNetSharp.Tests.Cli;

/// <summary><c>alexnet init</c> and <c>alexnet run</c>, on a network small enough for many processes.</summary>
public class RunCommandTests
{
    private const int Batch = 3, Classes = 4;

    [Fact]
    public void InitWritesTheInitialWeights()
    {
        using var folder = new TemporaryFolder();
        string path = Init(folder);
        using Model model = ModelFile.Load(path);
        Assert.Equal(("cifar10-quick", Classes), (model.Network.Name, (int)model.Network.OutputShape.Length));
        using ParameterSet expected = ParameterSet.Initialize(model.Network, 7);
        foreach (Parameter parameter in expected.Parameters)
            Assert.Equal(parameter.Storage, model.Parameters[parameter.Name].Storage);
    }

    [Fact]
    public void InitStatesThePreprocessingOfItsSize()
    {
        using var folder = new TemporaryFolder();
        string path = folder.PathOf("small.safetensors");
        Assert.Equal(0, AlexNetCommand.Run("init", path, "--network", "torchvision", "--image-size", "63", "--classes", "2").ExitCode);
        using Model model = ModelFile.Load(path);
        Preprocessing preprocessing = model.Preprocessing!;
        Assert.Equal((63, 63, 72), (preprocessing.CropHeight, preprocessing.CropWidth, preprocessing.ResizeTo));
    }

    [Theory]
    [InlineData("l2")]
    [InlineData("cross-entropy")]
    public void RunWritesOutputAndGradients(string objective)
    {
        using var folder = new TemporaryFolder();
        string path = Init(folder), input = Input(folder, Batch, 32, 32, 3), output = folder.PathOf("y.npy"), gradients = folder.PathOf("g.safetensors");
        string[] labels = objective == "l2" ? [] : ["--labels", "3,0,2"];
        AlexNetProcess.Result result = AlexNetCommand.Run(
            ["run", path, "--input", input, "--output", output, "--gradients", gradients, "--objective", objective, .. labels]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));

        using Model model = ModelFile.Load(path);
        using var plan = new Plan(model.Network, model.Parameters, new PlanOptions { BatchSize = Batch, Gradients = GradientScope.All });
        Npy.Load(input).Values.CopyTo(plan.Input);
        plan.Forward();
        (float[] values, long[] shape) = Npy.Load(output);
        Assert.Equal([Batch, Classes], shape);
        Assert.Equal(plan.Output, values);

        using var crossEntropy = new SoftmaxCrossEntropy(Batch, Classes);
        double loss = objective == "l2" ? L2Loss.Compute(plan.Output, plan.OutputGradient)
            : crossEntropy.Compute(plan.Output, [3, 0, 2], plan.OutputGradient);
        Assert.Equal(FormattableString.Invariant($"loss {loss:g9}"), result.OutputLines.Single());
        plan.Backward();
        // The file is one that loads as a model of the same network does: names and order are those of the field.
        using Model written = ModelFile.Load(gradients, model.Network);
        Assert.Equal("conv1.weight", written.Transfers[0].Source);
        Assert.Equal([32, 3, 5, 5], written.Transfers[0].SourceShape);
        foreach (Parameter gradient in plan.Gradients!.Parameters)
            Assert.Equal(gradient.Storage, written.Parameters[gradient.Name].Storage);
        Assert.Contains(plan.Gradients["conv1.weight"].Storage.ToArray(), value => value != 0);
    }

    [Fact]
    public void WrongUsageOfRun()
    {
        using var folder = new TemporaryFolder();
        string path = Init(folder);
        string[] run = ["run", path, "--input", Input(folder, Batch, 32, 32, 3), "--output", folder.PathOf("y.npy")];
        string[] gradients = [.. run, "--gradients", folder.PathOf("g.safetensors")];
        AssertOneLine(2, "Option '--output' is required", "run", path, "--input", "x.npy");
        AssertOneLine(2, "add --gradients FILE", [.. run, "--labels", "1,2,3"]);
        AssertOneLine(2, "needs the class of each image", [.. gradients, "--objective", "cross-entropy"]);
        AssertOneLine(2, "add --objective cross-entropy", [.. gradients, "--labels", "1,2,3"]);
        AssertOneLine(2, "but has 'x'", [.. gradients, "--objective", "cross-entropy", "--labels", "1,x"]);
        AssertOneLine(2, "--labels has 2 labels for 3 images", [.. gradients, "--objective", "cross-entropy", "--labels", "1,2"]);
        AssertOneLine(2, "--labels has 4, but the network has the classes 0 to 3", [.. gradients, "--objective", "cross-entropy", "--labels", "1,2,4"]);
        AssertOneLine(2, "OUT: 'model.bin' must end with .safetensors or .onnx", "init", "model.bin");
        Assert.False(File.Exists(folder.PathOf("g.safetensors")));
    }

    [Fact]
    public void WrongFilesOfRun()
    {
        using var folder = new TemporaryFolder();
        string path = Init(folder), output = folder.PathOf("y.npy");
        foreach (long[] shape in (long[][])[[Batch, 3, 32, 32], [32, 32, 3], [0, 32, 32, 3]])
            AssertOneLine(
                1, $"the array has shape [{string.Join(", ", shape)}], but network 'cifar10-quick' takes [batch, 32, 32, 3]",
                "run", path, "--input", Input(folder, shape), "--output", output);
        AssertOneLine(1, "not a .npy file", "run", path, "--input", path, "--output", output);
        AssertOneLine(1, "missing.npy", "run", path, "--input", folder.PathOf("missing.npy"), "--output", output);
        AssertOneLine(1, "at byte 0", "run", folder.Write("words.safetensors", "just some words"u8), "--input", Input(folder, Batch, 32, 32, 3), "--output", output);
        AssertOneLine(1, "--output: there is no folder", "run", path, "--input", Input(folder, Batch, 32, 32, 3), "--output", folder.PathOf("missing/y.npy"));
        Assert.False(File.Exists(output));
    }

    internal static string Init(TemporaryFolder folder)
    {
        string path = folder.PathOf("model.safetensors");
        AlexNetProcess.Result result = AlexNetCommand.Run("init", path, "--network", "cifar10-quick", "--seed", "7", "--classes", $"{Classes}");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return path;
    }

    private static string Input(TemporaryFolder folder, params long[] shape)
    {
        var random = new System.Random(1);
        var values = new float[shape.Aggregate(1L, (product, size) => product * size)];
        for (int i = 0; i < values.Length; i++)
            values[i] = random.NextSingle() * 256 - 128;
        string path = folder.PathOf($"x{string.Join('-', shape)}.npy");
        Npy.Save(path, values, shape);
        return path;
    }
}

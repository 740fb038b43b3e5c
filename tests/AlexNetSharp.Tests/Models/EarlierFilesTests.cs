using AlexNetSharp.Data;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Tests.Formats;
using AlexNetSharp.Tests.Training;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Models;

/// <summary>Files that earlier versions wrote (Golden/earlier, by the commit before models carried their network) load with every value.</summary>
public class EarlierFilesTests
{
    private static string PathOf(string name) => Path.Combine(AppContext.BaseDirectory, "Golden", "earlier", name);

    [Fact]
    public void AModelIsCompletedFromTheCatalog()
    {
        using Model model = ModelFile.Load(PathOf("model.safetensors"));
        Assert.Equal("cifar10-quick", model.Network.Name);
        Assert.Equal(new Shape(16, 16, 3), model.Network.InputShape);
        Assert.Equal(3, model.Network.OutputShape.Channels);
        Assert.Equal(NetworkCatalog.Get("cifar10-quick").Preprocessing.For(16), model.Preprocessing);
        using ParameterSet expected = ParameterSet.Initialize(model.Network, seed: 1);
        ModelFileTests.AssertSameWeights(expected, model.Parameters);
    }

    [Fact]
    public void ACheckpointIsAModelAndContinues()
    {
        string path = PathOf("checkpoint.safetensors");
        using Model model = ModelFile.Load(path);
        Assert.Equal("cifar10-full", model.Network.Name);
        Assert.Equal(["a", "b"], model.Classes.Select(c => c.Id));
        Assert.Equal((ResizeMode.Square, 16, 16 * 16 * 3), (model.Preprocessing!.Resize, model.Preprocessing.ResizeTo, model.Preprocessing.Mean.Length));
        // It kept everything in the order of our dimensions.
        using TensorFile file = TensorFile.Open(path);
        foreach (Parameter parameter in model.Parameters.Parameters)
        {
            Assert.True(file.TryGet(parameter.Name, out NamedTensor? tensor));
            Assert.Equal(tensor.ToArray(), NarrowNetworks.Dense(parameter));
        }

        using Checkpoint checkpoint = Checkpoint.Open(path);
        Assert.Equal((1, 3L), (checkpoint.Header.State.Epoch, checkpoint.Header.State.Step));
        using var parameters = new ParameterSet(checkpoint.Network);
        var images = new MemoryBatches(checkpoint.Network.InputShape, new float[8 * 16 * 16 * 3], new int[] { 0, 1, 0, 1, 0, 1, 0, 1 }, 3);
        using var cpu = new CpuTraining(parameters, images, null, new TrainerOptions { Epochs = 2, Schedule = new ConstantRate(0.001) });
        checkpoint.Restore(cpu.Trainer);
        ModelFileTests.AssertSameWeights(model.Parameters, parameters);
        Assert.True(file.TryGet("optimizer/conv2.weight", out NamedTensor? velocity));
        Assert.Equal(velocity.ToArray(), NarrowNetworks.Dense(cpu.Optimizer.State["conv2.weight"]));
        Assert.Contains(velocity.ToArray(), value => value != 0);
        cpu.Trainer.Run(TestContext.Current.CancellationToken);
    }
}

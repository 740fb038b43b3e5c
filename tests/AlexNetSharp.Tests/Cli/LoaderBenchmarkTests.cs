using AlexNetSharp.Cli.Benchmarking;
using AlexNetSharp.Data;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests.Data;

namespace AlexNetSharp.Tests.Cli;

public class LoaderBenchmarkTests
{
    private static readonly Preprocessing s_plain = new() { Resize = ResizeMode.Square, ResizeTo = 12, CropHeight = 12, CropWidth = 12 };

    [Fact]
    public void BatchesAfterTheBurnInCount()
    {
        using var loader = new DataLoader(new SyntheticImages(64), s_plain, new DataLoaderOptions { BatchSize = 8 });
        var run = LoaderRun.Measure("memory", augmented: false, threads: 1, loader, burnIn: 5, batches: 20, TestContext.Current.CancellationToken);
        Assert.Equal(160, run.Images);
        Assert.InRange(run.Seconds, 1e-6, 60);
        Assert.Equal(160 / run.Seconds, run.ImagesPerSecond, 1e-6);
    }
}

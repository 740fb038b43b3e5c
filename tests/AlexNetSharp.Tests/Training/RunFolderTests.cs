using System.Globalization;
using AlexNetSharp.Networks;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Training;

public sealed class RunFolderTests
{
    [Fact]
    public void A_run_leaves_checkpoints_metrics_and_events()
    {
        using var folder = new TemporaryFolder();
        using var parameters = ParameterSet.Initialize(SmallTraining.Network(), seed: 1);
        using var trainer = new Trainer(
            parameters.Network, parameters, SmallTraining.Pictures(64, 32, seed: 1), SmallTraining.Pictures(40, 32, seed: 2),
            new TrainerOptions { Epochs = 3, Schedule = new ConstantRate(0.01), Threads = 1 });
        var run = new RunFolder(folder.PathOf("run"), ["horizontal", "vertical", "down", "up"], "{}");
        run.Attach(trainer);
        trainer.Run(TestContext.Current.CancellationToken);

        string[] files = [.. Directory.GetFiles(run.Path, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(run.Path, f)).Order(StringComparer.Ordinal)];
        Assert.Equal(
            [
                "checkpoints/best.safetensors", "checkpoints/last.safetensors", "metrics.csv",
                "tensorboard/events.out.tfevents.000001", "tensorboard/events.out.tfevents.000002", "tensorboard/events.out.tfevents.000003",
            ],
            files);
        string[] lines = File.ReadAllLines(run.MetricsPath);
        Assert.Equal(4, lines.Length);
        Assert.Equal(MetricsCsv.Header, lines[0]);
        EpochMetrics last = trainer.State.History[^1];
        string[] fields = lines[3].Split(',');
        Assert.Equal(11, fields.Length);
        Assert.Equal("3", fields[0]);
        Assert.Equal("6", fields[1]);
        Assert.Equal(last.Validation!.Value.Loss, double.Parse(fields[6], CultureInfo.InvariantCulture), 1e-6);
        using Checkpoint best = Checkpoint.Open(run.BestCheckpoint);
        Assert.Equal(
            trainer.State.History.Max(e => e.DecisiveTop1),
            best.Header.State.History[^1].DecisiveTop1);
    }

    [Fact]
    public void Filters_become_a_grid_with_the_largest_weight_at_the_end_of_the_scale()
    {
        using var parameters = ParameterSet.Initialize(SmallTraining.Network(), seed: 1);
        parameters["conv1.weight"].Storage.Clear();
        parameters["conv1.weight"].Storage[0] = 2;
        parameters["conv1.weight"].Storage[1] = -1;
        FilterImage image = FilterImage.Of(parameters)!;
        // Eight kernels of 3×3, eight times enlarged: three columns, three rows.
        Assert.Equal((3 * 25 + 1, 3 * 25 + 1, 3), (image.Width, image.Height, image.Channels));
        Assert.Equal(255, image.Pixels[(1 * image.Width + 1) * 3]);
        Assert.Equal(63, image.Pixels[(1 * image.Width + 26) * 3]);
        Assert.Equal(127, image.Pixels[(1 * image.Width + 1) * 3 + 1]);
        Assert.Equal(0, image.Pixels[0]);
    }
}

using System.Globalization;
using AlexNetSharp.Models;
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
        using var cpu = new CpuTraining(
            parameters, SmallTraining.Images(64, 32, seed: 1), SmallTraining.Images(40, 32, seed: 2),
            new TrainerOptions { Epochs = 3, Schedule = new ConstantRate(0.01) });
        Trainer trainer = cpu.Trainer;
        using var run = new RunFolder(folder.PathOf("run"));
        run.Attach(trainer, null, SmallTraining.ClassNames);
        trainer.Run(TestContext.Current.CancellationToken);

        string[] files = [.. Directory.GetFiles(run.Path, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(run.Path, f)).Order(StringComparer.Ordinal)];
        Assert.Equal(
            [
                ".lock", "checkpoints/best.safetensors", "checkpoints/last.safetensors", "metrics.csv",
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

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    public void The_best_checkpoint_is_of_the_best_epoch_that_got_one_also_when_the_run_is_continued(int checkpointEpochs, int validationEpochs)
    {
        using var folder = new TemporaryFolder();
        string path = folder.PathOf("run");
        IReadOnlyList<EpochMetrics> history = [];
        foreach (int epochs in (int[])[4, 5, 9])
        {
            using var parameters = ParameterSet.Initialize(SmallTraining.Network(), seed: 1);
            using var cpu = new CpuTraining(
                parameters, SmallTraining.Images(64, 32, seed: 1, orderSeed: 3), SmallTraining.Images(40, 40, seed: 2),
                new TrainerOptions { Epochs = epochs, ValidationEpochs = validationEpochs, Schedule = new ConstantRate(0.02) });
            Trainer trainer = cpu.Trainer;
            using var run = new RunFolder(path) { CheckpointEpochs = checkpointEpochs };
            if (File.Exists(run.LastCheckpoint))
                using (Checkpoint last = Checkpoint.Open(run.LastCheckpoint))
                    last.Restore(trainer);
            run.Attach(trainer, null, SmallTraining.ClassNames);
            trainer.Run(TestContext.Current.CancellationToken);
            history = trainer.State.History;
            // The last epoch of each of the three runs got a checkpoint, too.
            EpochMetrics expected = history.Where(e => e.Validation is not null && (e.Epoch % checkpointEpochs == 0 || e.Epoch is 4 or 5 or 9)).MaxBy(e => e.DecisiveTop1)!;
            using Checkpoint best = Checkpoint.Open(run.BestCheckpoint);
            Assert.Equal(expected, best.Header.State.History[^1]);
            Assert.Equal(expected, run.BestEpoch);
        }
        // Continued twice, the table still has each epoch once, and so have the events.
        Assert.Equal(
            Enumerable.Range(1, 9).Select(i => i.ToString(CultureInfo.InvariantCulture)),
            File.ReadAllLines(Path.Combine(path, "metrics.csv")).Skip(1).Select(line => line.Split(',')[0]));
        Assert.Equal(
            Enumerable.Range(1, 9).Select(i => FormattableString.Invariant($"events.out.tfevents.{i:D6}")),
            Directory.GetFiles(Path.Combine(path, "tensorboard")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.True(history.Select(e => e.DecisiveTop1).Distinct().Count() > 1, "all epochs are equally good: the test shows nothing");
    }

    [Fact]
    public void Only_our_own_unfinished_files_are_removed()
    {
        using var folder = new TemporaryFolder();
        string guid = Guid.NewGuid().ToString("N");
        string[] ours =
        [
            $"run/.metrics.csv.{guid}.tmp", $"run/checkpoints/.last.safetensors.{guid}.tmp", $"run/tensorboard/.events.out.tfevents.000001.{guid}.tmp",
            $"run/.config.json.{guid}.tmp", $"run/.curves.png.{guid}.tmp",
        ];
        string[] others = ["run/notes.tmp", "run/checkpoints/mine.tmp", "run/notes.12.tmp", $"run/eval/.confusion.csv.{guid}.tmp", $"run/images/cat/.a.{guid}.tmp"];
        foreach (string name in (string[])[.. ours, .. others])
            folder.Write(name, "x"u8);
        using var run = new RunFolder(folder.PathOf("run"));
        Assert.DoesNotContain(ours, name => File.Exists(folder.PathOf(name)));
        Assert.All(others, name => Assert.True(File.Exists(folder.PathOf(name)), name));
    }

    [Fact]
    public void A_run_folder_belongs_to_one_training_at_a_time()
    {
        using var folder = new TemporaryFolder();
        string path = folder.PathOf("run");
        using (new RunFolder(path))
            Assert.Equal($"{path}: another training writes to this folder; wait for its end, or name another folder", Assert.Throws<IOException>(() => new RunFolder(path)).Message);
        // The file of the lock is still there, as after kill -9, and blocks nobody.
        Assert.True(File.Exists(Path.Combine(path, ".lock")));
        new RunFolder(path).Dispose();
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

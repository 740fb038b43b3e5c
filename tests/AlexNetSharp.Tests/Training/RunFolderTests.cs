using System.Globalization;
using System.Text;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Training;

public sealed class RunFolderTests
{
    [Fact]
    public void ARunLeavesCheckpointsMetricsAndEvents()
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
                ".lock", "checkpoints/best.safetensors", "checkpoints/last.safetensors", "metrics-steps.csv", "metrics.csv",
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
    public void StepsAreLoggedOnceAlsoWhenTheRunIsStoppedAndContinued()
    {
        using var folder = new TemporaryFolder();
        // Two steps an epoch: stopped within the second epoch after a checkpoint, and once more after a step that no checkpoint knows.
        string whole = Run("whole", []), stopped = Run("stopped", [3, 5]);
        Assert.Equal(File.ReadAllText(Path.Combine(whole, "metrics-steps.csv")), File.ReadAllText(Path.Combine(stopped, "metrics-steps.csv")));
        string[] lines = File.ReadAllLines(Path.Combine(stopped, "metrics-steps.csv"));
        Assert.Equal("step,epoch,learning_rate,loss,top1", lines[0]);
        Assert.Equal(["1,1", "2,1", "3,2", "4,2", "5,3", "6,3"], lines.Skip(1).Select(line => string.Join(',', line.Split(',')[..2])));
        // The event file of the epoch that was interrupted holds both of its steps.
        string[] tags = [.. TensorBoardFileTests.Records(File.ReadAllBytes(Path.Combine(stopped, "tensorboard", "events.out.tfevents.000002")))
            .Select(TensorBoardFileTests.Fields).Where(e => e.ContainsKey(5))
            .Select(e => $"{Encoding.UTF8.GetString(TensorBoardFileTests.Fields(TensorBoardFileTests.Fields(e[5])[1])[1])} {BitConverter.ToInt64(e[2])}")];
        Assert.Equal(["loss/step 3", "loss/step 4"], tags.Where(tag => tag.StartsWith("loss/step", StringComparison.Ordinal)));
        Assert.Contains("loss/validation 4", tags);
        // Four classes: one of the five best is always right.
        Assert.DoesNotContain(tags, tag => tag.StartsWith("top5", StringComparison.Ordinal));

        string Run(string name, int[] stops)
        {
            foreach (int stop in (int[])[.. stops, int.MaxValue])
            {
                using var cancellation = new CancellationTokenSource();
                using var parameters = ParameterSet.Initialize(SmallTraining.Network(), seed: 1);
                using var cpu = new CpuTraining(
                    parameters, SmallTraining.Images(64, 32, seed: 1, orderSeed: 3), SmallTraining.Images(40, 40, seed: 2),
                    new TrainerOptions { Epochs = 3, Schedule = new ConstantRate(0.02) });
                Trainer trainer = cpu.Trainer;
                using var run = new RunFolder(folder.PathOf(name));
                if (File.Exists(run.LastCheckpoint))
                    using (Checkpoint last = Checkpoint.Open(run.LastCheckpoint))
                        last.Restore(trainer);
                run.Attach(trainer, null, SmallTraining.ClassNames);
                trainer.StepDone += step =>
                {
                    if (step.Step != stop)
                        return;
                    // The first stop leaves a checkpoint; the second only the table, as kill -9 may.
                    if (stop == 3)
                        run.SaveLast(trainer);
                    else
                        File.AppendAllText(run.StepMetricsPath, "5,3,0.02,1,0.5\n");
                    cancellation.Cancel();
                };
                if (stop == int.MaxValue)
                    trainer.Run(TestContext.Current.CancellationToken);
                else
                    Assert.Throws<OperationCanceledException>(() => trainer.Run(cancellation.Token));
            }
            return folder.PathOf(name);
        }
    }

    [Fact]
    public void ALongRunHasSomeTwoThousandPoints()
    {
        using var folder = new TemporaryFolder();
        var log = new StepLog(folder.PathOf("steps.csv"), step: 0, steps: 1_000_001);
        for (long step = 1; step <= 1_000_001; step++)
            log.Add(new StepMetrics(1, 1, 1, step, 0.1, new Tally(1, 1, 1, 1), default));
        Assert.InRange(log.OfEpoch(1).Count(), 1900, 2000);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    public void TheBestCheckpointIsOfTheBestEpochThatGotOneAlsoWhenTheRunIsContinued(int checkpointEpochs, int validationEpochs)
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
            EpochMetrics expected = history.Where(e => e.Validation is not null && (e.Epoch % checkpointEpochs == 0 || e.Epoch is 4 or 5 or 9))
                .OrderByDescending(e => e.DecisiveTop1).ThenBy(e => e.DecisiveLoss).First();
            using Checkpoint best = Checkpoint.Open(run.BestCheckpoint);
            Assert.Equivalent(expected, best.Header.State.History[^1], strict: true);
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
    public void OnlyOurOwnUnfinishedFilesAreRemoved()
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
    public void ARunFolderBelongsToOneTrainingAtATime()
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
    public void ALockThatIsALinkIsNotFollowed()
    {
        using var folder = new TemporaryFolder();
        string target = folder.PathOf("elsewhere"), run = Directory.CreateDirectory(folder.PathOf("run")).FullName;
        File.CreateSymbolicLink(Path.Combine(run, ".lock"), target);
        string message = Assert.Throws<IOException>(() => new RunFolder(run)).Message;
        Assert.Equal($"{Path.Combine(run, ".lock")}: this is a link to '{target}', not the lock of a training; remove it", message);
        Assert.False(File.Exists(target));
    }
}

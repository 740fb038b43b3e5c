using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Runs;
using AlexNetSharp.Data;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests.Data;
using AlexNetSharp.Tests.Training;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Cli;

public class TrainReporterTests
{
    [Fact]
    public void StepsLeftAreThoseOfTheWholeRun()
    {
        static StepMetrics Step(int epoch, int stepInEpoch) => new(epoch, stepInEpoch, stepsPerEpoch: 10, step: 10 * (epoch - 1) + stepInEpoch, 0.1, default, default);
        Assert.Equal(17, TrainReporter.StepsLeft(Step(2, 3), epochs: 3));
        Assert.Equal(0, TrainReporter.StepsLeft(Step(3, 10), epochs: 3));
    }

    [Theory]
    [CombinatorialData]
    public void TheProgressLineDecidesBetweenABarAndPlainLines(bool terminal)
    {
        using StringWriter output = new(), error = new(), screen = new();
        var context = new CommandContext(
            new RootCommand().Parse(""), output, error, new ProgressLine(terminal ? screen : null, () => 200, colors: false), CancellationToken.None);
        var options = new DataLoaderOptions { BatchSize = 4 };
        var size = new Preprocessing { Resize = ResizeMode.Square, ResizeTo = 12, CropHeight = 12, CropWidth = 12 };
        using var loader = new DataLoader(new SyntheticImages(9, classes: SmallTraining.Classes), size, options);
        using var parameters = ParameterSet.Initialize(SmallTraining.Network(), seed: 1);
        using var cpu = new CpuTraining(
            parameters, loader, null, new TrainerOptions { Epochs = 2, Schedule = new ConstantRate(1e-6) });
        Trainer trainer = cpu.Trainer;
        long start = Stopwatch.GetTimestamp();
        double seconds = 0;
        new TrainReporter(context, trainer, loader, pause: TimeSpan.Zero).Attach();
        trainer.StepDone += step => seconds = step is { Epoch: 1, StepInEpoch: 3 } ? Stopwatch.GetElapsedTime(start).TotalSeconds : seconds;
        trainer.Run(TestContext.Current.CancellationToken);
        string[] epochs = [.. output.ToString().Split('\n').Where(line => line.StartsWith("epoch ", StringComparison.Ordinal))];
        // Four classes: top-5 would always be 100 %.
        Assert.All(epochs, line => Assert.Matches(@"^epoch [12]/2  train loss [\d.]+ top-1 [\d.]+ %  rate 1e-06  \d+ images/s  [\d.]+ s$", line));
        Assert.Equal(2, epochs.Length);
        MatchCollection plain = Regex.Matches(error.ToString(), @"epoch \d/2  step \d/3  .* images/s  .* left");
        Assert.Equal(terminal ? 0 : 6, plain.Count);
        // The last batch has one image, the two before it four each; our clock began before the reporter's and was read after it.
        if (!terminal)
            Assert.True(double.Parse(Regex.Match(error.ToString(), @"epoch 1/2  step 3/3 .* (\d+) images/s").Groups[1].Value, CultureInfo.InvariantCulture) + 1 >= 9 / seconds);
        Assert.Equal(terminal, screen.ToString().Contains(" left  loss ", StringComparison.Ordinal));
    }
}

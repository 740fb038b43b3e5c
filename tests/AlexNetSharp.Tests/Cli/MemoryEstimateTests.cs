using System.Globalization;
using System.Text.RegularExpressions;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Tests.Images;
using SkiaSharp;

namespace AlexNetSharp.Tests.Cli;

/// <summary>What a training says about memory before it takes any. The figures themselves are compared by tools/memory.py.</summary>
public sealed partial class MemoryEstimateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public MemoryEstimateTests()
    {
        for (int i = 0; i < 8; i++)
            _folder.Write($"data/{"ab"[i % 2]}/{i}.png", TestImages.Encode(40, 30, SKEncodedImageFormat.Png, out _, seed: i));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ATrainingThatNeedsMoreThanThereIsIsRefusedInOneLine()
    {
        AlexNetProcess.Result result = AlexNetCommand.Run(
            "train", _folder.PathOf("data"), "--network", "tensorflow", "--batch-size", "1000000", "--epochs", "1", "--out", _folder.PathOf("run"));
        Assert.Equal(1, result.ExitCode);
        Assert.Matches(
            @"^alexnet train: training tensorflow on \[224, 224, 3\] in batches of 1000000 needs \d+\.\d GB of memory \(plan [\d.]+, .*parameters 0\.23, .*\), but [\d.]+ GB are available; use a smaller --batch-size",
            result.ErrorLines[^1]);
        Assert.DoesNotContain("Exception", result.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder.PathOf("run"), "config.json")));

        string run = _folder.PathOf("small");
        Assert.Equal(0, AlexNetCommand.Run("train", _folder.PathOf("data"), "--network", "cifar10-quick", "--epochs", "1", "--out", run).ExitCode);
        result = AlexNetCommand.Run("eval", run, _folder.PathOf("data"), "--batch-size", "8");
        Assert.True(result.ExitCode == 0, result.Error);
    }

    /// <summary>The peak of this process is that of other tests, too: the estimate is looked at alone.</summary>
    [Fact]
    public void LargerBatchesAndMoreStateAreEstimatedHigher()
    {
        double small = Estimate("--batch-size", "2"), large = Estimate("--batch-size", "32"), adamw = Estimate("--batch-size", "32", "--optimizer", "adamw");
        Assert.True(small < large && large < adamw, FormattableString.Invariant($"{small} {large} {adamw}"));
    }

    [Fact]
    public void AColorThatIsTheSameEverywhereIsNamed()
    {
        for (int i = 0; i < 4; i++)
            _folder.Write($"flat/{"ab"[i % 2]}/{i}.png", TestImages.Encode(40, 30, SKEncodedImageFormat.Png, out _, (x, y, channel) => channel == 1 ? (byte)7 : (byte)(x + y + i)));
        AlexNetProcess.Result result = AlexNetCommand.Run(
            "train", _folder.PathOf("flat"), "--network", "cifar10-quick", "--normalize", "channel", "--epochs", "1", "--out", _folder.PathOf("run"));
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("the green values are the same in all training images", result.ErrorLines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void MessagesOfTheRuntimeAreNotShown()
    {
        Exception? bare = Record.Exception(() => GC.KeepAlive(new byte[Array.MaxLength, Array.MaxLength]));
        bare = Assert.IsType<OutOfMemoryException>(bare);
        Assert.StartsWith("the memory does not suffice (", ErrorText.Of(bare), StringComparison.Ordinal);
        Assert.StartsWith("the memory does not suffice (", ErrorText.Of(new AggregateException(bare)), StringComparison.Ordinal);
        Assert.Equal("3 GB are missing", ErrorText.Of(new InsufficientMemoryException("3 GB are missing")));
        Assert.Equal("a.jpg: truncated.", ErrorText.Of(new AggregateException(new InvalidDataException("a.jpg: truncated."))));
        Assert.Equal("an error inside the program, BareException; --verbose shows where", ErrorText.Of(new BareException()));
    }

    /// <summary>The parts that a training names, in GB.</summary>
    private double Estimate(params string[] options)
    {
        string run = _folder.PathOf(string.Concat(options));
        AlexNetProcess.Result result = AlexNetCommand.Run(
            ["train", _folder.PathOf("data"), "--network", "tensorflow", "--image-size", "64", "--epochs", "1", "--out", run, .. options]);
        Assert.True(result.ExitCode == 0, result.Error);
        string line = result.OutputLines.Single(line => line.StartsWith("memory about ", StringComparison.Ordinal));
        return Part().Matches(line).Sum(match => double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(@"[a-z] (\d+\.\d\d)(?=[,)])")]
    private static partial Regex Part();

    private sealed class BareException : Exception;
}

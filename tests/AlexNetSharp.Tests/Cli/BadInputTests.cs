using AlexNetSharp.Tests.Images;
using SkiaSharp;
using static AlexNetSharp.Tests.Cli.Failures;

namespace AlexNetSharp.Tests.Cli;

public class BadInputTests
{
    [Theory]
    [InlineData("a command is required: bench")]
    [InlineData("unknown command \'benhc'; did you mean 'bench'?", "benhc")]
    [InlineData("unknown option \'--batchsize'; did you mean '--batch-size'?", "bench", "--batchsize", "3")]
    [InlineData("unknown option \'--verbos'; did you mean '--verbose'?", "bench", "--verbos")]
    [InlineData("'stray': unexpected argument", "bench", "model", "stray")]
    [InlineData("argument missing for option: '--batch-size'", "bench", "--batch-size")]
    [InlineData("--batch-size must be a whole number from 1 to", "bench", "--batch-size", "0")]
    [InlineData("but is '-4'", "bench", "--batch-size", "-4")]
    [InlineData("but is 'abc'", "bench", "--batch-size", "abc")]
    [InlineData("but is '99999999999'", "bench", "--batch-size", "99999999999")]
    [InlineData("--batch-size must be a whole number from 1 to 1048576, or several different ones separated by commas, but is '2000000000'", "bench", "--batch-size", "2000000000")]
    [InlineData("GB are available; use a smaller batch or image", "bench", "--batch-size", "1000000", "--forward-only")]
    [InlineData("--batches must be a whole number from 1 to", "bench", "--batches", "0")]
    [InlineData("but is '-1'", "bench", "--batches", "-1")]
    [InlineData("but is '1e3'", "bench", "--batches", "1e3")]
    [InlineData("but is '99999999999'", "bench", "--batches", "99999999999")]
    [InlineData("--threads must be a whole number from 1 to", "bench", "--threads", "0")]
    [InlineData("but is '-2'", "bench", "--threads", "-2")]
    [InlineData("but is 'two'", "bench", "--threads", "two")]
    [InlineData("but is '1000000'", "bench", "--threads", "1000000")]
    [InlineData("--image-size must be a whole number from 1 to", "bench", "--image-size", "0")]
    [InlineData("but is '-224'", "bench", "--image-size", "-224")]
    [InlineData("but is '224px'", "bench", "--image-size", "224px")]
    [InlineData("but is '9999999'", "bench", "--image-size", "9999999")]
    [InlineData("layer 'fc6': its weight of", "bench", "--image-size", "60000")]
    [InlineData("layer 'pool2': its output would vanish", "bench", "--image-size", "16")]
    [InlineData("layer 'pool2': its output would vanish", "summary", "--image-size", "16")]
    [InlineData("but is 'tensorflo'; did you mean 'tensorflow'?", "bench", "--network", "tensorflo")]
    [InlineData("--network must be tensorflow, torchvision,", "bench", "--network", "resnet")]
    [InlineData("--gradients must be conv or all, but is 'fc'", "bench", "--gradients", "fc")]
    [InlineData("--forward-only and --forward-backward-only leave nothing to run", "bench", "--forward-only", "--forward-backward-only")]
    [InlineData("--bfloat16 is for inference; add --forward-only", "bench", "--bfloat16")]
    [InlineData("--int8 is for inference; add --forward-only", "bench", "--int8")]
    [InlineData("two ways to read the same weights", "bench", "--int8", "--bfloat16", "--forward-only")]
    [InlineData("--batch-size must be a whole number from 1 to", "bench", "--batch-size", "1,1")]
    [InlineData("--plot draws a sweep", "bench", "--plot", "x.png")]
    [InlineData("--csv requires a single batch size", "bench", "--batch-size", "1,2", "--csv", "x.csv")]
    [InlineData("--compare needs at least two", "bench", "--compare", "a.json")]
    [InlineData("--compare measures nothing, so --seed has no meaning", "bench", "--seed", "3", "--compare", "a.json", "b.json")]
    [InlineData("--csv and --json name the same file", "bench", "--csv", "same", "--json", "same")]
    [InlineData("--json must be a path, but is empty", "bench", "--json", "")]
    public void WrongUsageIsOneLineAndExitCode2(string expected, params string[] arguments) => AssertOneLine(2, expected, arguments);

    [Fact]
    public void AnOutputFileThatCannotBeWrittenIsFoundBeforeTheRun()
    {
        using var folder = new TemporaryFolder();
        AssertOneLine(1, "--json: there is no folder", "bench", "--json", folder.PathOf("missing/result.json"));
        AssertOneLine(1, "--csv: '", "bench", "--csv", folder.Path);
        if (OperatingSystem.IsLinux())
            AssertOneLine(1, "--csv: '/proc/steps.csv' cannot be written", "bench", "--csv", "/proc/steps.csv");
    }

    [Fact]
    public void AnImageThatCannotBeReadIsNamed()
    {
        using var folder = new TemporaryFolder();
        byte[] image = TestImages.Encode(40, 30, SKEncodedImageFormat.Jpeg, out _);
        string empty = folder.PathOf("no images");
        Directory.CreateDirectory(empty);
        foreach ((string path, string expected) in (IEnumerable<(string, string)>)
            [
                (folder.PathOf("missing.jpg"), "missing.jpg: no such file"),
                (empty, "no images in this folder"),
                (folder.Write("empty.jpg", []), "empty.jpg: empty"),
                (folder.Write("text.jpg", "just some words"u8), "text.jpg: not a"),
                (folder.Write("cut.jpg", image.AsSpan(0, image.Length / 2)), "cut.jpg: truncated"),
                (folder.Write("huge.png", TestImages.PngHeader(60000, 60000)), "huge.png: too large"),
                (folder.Path, "cut.jpg: truncated"),
            ])
            AssertOneLine(1, expected, "bench", "--strict", "--images", path);
    }

    [Fact]
    public void VerboseAddsTheTrace()
    {
        AlexNetProcess.Result result = AlexNetCommand.Run("bench", "--image-size", "16", "--verbose");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("   at AlexNetSharp.", result.Error, StringComparison.Ordinal);
    }
}

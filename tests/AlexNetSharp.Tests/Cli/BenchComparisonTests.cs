using AlexNetSharp.Cli.Benchmarking;

namespace AlexNetSharp.Tests.Cli;

public class BenchComparisonTests : IDisposable
{
    private static readonly MachineCaches s_caches = new(32 << 10, 512 << 10, 32 << 20, 2, "test");
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void TwiceAsFastIsFaster()
    {
        string a = Write("a.json", Report(Steps(0.2))), b = Write("b.json", Report(Steps(0.1)));
        BenchComparison.Row row = Assert.Single(BenchComparison.Compare([a, b]));
        Assert.Equal(2, row.Ratio, 0.05);
        Assert.InRange(row.Low, 1.8, row.Ratio);
        Assert.InRange(row.High, row.Ratio, 2.2);
        Assert.Equal("faster", row.Verdict);
        Assert.Equal("slower", Assert.Single(BenchComparison.Compare([b, a])).Verdict);
    }

    [Fact]
    public void AHundredthIsNoiseWhereStepsSpreadOverATenth()
    {
        string a = Write("a.json", Report(Steps(0.2, spread: 0.2))), b = Write("b.json", Report(Steps(0.199, spread: 0.2, seed: 2)));
        Assert.StartsWith("no difference beyond noise", Assert.Single(BenchComparison.Compare([a, b])).Verdict, StringComparison.Ordinal);
    }

    [Fact]
    public void OtherWorkIsRefused()
    {
        BenchReport report = Report(Steps(0.2));
        string a = Write("a.json", report);
        Refused("batch size 8, there 32", report with { Settings = report.Settings with { BatchSize = 8 } });
        Refused("network other (00)", report with { Network = "other", Layers = "00" });
        Refused("image size 63×63", report with { Settings = report.Settings with { ImageHeight = 63, ImageWidth = 63 } });
        Refused("the run 'forward-backward' is not in", report with { Runs = [report.Runs[0] with { Name = "forward-backward" }] });
        // How it was computed is what is compared.
        Assert.Single(BenchComparison.Compare([a, Write("c.json", report with { Settings = report.Settings with { Threads = 1, Precise = true, Precision = "int8" } })]));
        string line = Assert.Single(BenchComparison.Differences([a, _folder.PathOf("c.json")]));
        Assert.EndsWith("c.json: threads 2 → 1, precision float32 → int8, precise no → yes", line, StringComparison.Ordinal);

        void Refused(string expected, BenchReport other)
        {
            InvalidDataException error = Assert.Throws<InvalidDataException>(() => BenchComparison.Compare([a, Write("b.json", other)]));
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void SweepsAreMatchedByBatchAndThreads()
    {
        BenchReport one = Report(Steps(0.2)), two = one with { Settings = one.Settings with { BatchSize = 1 }, Runs = [Run(Steps(0.05))] };
        File.WriteAllBytes(_folder.PathOf("a.json"), BenchReport.ToJson(new BenchSweep(BenchReport.CurrentSchema, [one, two])));
        File.WriteAllBytes(_folder.PathOf("b.json"), BenchReport.ToJson(new BenchSweep(BenchReport.CurrentSchema, [two, one])));
        Assert.All(BenchComparison.Compare([_folder.PathOf("a.json"), _folder.PathOf("b.json")]), row => Assert.Equal(1, row.Ratio, 1e-9));
    }

    [Theory]
    [InlineData("{}", "it has no field 'schema'")]
    [InlineData("{\"schema\": 2}", "version 2")]
    [InlineData("{\"schema\": 1}", "fields are missing")]
    [InlineData("{\"schema\": 1, \"sweep\": [null]}", "fields are missing")]
    [InlineData("[1", "not the JSON of 'alexnet bench --json'")]
    public void OtherFilesAreRefused(string json, string expected)
    {
        string path = _folder.Write("x.json", System.Text.Encoding.UTF8.GetBytes(json));
        Assert.Contains(expected, Assert.Throws<InvalidDataException>(() => BenchReport.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheIntervalHoldsTheMedianAndTheQuantilesRise()
    {
        var durations = new DurationStatistics(101);
        foreach (double seconds in Steps(1, spread: 0.4, count: 101))
            durations.Add(seconds);
        (double low, double high) = durations.MedianInterval;
        Assert.True(durations.Min < low && low < durations.Median && durations.Median < high && high < durations.Max);
        // 101 ordered steps: the 41st and the 61st.
        double[] sorted = [.. durations.Seconds.ToArray().Order()];
        Assert.Equal((sorted[39], sorted[61]), (low, high));
        Assert.Equal(durations.Median, durations.Quantile(0.5), 1e-12);
        Assert.True(durations.Median < durations.Quantile(0.9) && durations.Quantile(0.9) < durations.Quantile(0.99));
        Assert.Contains("interquartile range", Noise.Describe(durations), StringComparison.Ordinal);
        Assert.Contains("was 100 GFLOP/s before and 50 after", Noise.Describe(durations, (100, 50)), StringComparison.Ordinal);
    }

    private static double[] Steps(double median, double spread = 0.01, int seed = 1, int count = 50)
    {
        var random = new System.Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => median * (1 + spread * (random.NextDouble() - 0.5)))];
    }

    private static RunReport Run(double[] steps)
    {
        var durations = new DurationStatistics(steps.Length);
        foreach (double seconds in steps)
            durations.Add(seconds);
        return RunReport.From("forward", durations, 32, 1000);
    }

    private static BenchReport Report(double[] steps) => new(
        BenchReport.CurrentSchema, "1.0.0+abc", DateTimeOffset.UnixEpoch, "tensorflow", "12ab",
        new BenchSettings(null, 32, 224, 224, 2, "conv", false, "float32", 10, 50, 0, "noise"),
        new Machine("processor", "AVX2", "os", "10.0", 2, "", s_caches, null), 20, 1, [Run(steps)]);

    private string Write(string name, BenchReport report)
    {
        File.WriteAllBytes(_folder.PathOf(name), report.ToJson());
        return _folder.PathOf(name);
    }
}

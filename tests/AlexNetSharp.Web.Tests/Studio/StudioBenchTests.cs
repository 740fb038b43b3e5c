using System.Net;
using System.Text;
using System.Text.Json;
using AlexNetSharp.Cli.Benchmarking;
using AlexNetSharp.Studio;
using AlexNetSharp.Studio.Benchmarking;

// What the runtime throws is thrown here in its place.
#pragma warning disable CA2201

namespace AlexNetSharp.Web.Tests.Studio;

/// <summary>The benchmark behind the page.</summary>
public sealed class StudioBenchTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task LayersAreMeasuredAndResultsCompared()
    {
        await using TestStudio studio = await TestStudio.StartAsync(change: options => options with { Benchmark = new PageBenchmark(1) });
        (await studio.Post("/api/bench", """{"batchSize": 1, "batches": 3, "allGradients": false}"""u8.ToArray())).Dispose();
        await AssertRefused(await studio.Post("/api/bench", """{"batchSize": 1, "batches": 3, "allGradients": false}"""u8.ToArray()), HttpStatusCode.Conflict, "A benchmark is already running");
        using JsonDocument state = await StateAsync(studio, "done");
        JsonElement outcome = state.RootElement.GetProperty("outcome");
        string text = outcome.GetProperty("report").GetString()!;
        BenchReport report = Assert.Single(BenchReport.Parse(Encoding.UTF8.GetBytes(text), "report"));
        Assert.Equal(["forward", "forward-backward"], report.Runs.Select(run => run.Name));
        foreach (JsonElement run in outcome.GetProperty("runs").EnumerateArray())
        {
            JsonElement[] layers = [.. run.GetProperty("layers").EnumerateArray()];
            Assert.True(layers.Length >= 8);
            Assert.Equal(run.GetProperty("run").GetString() == "forward-backward", layers.Any(layer => layer.GetProperty("backwardSeconds").GetDouble() > 0));
            foreach (JsonElement layer in layers)
            {
                Assert.True(layer.GetProperty("forwardSeconds").GetDouble() >= 0);
                Assert.True(layer.GetProperty("forwardFloor").GetDouble() > 0);
                Assert.Contains(layer.GetProperty("forwardBy").GetString(), (string[])["×", "mem"]);
            }
            Assert.Contains(layers, layer => layer.GetProperty("candidates").EnumerateArray().Any(candidate => candidate.GetProperty("accepted").GetBoolean()));
        }

        using (JsonDocument same = await TestStudio.JsonAsync(await Compare(text, text), HttpStatusCode.OK))
        {
            Assert.Equal([1.0, 1.0], same.RootElement.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("ratio").GetDouble()));
            Assert.Equal("measured with the same program, settings and machine", same.RootElement.GetProperty("differences").GetString());
        }
        await AssertRefused(await Compare(text, text.Replace("\"batchSize\": 1", "\"batchSize\": 8", StringComparison.Ordinal)), HttpStatusCode.BadRequest, "other.json: forward did different work than in this machine: batch size 8");
        await AssertRefused(await Compare(text, "{}"), HttpStatusCode.BadRequest, "other.json: not a result of 'alexnet bench --json'");
        await AssertRefused(await Compare(text, "no JSON"), HttpStatusCode.BadRequest, "other.json: not the JSON of 'alexnet bench --json'");
        Assert.Empty(studio.Notes);

        Task<HttpResponseMessage> Compare(string first, string other) => studio.Post(
            "/api/bench/compare", JsonSerializer.SerializeToUtf8Bytes(new { firstName = "this machine", first, otherName = "other.json", other }));
    }

    [Theory]
    [InlineData("""{"batchSize": 0, "batches": 3, "allGradients": false}""", HttpStatusCode.BadRequest, "The batch size must be 1 to 512, not 0.")]
    [InlineData("""{"batchSize": 1, "batches": 1001, "allGradients": false}""", HttpStatusCode.BadRequest, "The number of steps must be 1 to 1000, not 1001.")]
    [InlineData("""{"batchSize": 1}""", HttpStatusCode.BadRequest, "The request cannot be understood.")]
    [InlineData("[", HttpStatusCode.BadRequest, "The request cannot be understood.")]
    public async Task WhatCannotBeMeasuredIsRefused(string body, HttpStatusCode status, string start)
    {
        await using TestStudio studio = await TestStudio.StartAsync(change: options => options with { Benchmark = new PageBenchmark(1) });
        await AssertRefused(await studio.Post("/api/bench", Encoding.UTF8.GetBytes(body)), status, start);
        await AssertRefused(await studio.Post("/api/bench/compare", Encoding.UTF8.GetBytes(body)), HttpStatusCode.BadRequest, "The request cannot be understood.");
    }

    [Fact]
    public async Task ABenchmarkEndsWithItsPage()
    {
        await using TestStudio studio = await TestStudio.StartAsync(change: options => options with { Benchmark = new PageBenchmark(1), Grace = TimeSpan.FromSeconds(0.5) });
        using (await studio.Client.GetAsync("/api/bench/events", HttpCompletionOption.ResponseHeadersRead, Token))
            (await studio.Post("/api/bench", """{"batchSize": 1, "batches": 1000, "allGradients": true}"""u8.ToArray())).Dispose();
        await Task.Delay(5000, Token);
        (await StateAsync(studio, "idle")).Dispose();
    }

    [Fact]
    public async Task WithoutABenchmarkThereIsNone()
    {
        await using TestStudio studio = await TestStudio.StartAsync();
        await AssertRefused(await studio.Post("/api/bench", """{"batchSize": 1, "batches": 1, "allGradients": false}"""u8.ToArray()), HttpStatusCode.NotFound, "This studio has no benchmark");
    }

    [Fact]
    public async Task WhatGoesWrongIsOneLineWithoutThisMachinesPaths()
    {
        await using TestStudio studio = await TestStudio.StartAsync();
        StudioOptions options = new StudioOptions { SaveFolder = studio.PathOf("saved") }.WithPaths([studio.PathOf("images"), studio.PathOf("runs")]);
        Exception gone = Record.Exception(() => File.ReadAllBytes(studio.PathOf("runs/first/gone")))!;
        Assert.Equal("Could not find file 'runs/first/gone'.", options.Describe(gone));
        Assert.Equal("an error inside the program, NullReferenceException", options.Describe(new AggregateException(new NullReferenceException())));
        Assert.StartsWith("the memory does not suffice (", options.Describe(new OutOfMemoryException()), StringComparison.Ordinal);
        Assert.Equal("the batch is too small", options.Describe(new ArgumentException("the batch is too small", nameof(options))));
        Assert.Equal(@"a name with\n two lines", options.Describe(new IOException("a name with\r\n two lines")));
    }

    [Fact]
    public async Task AFailureIsDescribed()
    {
        await using TestStudio studio = await TestStudio.StartAsync(change: options => options with { Benchmark = new NoMemory() });
        (await studio.Post("/api/bench", """{"batchSize": 1, "batches": 1, "allGradients": false}"""u8.ToArray())).Dispose();
        using JsonDocument state = await StateAsync(studio, "failed");
        Assert.StartsWith("the memory does not suffice (", state.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
        await AssertRefused(await studio.Post("/api/bench/compare", """{"firstName": "a", "first": "", "otherName": "b", "other": ""}"""u8.ToArray()), HttpStatusCode.InternalServerError, "No space left on device");
        string note = Assert.Single(studio.Notes);
        Assert.Equal("/api/bench/compare: No space left on device", note);
    }

    /// <summary>A benchmark on a machine without memory and disk.</summary>
    private sealed class NoMemory : IPageBenchmark
    {
        public string Machine => "none";

        public BenchOutcome Run(BenchRequest request, Action<BenchStep> progress, CancellationToken cancellation) => throw new OutOfMemoryException();

        public BenchDifference Compare(string firstName, byte[] first, string otherName, byte[] other) => throw new IOException("No space left on device");
    }

    private static async Task<JsonDocument> StateAsync(TestStudio studio, string phase)
    {
        await using Stream events = await studio.Client.GetStreamAsync("/api/bench/events", Token);
        using var reader = new StreamReader(events, Encoding.UTF8);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(120));
        while (true)
        {
            string line = await reader.ReadLineAsync(limit.Token) ?? throw new EndOfStreamException();
            if (!line.StartsWith("data: ", StringComparison.Ordinal))
                continue;
            JsonDocument json = JsonDocument.Parse(line[6..]);
            if (json.RootElement.GetProperty("phase").GetString() == phase)
                return json;
            json.Dispose();
        }
    }

    private static async Task AssertRefused(HttpResponseMessage answer, HttpStatusCode status, string start)
    {
        using (answer)
        using (JsonDocument json = await TestStudio.JsonAsync(answer, status))
            Assert.StartsWith(start, json.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
    }
}

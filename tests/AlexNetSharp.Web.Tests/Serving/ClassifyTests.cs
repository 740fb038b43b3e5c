using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AlexNetSharp.AspNetCore;
using AlexNetSharp.Inference;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace AlexNetSharp.Web.Tests.Serving;

/// <summary>What a service answers, and what it tells those who run it.</summary>
public sealed class ClassifyTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AnImageGetsItsClasses()
    {
        await using TestService service = await TestService.StartAsync();
        var classifier = service.App.Services.GetRequiredService<Classifier>();
        Prediction[] expected = classifier.ClassifyEncoded(TestService.Image, 3, cancellationToken: Token);
        foreach (bool chunked in (bool[])[false, true])
        {
            using HttpResponseMessage answer = await service.Post(TestService.Image, "?top=3", chunked: chunked);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            ClassPrediction[] classes = (await answer.Content.ReadFromJsonAsync<ClassPrediction[]>(Token))!;
            Assert.Equal(expected.Select(p => new ClassPrediction(p.Index, p.Id, p.Name, p.Probability)), classes);
            Assert.Matches(@"^queue;dur=[\d.]+, decode;dur=[\d.]+, prepare;dur=[\d.]+, wait;dur=[\d.]+, compute;dur=[\d.]+$", Assert.Single(answer.Headers.GetValues("Server-Timing")));
        }
        using HttpResponseMessage usual = await service.Post(TestService.Image, type: "application/octet-stream");
        Assert.Equal(5, (await usual.Content.ReadFromJsonAsync<ClassPrediction[]>(Token))!.Length);
    }

    [Fact]
    public async Task ClassifiersHaveNamesAndKeys()
    {
        using var folder = new TemporaryFolder();
        TestService.SaveModel(folder.PathOf("two.safetensors"), classes: 2);
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Two:ModelPath"] = folder.PathOf("two.safetensors"),
            ["Two:MaxTop"] = "9",
            ["Two:BodyTimeout"] = "00:00:07",
        }).Build();
        await using TestService service = await TestService.StartAsync(
            services: services => services.AddAlexNetClassifier("two", configuration.GetSection("Two")),
            map: app => app.MapClassify("/two", "two"));
        IServiceProvider provider = service.App.Services;
        Assert.Equal(2, provider.GetRequiredKeyedService<Classifier>("two").Classes.Count);
        Assert.Equal(6, provider.GetRequiredService<Classifier>().Classes.Count);
        AlexNetClassifierOptions options = provider.GetRequiredService<IOptionsMonitor<AlexNetClassifierOptions>>().Get("two");
        Assert.Equal((9, TimeSpan.FromSeconds(7)), (options.MaxTop, options.BodyTimeout));
        using var content = new ByteArrayContent(TestService.Image) { Headers = { ContentType = new("image/jpeg") } };
        using HttpResponseMessage answer = await service.Client.PostAsync("/two", content, Token);
        Assert.Equal(2, (await answer.Content.ReadFromJsonAsync<ClassPrediction[]>(Token))!.Length);
        Assert.Contains("call services.AddAlexNetClassifier with this name", Assert.Throws<InvalidOperationException>(() => service.App.MapClassify("/x", "three")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HealthSaysAliveAndReady()
    {
        await using TestService service = await TestService.StartAsync();
        Assert.Equal("Healthy", await service.Client.GetStringAsync("/health/alive", Token));
        Assert.Equal("Healthy", await service.Client.GetStringAsync("/health/ready", Token));
    }

    [Fact]
    public async Task AModelThatCannotBeReadEndsTheHostWithALine()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("bad.safetensors", "nonsense"u8);
        await using TestService service = await TestService.StartAsync(options => options.ModelPath = path, ready: false);
        var stopping = new TaskCompletionSource();
        service.App.Lifetime.ApplicationStopping.Register(stopping.SetResult);
        await stopping.Task.WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Equal(1, Environment.ExitCode);
        Environment.ExitCode = 0;
        var line = Assert.Single(service.Log.Lines, line => line.Id.Id == 3 && line.Level == Microsoft.Extensions.Logging.LogLevel.Critical);
        Assert.StartsWith($"{path} cannot be used: {path}", line.Text, StringComparison.Ordinal);
        Assert.Null(line.Exception);
    }

    [Fact]
    public async Task AFileMayDescribeTheNetworkOfWeightsThatDoNotState()
    {
        using var folder = new TemporaryFolder();
        Network network = CudaConvnet.Quick(6);
        (string weights, string described) = (folder.PathOf("weights.safetensors"), folder.PathOf("network.json"));
        using (ParameterSet parameters = ParameterSet.Initialize(network, seed: 6))
            ModelFile.SaveParameters(weights, parameters);
        await File.WriteAllTextAsync(described, network.ToJson(), Token);
        await using TestService service = await TestService.StartAsync(options => (options.ModelPath, options.Network) = (weights, described));
        using HttpResponseMessage answer = await service.Post(TestService.Image, "?top=6");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(6, JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Token)).RootElement.GetArrayLength());
    }

    [Fact]
    public async Task WrongOptionsAreNamedBeforeTheHostStarts()
    {
        OptionsValidationException e = await Assert.ThrowsAsync<OptionsValidationException>(() => TestService.StartAsync(options =>
        {
            options.ModelPath = "nowhere.safetensors";
            options.BatchSize = 0;
            options.DefaultTop = 101;
            options.Network = "alexnett";
            options.RequestTimeout = TimeSpan.Zero;
        }));
        Assert.Collection(e.Failures,
            line => Assert.Equal("classifier: ModelPath: 'nowhere.safetensors' does not exist", line),
            line => Assert.StartsWith("classifier: Network: 'alexnett' is not a known network; use one of ", line, StringComparison.Ordinal),
            line => Assert.Equal("classifier: BatchSize must be 1 to 1048576, but is 0", line),
            line => Assert.Equal("classifier: DefaultTop must be 1 to 100, but is 101", line),
            line => Assert.Equal("classifier: RequestTimeout must be greater than 0 and at most one day, but is 00:00:00", line));
    }

    [Fact]
    public async Task MeasurementsAndTracesAreWritten()
    {
        var values = new Dictionary<string, double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, it) =>
            {
                if (instrument.Meter.Name == AlexNetTelemetry.MeterName)
                    it.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => Add(instrument.Name, value));
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => Add(instrument.Name, value));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add($"{instrument.Name} {tags[0].Value}", value));
        listener.Start();
        var activities = new List<Activity>();
        using var activityListener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == AlexNetTelemetry.ActivitySourceName,
            Sample = (ref _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                lock (activities)
                    activities.Add(activity);
            },
        };
        ActivitySource.AddActivityListener(activityListener);
        await using TestService service = await TestService.StartAsync();
        using (await service.Post(TestService.Image))
        using (await service.Post([1, 2, 3]))
            listener.RecordObservableInstruments();
        lock (values)
        {
            Assert.True(values["alexnet.classifier.batch.size"] >= 1);
            foreach (string time in (string[])["queue", "decode", "prepare", "wait", "compute"])
                Assert.True(values[$"alexnet.classifier.{time}.duration"] > 0);
            Assert.Contains("alexnet.classifier.queue.length", values.Keys);
            Assert.True(values["alexnet.classifier.refused bad_image"] >= 1);
        }
        lock (activities)
        {
            Activity good = activities.First(activity => activity.Status != ActivityStatusCode.Error);
            Assert.Equal(TestService.Image.Length, good.GetTagItem("alexnet.image.bytes"));
            Assert.Contains(activities, activity => Equals(activity.GetTagItem("error.type"), "bad_image"));
        }

        void Add(string name, double value)
        {
            lock (values)
                values[name] = values.GetValueOrDefault(name) + value;
        }
    }

    [Fact]
    public async Task TheServiceDescribesItself()
    {
        await using TestService service = await TestService.StartAsync(
            services: services => services.AddOpenApi(), map: app => app.MapOpenApi());
        using JsonDocument document = JsonDocument.Parse(await service.Client.GetStringAsync("/openapi/v1.json", Token));
        JsonElement post = document.RootElement.GetProperty("paths").GetProperty("/classify").GetProperty("post");
        Assert.Equal("Classify an image", post.GetProperty("summary").GetString());
        Assert.Equal("top", post.GetProperty("parameters")[0].GetProperty("name").GetString());
        Assert.True(post.GetProperty("requestBody").GetProperty("content").TryGetProperty("application/octet-stream", out _));
        Assert.Equal(["200", "400", "408", "413", "415", "503"], post.GetProperty("responses").EnumerateObject().Select(response => response.Name));
    }

    [Fact]
    public async Task MemoryIsGivenBackWhenNothingComes()
    {
        await using TestService service = await TestService.StartAsync(options => options.TrimAfter = TimeSpan.FromSeconds(0.5));
        using (await service.Post(TestService.Image))
        {
            long start = Stopwatch.GetTimestamp();
            while (!service.Log.Lines.Any(line => line.Id.Id == 5))
            {
                Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 30);
                await Task.Delay(50, Token);
            }
        }
        using HttpResponseMessage answer = await service.Post(TestService.Image);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }
}

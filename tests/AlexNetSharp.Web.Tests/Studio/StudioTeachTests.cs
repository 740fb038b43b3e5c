using System.Net;
using System.Text;
using System.Text.Json;
using AlexNetSharp.Images;
using AlexNetSharp.Inference;
using AlexNetSharp.Models;
using AlexNetSharp.Training;
using SkiaSharp;

namespace AlexNetSharp.Web.Tests.Studio;

/// <summary>Teaching through the studio's interface: what is learned, what is refused, what is freed.</summary>
public sealed class StudioTeachTests
{
    private static readonly SKColor[] s_colors = [new(200, 60, 50), new(40, 90, 200), new(60, 180, 70)];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TwoClassesAreLearnedTriedAndWritten()
    {
        await using TestStudio studio = await TestStudio.StartAsync();
        string page = await OpenAsync(studio);
        for (int i = 0; i < 10; i++)
            foreach (int k in (int[])[0, 1])
                await AddAsync(studio, page, 7 + k, TestStudio.Colored(s_colors[k], 10 * i + k));
        await AssertRefused(await studio.Post($"{page}/classify", TestStudio.Colored(s_colors[0], 99)), HttpStatusCode.Conflict, "Nothing has been learned yet");
        JsonElement state = await TrainAsync(studio, page, "red", "blue");
        Assert.Equal((16, 4), (state.GetProperty("learned").GetInt32(), state.GetProperty("heldOut").GetInt32()));
        JsonElement[] history = [.. state.GetProperty("history").EnumerateArray()];
        Assert.Equal(30, history.Length);
        Assert.True(history[^1].GetProperty("loss").GetDouble() < history[0].GetProperty("loss").GetDouble());
        Assert.Equal([2, 0, 0, 2], state.GetProperty("confusion").EnumerateArray().Select(n => n.GetInt32()));
        Assert.Empty(state.GetProperty("mistakes").EnumerateArray());

        byte[] heldOut = TestStudio.Colored(s_colors[1], 1234);
        float[] probabilities = await AskAsync(studio, page, heldOut, "blue");
        foreach (string format in (string[])["safetensors", "onnx"])
        {
            string path = studio.Write($"got.{format}", await studio.Client.GetByteArrayAsync($"{page}/model.{format}", Token));
            using Classifier classifier = Classifier.Load(path, new ImageDecoder());
            Prediction[] predictions = await classifier.ClassifyEncodedAsync(heldOut, cancellationToken: Token);
            Assert.Equal("blue", predictions[0].Name);
            Assert.Equal(probabilities[0], predictions[0].Probability, 1e-4f);
        }

        (await studio.Post($"{page}/save?name=colors", [])).Dispose();
        string saved = studio.PathOf("saved/colors");
        using (Model model = ModelFile.Load(RunFolder.LastCheckpointOf(saved)), downloaded = ModelFile.Load(studio.PathOf("got.safetensors")))
            foreach (Parameter parameter in model.Parameters.Parameters)
                Assert.Equal(Values(downloaded.Parameters[parameter.Name]), Values(parameter));
        Assert.True(File.Exists(RunFolder.BestCheckpointOf(saved)));
        using JsonDocument runs = await studio.JsonAsync("/api/runs");
        Assert.Equal(("colors", 30), (runs.RootElement[2].GetProperty("name").GetString(), runs.RootElement[2].GetProperty("epochs").GetInt32()));
        Assert.Empty(studio.Notes);
    }

    [Fact]
    public async Task WhatCannotBeTaughtIsRefusedWithALine()
    {
        await using TestStudio studio = await TestStudio.StartAsync();
        string page = await OpenAsync(studio);
        await AddAsync(studio, page, 0, TestStudio.Colored(s_colors[0], 1));
        await AddAsync(studio, page, 1, TestStudio.Colored(s_colors[1], 1));
        await Refused("Training needs at least two classes", (0, "red"));
        await Refused("'green' has no images", (0, "red"), (2, "green"));
        await Refused("Two classes are called 'Red'", (0, "red"), (1, " Red "));
        await Refused("A class has no name", (0, "red"), (1, "  "));
        await Refused("A class name must be one line of at most 60 characters", (0, "red"), (1, new string('x', 61)));
        await Refused("A class name must be one line of at most 60 characters: change the name of class 2", (0, "red"), (1, "a\nb"));
        await Refused("Class 0 appears twice", (0, "red"), (0, "blue"));
        await Refused("There are 51 classes", [.. Enumerable.Range(0, 51).Select(i => (i, $"class {i}"))]);
        await AssertRefused(await studio.Post($"{page}/train", Encoding.UTF8.GetBytes("""{"classes": null, "epochs": 501}""")), HttpStatusCode.BadRequest, "The number of epochs must be 1 to 500");
        await AssertRefused(await studio.Post($"{page}/train", "no JSON"u8.ToArray()), HttpStatusCode.BadRequest, "The request cannot be understood.");
        await AssertRefused(await studio.Post($"{page}/images/0", [1, 2, 3]), HttpStatusCode.BadRequest, "image: not a JPEG");
        await AssertRefused(await studio.Post($"{page}/images/0", new byte[(32 << 20) + 1]), HttpStatusCode.RequestEntityTooLarge, "An image may have at most 32 MiB.");
        foreach (string path in (string[])["classify", "save?name=a"])
            await AssertRefused(await studio.Post($"{page}/{path}", TestStudio.Image(1)), HttpStatusCode.Conflict, "Nothing has been learned yet");
        await AssertRefused(await studio.Client.GetAsync($"{page}/model.onnx", Token), HttpStatusCode.Conflict, "Nothing has been learned yet");
        await AssertRefused(await studio.Client.GetAsync($"{page}/model.exe", Token), HttpStatusCode.NotFound, "A model can be saved as safetensors or ONNX.");
        await AssertRefused(await studio.Post("/api/teach/none/stop", []), HttpStatusCode.NotFound, "What this page taught is no longer available.");
        using HttpResponseMessage other = await studio.Post($"{page}/train", [], origin: "http://evil.example");
        Assert.Equal(HttpStatusCode.Forbidden, other.StatusCode);

        async Task Refused(string start, params (int Number, string Name)[] classes) =>
            await AssertRefused(await studio.Post($"{page}/train", Request(30, classes)), HttpStatusCode.BadRequest, start);
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a b")]
    public async Task ARunIsSavedBelowTheFolderOnly(string name)
    {
        await using TestStudio studio = await TestStudio.StartAsync();
        await AssertRefused(await studio.Post($"{await OpenAsync(studio)}/save?name={Uri.EscapeDataString(name)}", []), HttpStatusCode.BadRequest, "The name of a run must be 1 to 60 letters");
    }

    [Fact]
    public async Task WithoutAFolderNothingIsSaved()
    {
        await using TestStudio studio = await TestStudio.StartAsync(change: options => options with { SaveFolder = null });
        await AssertRefused(await studio.Post($"{await OpenAsync(studio)}/save?name=a", []), HttpStatusCode.Conflict, "No folder for runs was given");
    }

    [Fact]
    public async Task PagesAreFewAndWhatTheyTaughtGoesWithThem()
    {
        await using TestStudio studio = await TestStudio.StartAsync(change: options => options with { Grace = TimeSpan.FromSeconds(1) });
        string page = await OpenAsync(studio);
        using (HttpResponseMessage stream = await studio.Client.GetAsync($"{page}/events", HttpCompletionOption.ResponseHeadersRead, Token))
        {
            // As long as the page listens, it stays.
            await Task.Delay(2500, Token);
            await AddAsync(studio, page, 0, TestStudio.Image(1));
            for (int i = 0; i < 3; i++)
                await OpenAsync(studio);
            await AssertRefused(await studio.Post("/api/teach", []), HttpStatusCode.TooManyRequests, "4 pages are already teaching");
        }
        HttpStatusCode status = HttpStatusCode.OK;
        for (int i = 0; i < 200 && status != HttpStatusCode.NotFound; i++)
        {
            await Task.Delay(50, Token);
            using HttpResponseMessage answer = await studio.Post($"{page}/forget?image=0", []);
            status = answer.StatusCode;
        }
        Assert.Equal(HttpStatusCode.NotFound, status);
        page = await OpenAsync(studio);
        (await studio.Post($"{page}/end", [])).Dispose();
        await AssertRefused(await studio.Post($"{page}/images/0", TestStudio.Image(1)), HttpStatusCode.NotFound, "What this page taught is no longer available.");
    }

    [Fact]
    public async Task AStoppedTrainingKeepsWhatItLearned()
    {
        await using TestStudio studio = await TestStudio.StartAsync();
        string page = await OpenAsync(studio);
        for (int i = 0; i < 60; i++)
            await AddAsync(studio, page, i % 3, TestStudio.Colored(s_colors[i % 3], i));
        (await studio.Post($"{page}/train", Request(500, (0, "red"), (1, "blue"), (2, "green")))).Dispose();
        await AssertRefused(await studio.Post($"{page}/train", Request(500, (0, "red"), (1, "blue"))), HttpStatusCode.Conflict, "A training is already running");
        (await studio.Post($"{page}/stop", [])).Dispose();
        JsonElement state = await StateAsync(studio, page);
        Assert.InRange(state.GetProperty("epoch").GetInt32(), 1, 499);
        (await studio.Post($"{page}/save?name=stopped", [])).Dispose();
        Assert.Equal(state.GetProperty("epoch").GetInt32() + 1, (await File.ReadAllLinesAsync(studio.PathOf("saved/stopped/metrics.csv"), Token)).Length);
        await AssertRefused(await studio.Post($"{page}/save?name=stopped", []), HttpStatusCode.Conflict, "'stopped' already exists");
    }

    private static async Task<string> OpenAsync(TestStudio studio)
    {
        using HttpResponseMessage answer = await studio.Post("/api/teach", []);
        using JsonDocument json = await TestStudio.JsonAsync(answer, HttpStatusCode.OK);
        return $"/api/teach/{json.RootElement.GetProperty("id").GetString()}";
    }

    private static async Task AddAsync(TestStudio studio, string page, int number, byte[] image)
    {
        using HttpResponseMessage answer = await studio.Post($"{page}/images/{number}", image);
        (await TestStudio.JsonAsync(answer, HttpStatusCode.OK)).Dispose();
    }

    private static byte[] Request(int epochs, params (int Number, string Name)[] classes) => JsonSerializer.SerializeToUtf8Bytes(
        new { classes = classes.Select(c => new { number = c.Number, name = c.Name }), epochs });

    private static async Task<JsonElement> TrainAsync(TestStudio studio, string page, params string[] names)
    {
        using HttpResponseMessage answer = await studio.Post($"{page}/train", Request(30, [.. names.Select((name, k) => (7 + k, name))]));
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        return await StateAsync(studio, page);
    }

    /// <summary>Listens until the training has ended.</summary>
    private static async Task<JsonElement> StateAsync(TestStudio studio, string page)
    {
        await using Stream events = await studio.Client.GetStreamAsync($"{page}/events", Token);
        using var reader = new StreamReader(events, Encoding.UTF8);
        while (true)
        {
            string line = await reader.ReadLineAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Token) ?? throw new EndOfStreamException();
            if (!line.StartsWith("data: ", StringComparison.Ordinal))
                continue;
            using JsonDocument json = JsonDocument.Parse(line[6..]);
            if (json.RootElement.GetProperty("phase").GetString() is not "training")
                return json.RootElement.Clone();
        }
    }

    private static async Task<float[]> AskAsync(TestStudio studio, string page, byte[] image, string expected)
    {
        using HttpResponseMessage answer = await studio.Post($"{page}/classify", image);
        using JsonDocument json = await TestStudio.JsonAsync(answer, HttpStatusCode.OK);
        JsonElement[] classes = [.. json.RootElement.GetProperty("classes").EnumerateArray()];
        Assert.Equal(expected, classes[0].GetProperty("name").GetString());
        return [.. classes.Select(c => c.GetProperty("probability").GetSingle())];
    }

    private static float[] Values(Parameter parameter)
    {
        var values = new float[parameter.Spec.Length];
        parameter.CopyTo(values);
        return values;
    }

    private static async Task AssertRefused(HttpResponseMessage answer, HttpStatusCode status, string start)
    {
        using (answer)
        using (JsonDocument json = await TestStudio.JsonAsync(answer, status))
            Assert.StartsWith(start, json.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
    }
}

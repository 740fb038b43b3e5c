using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using AlexNetSharp.Studio;
using AlexNetSharp.Studio.Hosting;
using AlexNetSharp.Tests;
using AlexNetSharp.Tests.Images;
using AlexNetSharp.Web.Tests.Serving;
using SkiaSharp;

namespace AlexNetSharp.Web.Tests.Studio;

/// <summary>A studio with a small model, a folder of images and two runs, and a browser's cookies.</summary>
internal sealed class TestStudio : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StudioServer _server;

    private TestStudio(Func<StudioOptions, StudioOptions>? change)
    {
        TestService.SaveModel(_folder.PathOf("model.safetensors"));
        for (int i = 0; i < 6; i++)
            _folder.Write($"images/below/{i}.jpg", Image(i));
        _folder.Write("images/notes.txt", "no image"u8);
        foreach ((string name, SKColor color, int seed) in (ReadOnlySpan<(string, SKColor, int)>)[("red", new SKColor(200, 60, 50), 0), ("blue", new SKColor(40, 90, 200), 100)])
        {
            for (int i = 0; i < 8; i++)
                _folder.Write($"teach/{name}/{i}.jpg", Colored(color, seed + i));
            _folder.Write($"held-out/{name}.jpg", Colored(color, seed + 50));
        }
        _folder.Write("secret.jpg", Image(99));
        _folder.Write("runs/first/config.json", """{"network": "tensorflow", "epochs": 3, "learningRate": 0.01}"""u8);
        _folder.Write("runs/first/metrics.csv", "epoch,step,train_loss,val_loss,val_top1,seconds\n1,10,2.5,2.4,0.25,4\n2,20,1.5,NaN,0.5,4\n"u8);
        _folder.Write("runs/second/metrics.csv", "epoch,step,train_loss\n1,10,2.5\n"u8);
        StudioOptions options = new StudioOptions { Note = Notes.Add, SaveFolder = _folder.PathOf("saved") }.WithPaths(
            [_folder.PathOf("model.safetensors"), _folder.PathOf("images"), _folder.PathOf("runs")]);
        _server = new StudioServer(change?.Invoke(options) ?? options);
    }

    public static async Task<TestStudio> StartAsync(bool signIn = true, Func<StudioOptions, StudioOptions>? change = null, int? images = null)
    {
        var studio = new TestStudio(change);
        await studio._server.StartAsync(TestContext.Current.CancellationToken);
        studio.Client.BaseAddress = new Uri(studio._server.Url);
        if (!signIn)
            return studio;
        (await studio.Client.GetAsync(studio._server.Address, TestContext.Current.CancellationToken)).Dispose();
        for (int i = 0; i < 600; i++)
        {
            using JsonDocument status = await studio.JsonAsync("/api/status");
            if (status.RootElement.GetProperty("state").GetString() == "ready" && status.RootElement.GetProperty("imagesDone").GetInt32() >= (images ?? 6))
                return studio;
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        throw new TimeoutException("the studio does not become ready");
    }

    public HttpClient Client { get; } = new(new HttpClientHandler { CookieContainer = new CookieContainer(), AllowAutoRedirect = true });

    public List<string> Notes { get; } = [];

    public string Address => _server.Address;

    public string Url => _server.Url;

    public string PathOf(string name) => _folder.PathOf(name);

    public string Write(string name, ReadOnlySpan<byte> content) => _folder.Write(name, content);

    public static byte[] Image(int seed) => TestImages.Encode(48, 40, SKEncodedImageFormat.Jpeg, out _, seed: seed);

    /// <summary>A noisy image of mostly one color, as JPEG.</summary>
    public static byte[] Colored(SKColor color, int seed)
    {
        var random = new System.Random(seed);
        using var bitmap = new SKBitmap(48, 40);
        for (int y = 0; y < bitmap.Height; y++)
            for (int x = 0; x < bitmap.Width; x++)
                bitmap.SetPixel(x, y, new SKColor(Near(color.Red), Near(color.Green), Near(color.Blue)));
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        return data.ToArray();

        byte Near(byte value) => (byte)Math.Clamp(value + random.Next(-40, 41), 0, 255);
    }

    public async Task<JsonDocument> JsonAsync(string path, HttpStatusCode expected = HttpStatusCode.OK)
    {
        using HttpResponseMessage answer = await Client.GetAsync(path, TestContext.Current.CancellationToken);
        return await JsonAsync(answer, expected);
    }

    public static async Task<JsonDocument> JsonAsync(HttpResponseMessage answer, HttpStatusCode expected)
    {
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(expected == answer.StatusCode, $"{answer.StatusCode}: {text}");
        return JsonDocument.Parse(text);
    }

    public async Task<HttpResponseMessage> Post(string path, byte[] body, string? origin = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        request.Headers.Add("Origin", origin ?? Url);
        // What is refused by its length is not sent.
        request.Headers.ExpectContinue = body.Length > 1 << 20;
        return await Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>Classifies an image and returns its name.</summary>
    public async Task<string> AddAsync(byte[] image)
    {
        using HttpResponseMessage answer = await Post("/api/classify?top=3", image);
        using JsonDocument json = await JsonAsync(answer, HttpStatusCode.OK);
        return json.RootElement.GetProperty("image").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
        _folder.Dispose();
    }
}

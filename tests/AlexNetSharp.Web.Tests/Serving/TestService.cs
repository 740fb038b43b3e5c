using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using AlexNetSharp.AspNetCore;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests;
using AlexNetSharp.Tests.Images;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SkiaSharp;

namespace AlexNetSharp.Web.Tests.Serving;

/// <summary>A service with a small model on a port of its own.</summary>
internal sealed class TestService : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Action<WebApplication>? _map;

    /// <summary>Starts it.</summary>
    /// <param name="configure">Changes the options.</param>
    /// <param name="services">Adds services.</param>
    /// <param name="map">Maps further endpoints.</param>
    public static async Task<TestService> StartAsync(
        Action<AlexNetClassifierOptions>? configure = null, Action<IServiceCollection>? services = null, Action<WebApplication>? map = null, bool ready = true)
    {
        var service = new TestService(configure, services, map);
        await service.App.StartAsync(Token);
        service.Client.BaseAddress = new Uri(service.App.Urls.First());
        if (ready)
            await service.App.Services.GetRequiredKeyedService<ClassifierHost>("").Loading.WaitAsync(TimeSpan.FromSeconds(60), Token);
        return service;
    }

    private TestService(Action<AlexNetClassifierOptions>? configure, Action<IServiceCollection>? services, Action<WebApplication>? map)
    {
        _map = map;
        string path = _folder.PathOf("model.safetensors");
        SaveModel(path);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseKestrel().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders().AddProvider(Log).SetMinimumLevel(LogLevel.Debug);
        builder.Services.AddAlexNetClassifier(options =>
        {
            options.ModelPath = path;
            configure?.Invoke(options);
        });
        services?.Invoke(builder.Services);
        App = builder.Build();
        App.UseStatusCodePages();
        App.MapClassify("/classify");
        App.MapAlexNetHealthChecks();
        _map?.Invoke(App);
    }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public WebApplication App { get; }

    public HttpClient Client { get; } = new();

    public LogLines Log { get; } = new();

    /// <summary>A JPEG of 60×40 pixels.</summary>
    public static byte[] Image { get; } = TestImages.Encode(60, 40, SKEncodedImageFormat.Jpeg, out _);

    /// <summary>cifar10-quick with random weights and six classes.</summary>
    public static void SaveModel(string path, int classes = 6)
    {
        Network network = CudaConvnet.Quick(classes);
        ClassName[] names = [.. Enumerable.Range(0, classes).Select(i => new ClassName($"id{i}", $"name {i}"))];
        var preprocessing = new Preprocessing { Resize = ResizeMode.ShorterSide, ResizeTo = 36, CropHeight = 32, CropWidth = 32, Scale = 1f / 255, Mean = [0.5f, 0.4f, 0.3f] };
        using var model = new Model(ParameterSet.Initialize(network, seed: 6), preprocessing, names);
        ModelFile.Save(path, model);
    }

    public Task<HttpResponseMessage> Post(byte[] body, string query = "", string type = "image/jpeg", bool chunked = false)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        var request = new HttpRequestMessage(HttpMethod.Post, "/classify" + query) { Content = content };
        if (chunked)
            request.Headers.TransferEncodingChunked = true;
        return Client.SendAsync(request, Token);
    }

    /// <summary>Begins a request and leaves the rest of its body away.</summary>
    public Task<TcpClient> BeginAsync(int length, byte[]? start = null) => BeginAsync($"Content-Length: {length}", start);

    /// <summary>Begins a request with another header that says how long it is.</summary>
    public async Task<TcpClient> BeginAsync(string length, byte[]? start)
    {
        var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, new Uri(App.Urls.First()).Port, Token);
        byte[] head = Encoding.ASCII.GetBytes($"POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\n{length}\r\n\r\n");
        await tcp.GetStream().WriteAsync((byte[])[.. head, .. start ?? []], Token);
        return tcp;
    }

    /// <summary>What a server answers until it ends the connection.</summary>
    public static async Task<string> ReadToEndAsync(TcpClient tcp)
    {
        var text = new StringBuilder();
        byte[] buffer = new byte[4096];
        try
        {
            for (int count; (count = await tcp.GetStream().ReadAsync(buffer, Token)) > 0;)
                text.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }
        catch (IOException)
        {
            // Cut.
        }
        return text.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Keeps the log.</summary>
    internal sealed class LogLines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<(LogLevel Level, EventId Id, string Text, Exception? Exception)> Lines { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue((logLevel, eventId, formatter(state, exception), exception));

        public void Dispose()
        {
        }
    }
}

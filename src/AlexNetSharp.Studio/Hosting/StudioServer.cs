using System.Net;
using AlexNetSharp.Data;
using AlexNetSharp.Studio.Analysis;
using AlexNetSharp.Studio.Api;
using AlexNetSharp.Studio.Benchmarking;
using AlexNetSharp.Studio.Runs;
using AlexNetSharp.Studio.Teaching;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AlexNetSharp.Studio.Hosting;

/// <summary>The web server of a studio.</summary>
internal sealed class StudioServer : IAsyncDisposable
{
    /// <summary>Maximum size of an uploaded image, in bytes.</summary>
    public const int LargestUpload = 32 << 20;

    private readonly WebApplication _app;
    private readonly StudioModel _model;
    private readonly ImageFolder _images;
    private readonly MapSearch _maps;
    private readonly Teacher _teacher;
    private readonly BenchSession _bench;
    private readonly RunTrainings _trainings;
    private readonly RunEvaluations _evaluations;

    /// <summary>Creates the server; nothing is loaded and it does not listen yet.</summary>
    public StudioServer(StudioOptions options)
    {
        Guard = new StudioGuard(options.Address);
        _model = new StudioModel(options);
        _images = new ImageFolder(options, _model);
        _maps = new MapSearch(_model, _images, options);
        _teacher = new Teacher(options, _model);
        _bench = new BenchSession(options, TimeSpan.FromSeconds(Math.Min(5, options.Grace.TotalSeconds)));
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(options.Address, options.Port);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 64;
            kestrel.Limits.MaxRequestBodySize = LargestUpload;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, SilentLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(2));
        _app = builder.Build();
        _app.Use(next => context => Guard.Handle(context, next));
        _app.Use(next => context => HandleErrors(context, next, options));
        _app.UseRouting();
        StudioPages.Map(_app);
        var uploads = new ImageStore();
        var runs = new RunReader(options.RunFolders, options.SaveFolder is null ? options.RunRoots : [.. options.RunRoots, options.SaveFolder]);
        ModelApi.Map(_app, _model, uploads, _images, runs, options.SaveFolder);
        SimilarApi.Map(_app, _images, uploads, _maps);
        _trainings = new RunTrainings(options.RunWork, runs);
        _evaluations = new RunEvaluations(options, runs, _model.Decoder);
        WatchApi.Map(_app, runs, _trainings, _evaluations, _app.Lifetime.ApplicationStopping);
        BenchApi.Map(_app, _bench, _app.Lifetime.ApplicationStopping);
        TeachApi.Map(_app, _teacher, options.SaveFolder, _app.Lifetime.ApplicationStopping);
    }

    /// <summary>Decides which requests are admitted.</summary>
    public StudioGuard Guard { get; }

    /// <summary>URL that the server listens on, without the token.</summary>
    public string Url => _app.Urls.First();

    /// <summary>The URL to open, with the token.</summary>
    public string Address => $"{Url}/?token={Guard.Token}";

    /// <summary>Starts listening, and loads the model in the background.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        await _app.StartAsync(cancellation).ConfigureAwait(false);
        _model.Start();
        _images.Start();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _images.Stop();
        _maps.Stop();
        await _app.StopAsync(CancellationToken.None).ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        await _trainings.DisposeAsync().ConfigureAwait(false);
        await _evaluations.DisposeAsync().ConfigureAwait(false);
        await _bench.DisposeAsync().ConfigureAwait(false);
        await _teacher.DisposeAsync().ConfigureAwait(false);
        await _maps.DisposeAsync().ConfigureAwait(false);
        await _images.DisposeAsync().ConfigureAwait(false);
        await _model.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Turns exceptions into one-line errors for the page, without a stack trace.</summary>
    private static async Task HandleErrors(HttpContext context, RequestDelegate next, StudioOptions options)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has disconnected.
        }
#pragma warning disable CA1031 // The page shows one line, whatever went wrong.
        catch (Exception e) when (!context.Response.HasStarted)
#pragma warning restore CA1031
        {
            (int status, string message) = e switch
            {
                UserException user => (user.Status, user.Message),
                ImageTooLargeException => (StatusCodes.Status413PayloadTooLarge, options.Describe(e)),
                InvalidDataException or ArgumentException => (StatusCodes.Status400BadRequest, options.Describe(e)),
                BadHttpRequestException bad => (bad.StatusCode, bad.StatusCode == StatusCodes.Status413PayloadTooLarge
                    ? $"An image may have at most {LargestUpload >> 20} MiB." : "The request cannot be understood."),
                OutOfMemoryException => (StatusCodes.Status503ServiceUnavailable, options.Describe(e)),
                // A full disk or a read-only folder: the user can do something about it.
                IOException or UnauthorizedAccessException => (StatusCodes.Status500InternalServerError, options.Describe(e)),
                ObjectDisposedException or OperationCanceledException => (StatusCodes.Status503ServiceUnavailable, "The studio is shutting down."),
                _ => (StatusCodes.Status500InternalServerError, "Something went wrong in the studio; see its terminal."),
            };
            if (status == StatusCodes.Status500InternalServerError)
                options.Note($"{context.Request.Path}: {options.Describe(e)}");
            context.Response.StatusCode = status;
            await Results.Json(new Problem(message), StudioJson.Default.Problem, statusCode: status).ExecuteAsync(context).ConfigureAwait(false);
        }
    }

    /// <summary>The command handles signals, not the server.</summary>
    private sealed class SilentLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

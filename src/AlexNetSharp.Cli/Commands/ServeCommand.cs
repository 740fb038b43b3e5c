using System.CommandLine;
using System.Globalization;
using System.Net;
using AlexNetSharp.AspNetCore;
using AlexNetSharp.Cli.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AlexNetSharp.Cli.Commands;

/// <summary><c>alexnet serve</c>: a web service that classifies images.</summary>
internal sealed class ServeCommand : CliCommand
{
    /// <summary>Time that the service gets to shut down; answering requests in progress takes at most two seconds.</summary>
    private static readonly TimeSpan s_shutdown = TimeSpan.FromSeconds(4);

    private readonly ModelInput _model;
    private readonly Option<int> _port = CommandOptions.Integer("--port", "port to listen on; 0 for any free port", 5000, 0, 65535);
    private readonly Option<string> _listen = CommandOptions.Of("--listen", "address to listen on, such as 0.0.0.0 for all", AddressRule, "127.0.0.1");
    private readonly Option<int> _batchSize = CommandOptions.BatchSize(8);
    private readonly Option<int> _threads = CommandOptions.Threads();
    private readonly Option<bool> _bfloat16 = CommandOptions.Switch(
        "--bfloat16", "read the fully connected weights as bfloat16: faster for single images; outputs differ by about 1 %");
    private readonly Option<int> _maxMegabytes = CommandOptions.Integer("--max-megabytes", "maximum size of an image file, in MB", 10, 1, 1000);
    private readonly Option<int> _timeout = CommandOptions.Integer("--timeout", "maximum time from the end of a request to its response, in seconds", 10, 1, 3600);

    public ServeCommand()
        : base("serve", "Serve a model over HTTP: images in, classes out.")
    {
        _model = new ModelInput(this);
        foreach (Option option in (Option[])[_port, _listen, _batchSize, _threads, _bfloat16, _maxMegabytes, _timeout])
            Add(option);
    }

    /// <inheritdoc/>
    public override bool ComputesLong => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "alexnet serve alexnet.pth                       on http://127.0.0.1:5000",
        "alexnet serve runs/first --listen 0.0.0.0 --port 8080",
        "curl --data-binary @cat.jpg -H 'Content-Type: image/jpeg' 'http://127.0.0.1:5000/classify?top=3'",
        "curl http://127.0.0.1:5000/health/ready",
    ];

    /// <summary>Rule for the value of <c>--listen</c>.</summary>
    public static ValueRule<string> AddressRule =>
        new("ADDRESS", "an IP address", System.Text.Json.JsonValueKind.String, text => (IPAddress.TryParse(text, out _), text));

    /// <inheritdoc/>
    public override int Run(CommandContext context)
    {
        // Requests in progress are answered first.
        context.SavesWork = true;
        using WebApplication app = Build(context);
        try
        {
            app.Start();
        }
        catch (OptionsValidationException e)
        {
            throw new InvalidDataException(string.Join("; ", e.Failures), e);
        }
        string address = app.Urls.First();
        context.WriteLine($"listening on {address}/classify; health: {address}/health/ready");
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(context.Cancellation, app.Lifetime.ApplicationStopping);
        end.Token.WaitHandle.WaitOne();
        app.StopAsync().GetAwaiter().GetResult();
        return Environment.ExitCode;
    }

    private WebApplication Build(CommandContext context)
    {
        // Only the command line decides: no settings from files or environment variables.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Parse(context.Get(_listen)), context.Get(_port));
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 2048;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        });
        builder.Logging.AddProvider(new NoteLoggerProvider(context)).AddFilter("Microsoft", LogLevel.Error).AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, CommandLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = s_shutdown);
        builder.Services.AddAlexNetClassifier(options =>
        {
            options.ModelPath = _model.PathOf(context);
            options.Network = _model.NetworkOf(context);
            options.BatchSize = context.Get(_batchSize);
            options.Threads = context.Get(_threads);
            options.BFloat16 = context.Get(_bfloat16);
            options.MaxImageBytes = context.Get(_maxMegabytes) * 1_000_000;
            options.RequestTimeout = TimeSpan.FromSeconds(context.Get(_timeout));
        });
        WebApplication app = builder.Build();
        app.UseStatusCodePages();
        app.UseRouting();
        app.MapClassify("/classify");
        app.MapAlexNetHealthChecks();
        return app;
    }
}

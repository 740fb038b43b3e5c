using AlexNetSharp.AspNetCore;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Endpoints that classify images.</summary>
public static class AlexNetEndpointRouteBuilderExtensions
{
    /// <summary>Answers POST requests, whose body is an image file, with its most probable classes.</summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="pattern">The path, such as <c>/classify</c>.</param>
    /// <param name="name">Name of the classifier; null for the one without.</param>
    /// <returns>For further conventions, such as authorization.</returns>
    /// <remarks>
    /// <para>
    /// The query parameter <c>top</c> says how many classes. Answers: 200 with a list of <see cref="ClassPrediction"/>; 400 for what is no
    /// image, or a wrong parameter; 408 for a body that comes too slowly; 413 for too many bytes, pixels or scans; 415 for a body that is not
    /// said to be an image; 503 with <c>Retry-After</c> where there is too much to do, or the model is not loaded yet. Errors are problem
    /// details (RFC 9457). The header <c>Server-Timing</c> says where the time went.
    /// </para>
    /// <para>
    /// A request takes memory for what has arrived of it, and a place at the decoder when it is complete. Work for a client that has gone is given up.
    /// </para>
    /// </remarks>
    public static RouteHandlerBuilder MapClassify(this IEndpointRouteBuilder endpoints, string pattern, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(pattern);
        IServiceProvider services = endpoints.ServiceProvider;
        ClassifierHost host = services.GetKeyedService<ClassifierHost>(name ?? Options.DefaultName) ?? throw new InvalidOperationException(
            name is null ? "call services.AddAlexNetClassifier first" : $"there is no classifier '{name}': call services.AddAlexNetClassifier with this name first");
        var endpoint = new ClassifyEndpoint(host, services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        // The stream stands for the body in the description of the service; it is read with limits of its own.
        return endpoints.MapPost(pattern, Task<IResult> (HttpContext context, int? top, Stream body) => endpoint.AnswerAsync(context, top))
            .WithSummary("What is on an image")
            .WithDescription("The body is a JPEG, PNG, WebP, BMP or GIF file. The answer lists the most probable classes, the first one first.")
            .Produces<ClassPrediction[]>()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status408RequestTimeout)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable)
            .DisableAntiforgery();
    }

    /// <summary>Answers GET requests about the service's health: <c>alive</c> as long as it answers, <c>ready</c> once all models are loaded.</summary>
    /// <param name="endpoints">The application.</param>
    /// <param name="prefix">The path before the two words.</param>
    /// <returns>The same application.</returns>
    public static IEndpointRouteBuilder MapAlexNetHealthChecks(this IEndpointRouteBuilder endpoints, string prefix = "/health")
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(prefix);
        endpoints.MapHealthChecks($"{prefix}/alive", new HealthCheckOptions { Predicate = static _ => false });
        endpoints.MapHealthChecks($"{prefix}/ready", new HealthCheckOptions
        {
            Predicate = static check => check.Tags.Contains(ClassifierHealthCheck.ReadyTag),
            ResultStatusCodes = { [HealthStatus.Degraded] = StatusCodes.Status503ServiceUnavailable },
        });
        return endpoints;
    }
}

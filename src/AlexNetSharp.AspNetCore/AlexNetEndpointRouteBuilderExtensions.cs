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
    /// <summary>Maps an endpoint for POST requests whose body is an image file. It returns the most probable classes.</summary>
    /// <param name="endpoints">The application's endpoints.</param>
    /// <param name="pattern">The path, such as <c>/classify</c>.</param>
    /// <param name="name">Name of the classifier; null for the unnamed one.</param>
    /// <returns>A builder for further conventions, such as authorization.</returns>
    /// <remarks>
    /// <para>
    /// The query parameter <c>top</c> sets the number of classes. Responses: 200 with a list of <see cref="ClassPrediction"/>; 400 for a body that
    /// is not an image, or a bad parameter; 408 for a body that arrives too slowly; 413 for too many bytes, pixels or scans; 415 for a body not
    /// declared as an image; 503 with <c>Retry-After</c> when the service is overloaded or the model is not loaded yet. Errors are problem
    /// details (RFC 9457). The header <c>Server-Timing</c> shows where the time went.
    /// </para>
    /// <para>
    /// A request takes memory only for the bytes received so far, and enters the decoder's queue when it is complete. Work for a client that
    /// has disconnected is abandoned.
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
        // The parameter describes the body in the OpenAPI document; the body itself is read with its own limits.
        return endpoints.MapPost(pattern, Task<IResult> (HttpContext context, int? top, Stream body) => endpoint.AnswerAsync(context, top))
            .WithSummary("Classify an image")
            .WithDescription("The body is a JPEG, PNG, WebP, BMP or GIF file. The response lists the classes, most probable first.")
            .Produces<ClassPrediction[]>()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status408RequestTimeout)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable)
            .DisableAntiforgery();
    }

    /// <summary>Maps the health checks: <c>alive</c> succeeds while the service responds, <c>ready</c> once all models are loaded.</summary>
    /// <param name="endpoints">The application's endpoints.</param>
    /// <param name="prefix">Path in front of <c>/alive</c> and <c>/ready</c>.</param>
    /// <returns>The same endpoints, for chaining.</returns>
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

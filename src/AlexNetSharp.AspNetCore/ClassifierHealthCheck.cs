using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AlexNetSharp.AspNetCore;

/// <summary>Reports healthy once the model is loaded and warmed up.</summary>
internal sealed class ClassifierHealthCheck(ClassifierHost host) : IHealthCheck
{
    /// <summary>Tag of the checks that report whether a service is ready.</summary>
    public const string ReadyTag = "ready";

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        host.Ready is not null ? HealthCheckResult.Healthy()
        : host.Loading.IsFaulted ? HealthCheckResult.Unhealthy("The model cannot be used.")
        : new HealthCheckResult(context.Registration.FailureStatus, "The model is being loaded."));
}

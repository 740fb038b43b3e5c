using System.Diagnostics.Metrics;
using AlexNetSharp.AspNetCore;
using AlexNetSharp.Inference;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers classifiers in an application's service collection.</summary>
public static class AlexNetServiceCollectionExtensions
{
    /// <summary>Adds a classifier, loaded and warmed up in the background when the host starts, with health check, metrics and traces.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets the options, at least <see cref="AlexNetClassifierOptions.ModelPath"/>.</param>
    /// <returns>The same services, for chaining.</returns>
    /// <remarks>
    /// <see cref="Classifier"/> can then be injected; resolving it before it is loaded blocks until it is. The host does not start if an option is
    /// invalid, and exits with code 1 if the model cannot be loaded.
    /// </remarks>
    public static IServiceCollection AddAlexNetClassifier(this IServiceCollection services, Action<AlexNetClassifierOptions> configure) =>
        AddAlexNetClassifier(services, Options.Options.DefaultName, configure);

    /// <summary>Adds a named classifier, alongside others.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The name, which is also the service key: <c>[FromKeyedServices("name")] Classifier classifier</c>.</param>
    /// <param name="configure">Sets the options.</param>
    /// <inheritdoc cref="AddAlexNetClassifier(IServiceCollection, Action{AlexNetClassifierOptions})"/>
    public static IServiceCollection AddAlexNetClassifier(
        this IServiceCollection services, string name, Action<AlexNetClassifierOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.AddOptions<AlexNetClassifierOptions>(name).Configure(configure).ValidateOnStart();
        return AddNamed(services, name);
    }

    /// <summary>Adds a classifier whose options are bound from configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="section">The section with the options' names, such as <c>builder.Configuration.GetSection("Classifier")</c>.</param>
    /// <inheritdoc cref="AddAlexNetClassifier(IServiceCollection, Action{AlexNetClassifierOptions})"/>
    public static IServiceCollection AddAlexNetClassifier(this IServiceCollection services, IConfiguration section) =>
        AddAlexNetClassifier(services, Options.Options.DefaultName, section);

    /// <summary>Adds a named classifier whose options are bound from configuration.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The name, which is also the service key: <c>[FromKeyedServices("name")] Classifier classifier</c>.</param>
    /// <param name="section">The section with the options' names.</param>
    /// <inheritdoc cref="AddAlexNetClassifier(IServiceCollection, Action{AlexNetClassifierOptions})"/>
    public static IServiceCollection AddAlexNetClassifier(this IServiceCollection services, string name, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(section);
        services.AddOptions<AlexNetClassifierOptions>(name).Bind(section).ValidateOnStart();
        return AddNamed(services, name);
    }

    private static IServiceCollection AddNamed(IServiceCollection services, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        services.AddLogging();
        services.AddMetrics();
        services.AddProblemDetails();
        services.AddSingleton<IValidateOptions<AlexNetClassifierOptions>>(new ClassifierOptionsValidator(name));
        services.AddKeyedSingleton(name, static (provider, key) => new ClassifierHost(
            (string)key!,
            provider.GetRequiredService<IOptionsMonitor<AlexNetClassifierOptions>>(),
            provider.GetRequiredService<IMeterFactory>(),
            provider.GetRequiredService<ILogger<ClassifierHost>>()));
        services.AddKeyedSingleton(name, static (provider, key) =>
            provider.GetRequiredKeyedService<ClassifierHost>(key).Loading.GetAwaiter().GetResult());
        if (name.Length == 0)
            services.AddSingleton(static provider => provider.GetRequiredKeyedService<Classifier>(Options.Options.DefaultName));
        services.AddSingleton<IHostedService>(provider => new ClassifierStartup(
            provider.GetRequiredKeyedService<ClassifierHost>(name), provider.GetRequiredService<IHostApplicationLifetime>()));
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            name.Length == 0 ? "alexnet" : $"alexnet {name}",
            provider => new ClassifierHealthCheck(provider.GetRequiredKeyedService<ClassifierHost>(name)),
            failureStatus: null,
            tags: [ClassifierHealthCheck.ReadyTag]));
        return services;
    }
}

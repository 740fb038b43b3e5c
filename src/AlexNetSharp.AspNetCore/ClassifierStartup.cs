using AlexNetSharp.Inference;
using Microsoft.Extensions.Hosting;

namespace AlexNetSharp.AspNetCore;

/// <summary>Loads and warms up a classifier while the host already serves, stops the host if that fails, and returns memory to the system when idle.</summary>
internal sealed class ClassifierStartup(ClassifierHost host, IHostApplicationLifetime lifetime) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Classifier classifier;
        try
        {
            classifier = await host.Loading.WaitAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
#pragma warning disable CA1031 // Whatever is wrong with the model, the service is useless without it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            ClassifierLog.LoadFailed(host.Logger, host.Options.ModelPath, ErrorLine.Of(e));
            Environment.ExitCode = 1;
            // Stopping a host that is still starting would report an interrupted start.
            var started = new TaskCompletionSource();
            using (lifetime.ApplicationStarted.Register(() => started.TrySetResult()))
            using (stoppingToken.Register(() => started.TrySetResult()))
                await started.Task.ConfigureAwait(false);
            lifetime.StopApplication();
            return;
        }
        await TrimWhenIdle(classifier, stoppingToken).ConfigureAwait(false);
    }

    private async Task TrimWhenIdle(Classifier classifier, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        bool trimmed = false;
        try
        {
            while (await timer.WaitForNextTickAsync(stopping).ConfigureAwait(false))
            {
                bool idle = host.Idle > host.Options.TrimAfter;
                if (idle && !trimmed)
                {
                    long before = Environment.WorkingSet;
                    classifier.Trim();
                    ProcessMemory.GiveBack();
                    ClassifierLog.Trimmed(host.Logger, before >> 20, Environment.WorkingSet >> 20);
                }
                trimmed = idle;
            }
        }
        catch (OperationCanceledException)
        {
            // The host is stopping.
        }
    }
}

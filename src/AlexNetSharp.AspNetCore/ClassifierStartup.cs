using AlexNetSharp.Inference;
using Microsoft.Extensions.Hosting;

namespace AlexNetSharp.AspNetCore;

/// <summary>Loads and warms a classifier while the host already answers, ends the host if that fails, and gives memory back when nothing comes.</summary>
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
#pragma warning disable CA1031 // Whatever is wrong with the model: the service is of no use without it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            ClassifierLog.LoadFailed(host.Logger, host.Options.ModelPath, ErrorLine.Of(e));
            Environment.ExitCode = 1;
            // A host that is still starting would report that it was interrupted.
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
            // The host ends.
        }
    }
}

using AlexNetSharp.Studio.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AlexNetSharp.Studio.Api;

/// <summary>What the page asks about trainings.</summary>
internal static class WatchApi
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(0.5);

    /// <summary>Maps the endpoints.</summary>
    public static void Map(IEndpointRouteBuilder endpoints, RunReader runs, CancellationToken stopping)
    {
        endpoints.MapGet("/api/runs", () => TypedResults.Json(runs.List(), StudioJson.Default.RunRowArray));
        endpoints.MapGet("/api/runs/{id:int}", (int id) => TypedResults.Json(runs.Read(id), StudioJson.Default.RunTable));
        endpoints.MapGet("/api/runs/{id:int}/events", (HttpContext context, int id) => TellAsync(context, runs, id, stopping));
    }

    /// <summary>Server-sent events: the time of the last change, whenever it is another.</summary>
    private static async Task TellAsync(HttpContext context, RunReader runs, int id, CancellationToken stopping)
    {
        long told = runs.ChangedAt(id);
        context.Response.ContentType = "text/event-stream";
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        using var timer = new PeriodicTimer(s_pause);
        try
        {
            await WriteAsync(told).ConfigureAwait(false);
            for (int quiet = 0; await timer.WaitForNextTickAsync(end.Token).ConfigureAwait(false); quiet++)
            {
                long changed = runs.ChangedAt(id);
                // Now and then a word, so that a page that has gone is noticed.
                if (changed == told && quiet < 30)
                    continue;
                (told, quiet) = (changed, 0);
                await WriteAsync(told).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The page or the studio has gone.
        }

        async Task WriteAsync(long changed)
        {
            await context.Response.WriteAsync(FormattableString.Invariant($"data: {changed}\n\n"), end.Token).ConfigureAwait(false);
            await context.Response.Body.FlushAsync(end.Token).ConfigureAwait(false);
        }
    }
}

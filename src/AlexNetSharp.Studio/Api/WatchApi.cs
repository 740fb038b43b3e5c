using System.Text.Json;
using AlexNetSharp.Studio.Hosting;
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
        endpoints.MapGet("/api/runs/events", (HttpContext context) => TellAsync(context, runs, stopping));
    }

    /// <summary>The list of all runs, whenever one of them has changed.</summary>
    private static Task TellAsync(HttpContext context, RunReader runs, CancellationToken stopping)
    {
        RunState[] told = [];
        return EventStream.TellAsync(context, s_pause, Changed, stopping);

        string? Changed()
        {
            RunState[] states = runs.States();
            if (states.SequenceEqual(told))
                return null;
            told = states;
            return JsonSerializer.Serialize(runs.List(), StudioJson.Default.RunRowArray);
        }
    }
}

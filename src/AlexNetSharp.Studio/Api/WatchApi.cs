using System.Text.Json;
using AlexNetSharp.Studio.Hosting;
using AlexNetSharp.Studio.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AlexNetSharp.Studio.Api;

/// <summary>The endpoints for training runs.</summary>
internal static class WatchApi
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(0.5);

    /// <summary>Maps the endpoints.</summary>
    public static void Map(IEndpointRouteBuilder endpoints, RunReader runs, RunTrainings trainings, RunEvaluations evaluations, CancellationToken stopping)
    {
        endpoints.MapGet("/api/runs", () => TypedResults.Json(runs.List(), StudioJson.Default.RunRowArray));
        endpoints.MapGet("/api/runs/{id:int}", (int id) => TypedResults.Json(runs.Read(id, trainings), StudioJson.Default.RunTable));
        endpoints.MapPost("/api/runs/{id:int}/continue", (int id) =>
        {
            trainings.Continue(id);
            return TypedResults.NoContent();
        });
        endpoints.MapPost("/api/runs/{id:int}/stop", (int id) =>
        {
            trainings.Stop(id);
            return TypedResults.NoContent();
        });
        endpoints.MapGet("/api/runs/{id:int}/evaluation", (int id) => TypedResults.Json(evaluations.StateOf(id), StudioJson.Default.EvaluationState));
        endpoints.MapPost("/api/runs/{id:int}/evaluation", async (int id) =>
        {
            await evaluations.StartAsync(id);
            return TypedResults.NoContent();
        });
        endpoints.MapPost("/api/evaluation/stop", async (CancellationToken cancellation) =>
        {
            await evaluations.StopAsync().WaitAsync(cancellation);
            return TypedResults.NoContent();
        });
        endpoints.MapGet("/api/runs/{id:int}/mistakes/{index:int}", (int id, int index) => TypedResults.Bytes(evaluations.Picture(id, index)));
        endpoints.MapGet("/api/runs/events", (HttpContext context) => TellAsync(context, runs, stopping));
    }

    /// <summary>Sends the list of all runs whenever one of them changes.</summary>
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

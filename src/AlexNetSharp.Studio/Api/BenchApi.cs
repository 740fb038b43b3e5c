using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AlexNetSharp.Studio.Benchmarking;
using AlexNetSharp.Studio.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AlexNetSharp.Studio.Api;

/// <summary>The endpoints of the benchmark page.</summary>
internal static class BenchApi
{
    private const int LargestRequest = 8 << 20;
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(0.25);

    /// <summary>Maps the endpoints.</summary>
    public static void Map(IEndpointRouteBuilder endpoints, BenchSession session, CancellationToken stopping)
    {
        endpoints.MapGet("/api/bench/events", (HttpContext context) => TellAsync(context, session, stopping));
        endpoints.MapPost("/api/bench", (RequestDelegate)(async context =>
        {
            session.Start(await ReadAsync(context, StudioJson.Default.BenchRequest));
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }));
        endpoints.MapPost("/api/bench/stop", () =>
        {
            session.Stop();
            return TypedResults.NoContent();
        });
        endpoints.MapPost("/api/bench/compare", (RequestDelegate)(async context => await TypedResults.Json(
            session.Compare(await ReadAsync(context, StudioJson.Default.CompareRequest)), StudioJson.Default.BenchDifference).ExecuteAsync(context)));
    }

    /// <summary>Reads the JSON of a request.</summary>
    /// <exception cref="UserException">The body is not valid JSON.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
    {
        if (context.Request.ContentLength > LargestRequest)
            throw new UserException(StatusCodes.Status413PayloadTooLarge, $"A request may have at most {LargestRequest >> 20} MiB.");
        byte[] body = await ModelApi.BodyAsync(context).ConfigureAwait(false);
        try
        {
            if (JsonSerializer.Deserialize(body, type) is { } request)
                return request;
        }
        catch (JsonException)
        {
            // Reported below.
        }
        throw new UserException(StatusCodes.Status400BadRequest, "The request cannot be understood.");
    }

    private static async Task TellAsync(HttpContext context, BenchSession session, CancellationToken stopping)
    {
        BenchState? told = null;
        session.Enter();
        try
        {
            await EventStream.TellAsync(context, s_pause, Changed, stopping).ConfigureAwait(false);
        }
        finally
        {
            _ = session.LeaveAsync();
        }

        string? Changed()
        {
            BenchState state = session.State;
            if (ReferenceEquals(state, told))
                return null;
            told = state;
            // The last result is not sent again with every step of the next run.
            return JsonSerializer.Serialize(state.Phase == "running" ? state with { Outcome = null } : state, StudioJson.Default.BenchState);
        }
    }
}

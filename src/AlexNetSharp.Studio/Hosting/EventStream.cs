using Microsoft.AspNetCore.Http;

namespace AlexNetSharp.Studio.Hosting;

/// <summary>Server-sent events for state that changes occasionally.</summary>
internal static class EventStream
{
    private static readonly TimeSpan s_reminder = TimeSpan.FromSeconds(15);

    /// <summary>Sends changes to a page until it disconnects or the studio shuts down.</summary>
    /// <param name="context">The request.</param>
    /// <param name="pause">Time between two checks.</param>
    /// <param name="changed">Returns the data of an event, on one line; null if nothing changed.</param>
    /// <param name="stopping">Signaled when the studio shuts down.</param>
    public static async Task TellAsync(HttpContext context, TimeSpan pause, Func<string?> changed, CancellationToken stopping)
    {
        context.Response.ContentType = "text/event-stream";
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        using var timer = new PeriodicTimer(pause);
        long last = Environment.TickCount64;
        try
        {
            await WriteAsync(changed() is { } first ? $"data: {first}\n\n" : ":\n\n").ConfigureAwait(false);
            while (await timer.WaitForNextTickAsync(end.Token).ConfigureAwait(false))
            {
                if (changed() is { } data)
                    await WriteAsync($"data: {data}\n\n").ConfigureAwait(false);
                // An occasional keepalive, to detect a page that has disconnected.
                else if (Environment.TickCount64 - last > s_reminder.TotalMilliseconds)
                    await WriteAsync(":\n\n").ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The page has disconnected, or the studio is shutting down.
        }
        catch (UserException) when (context.Response.HasStarted)
        {
            // The subject of the events no longer exists.
        }

        async Task WriteAsync(string text)
        {
            last = Environment.TickCount64;
            await context.Response.WriteAsync(text, end.Token).ConfigureAwait(false);
            await context.Response.Body.FlushAsync(end.Token).ConfigureAwait(false);
        }
    }
}

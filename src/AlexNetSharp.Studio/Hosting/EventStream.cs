using Microsoft.AspNetCore.Http;

namespace AlexNetSharp.Studio.Hosting;

/// <summary>Server-sent events of what changes now and then.</summary>
internal static class EventStream
{
    private static readonly TimeSpan s_reminder = TimeSpan.FromSeconds(15);

    /// <summary>Tells a page what changed, until it goes or the studio ends.</summary>
    /// <param name="context">The request.</param>
    /// <param name="pause">Time between two looks.</param>
    /// <param name="changed">The data of an event, on one line; null while nothing changed.</param>
    /// <param name="stopping">The studio ends.</param>
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
                // Now and then a word, so that a page that has gone is noticed.
                else if (Environment.TickCount64 - last > s_reminder.TotalMilliseconds)
                    await WriteAsync(":\n\n").ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The page or the studio has gone.
        }
        catch (UserException) when (context.Response.HasStarted)
        {
            // What was told about has gone.
        }

        async Task WriteAsync(string text)
        {
            last = Environment.TickCount64;
            await context.Response.WriteAsync(text, end.Token).ConfigureAwait(false);
            await context.Response.Body.FlushAsync(end.Token).ConfigureAwait(false);
        }
    }
}

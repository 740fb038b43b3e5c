using System.Diagnostics;
using System.Globalization;
using AlexNetSharp.Data;
using AlexNetSharp.Inference;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AlexNetSharp.AspNetCore;

/// <summary>Handles requests: classifies the image in the body.</summary>
internal sealed class ClassifyEndpoint(ClassifierHost host, CancellationToken stopping)
{
    /// <summary>Time that requests in progress get when the service stops.</summary>
    private static readonly TimeSpan s_lastAnswers = TimeSpan.FromSeconds(2);

    /// <summary>Handles one request.</summary>
    public async Task<IResult> AnswerAsync(HttpContext context, int? top)
    {
        using Activity? activity = host.Telemetry.Begin();
        try
        {
            Prediction[] predictions = await ClassifyAsync(context, top, activity).ConfigureAwait(false);
            var answer = new ClassPrediction[predictions.Length];
            for (int i = 0; i < answer.Length; i++)
                answer[i] = new ClassPrediction(predictions[i].Index, predictions[i].Id, predictions[i].Name, predictions[i].Probability);
            return TypedResults.Json(answer, ClassifyJson.Default.ClassPredictionArray);
        }
        catch (RefusedException e)
        {
            IResult answer = await RefuseAsync(context, activity, e.Status, e.Reason, e.Message).ConfigureAwait(false);
            return e.CutsConnection ? new LastAnswer(answer) : answer;
        }
        catch (ImageTooLargeException e)
        {
            return await RefuseAsync(context, activity, StatusCodes.Status413PayloadTooLarge, "too_large", e.Message).ConfigureAwait(false);
        }
        catch (InvalidDataException e)
        {
            return await RefuseAsync(context, activity, StatusCodes.Status400BadRequest, "bad_image", e.Message).ConfigureAwait(false);
        }
        catch (BadHttpRequestException e)
        {
            // The server's own message is for server developers.
            return await RefuseAsync(context, activity, e.StatusCode, "bad_request", "The request cannot be understood.").ConfigureAwait(false);
        }
        catch (Exception e) when (context.RequestAborted.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            host.Telemetry.Refused("client_gone");
            return TypedResults.Empty;
        }
        catch (OutOfMemoryException e)
        {
            ClassifierLog.NoMemory(host.Logger, ErrorLine.Of(e));
            return await RefuseAsync(context, activity, StatusCodes.Status503ServiceUnavailable, "no_memory", RefusedException.NoMemory).ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            return await RefuseAsync(context, activity, StatusCodes.Status503ServiceUnavailable, "stopping", "The service is shutting down.").ConfigureAwait(false);
        }
#pragma warning disable CA1031 // A damaged model: the client learns only that it is not at fault.
        catch (Exception e)
#pragma warning restore CA1031
        {
            ClassifierLog.Failed(host.Logger, e);
            return await RefuseAsync(context, activity, StatusCodes.Status500InternalServerError, "failed", "The image could not be classified.").ConfigureAwait(false);
        }
    }

    private async Task<Prediction[]> ClassifyAsync(HttpContext context, int? top, Activity? activity)
    {
        AlexNetClassifierOptions options = host.Options;
        if (context.Request.ContentType is not { } type
            || !(type.StartsWith("image/", StringComparison.OrdinalIgnoreCase) || type.StartsWith("application/octet-stream", StringComparison.OrdinalIgnoreCase)))
            throw RefusedException.MediaType();
        if (top < 1 || top > options.MaxTop)
            throw RefusedException.Parameter(string.Create(CultureInfo.InvariantCulture, $"top must be 1 to {options.MaxTop}, but is {top}."));
        if (host.Ready is not { } classifier)
            throw RefusedException.NotReady();
        if (!host.TryEnter())
            throw RefusedException.Busy("Too many requests are in progress.");
        try
        {
            RequestBody body = await RequestBody.ReadAsync(context, options, host.Bodies, stopping).ConfigureAwait(false);
            try
            {
                activity?.SetTag("alexnet.image.bytes", body.Memory.Length);
                (Prediction[] predictions, InferenceTimings timings) =
                    await ClassifyAsync(context, classifier, body.Memory, top ?? options.DefaultTop).ConfigureAwait(false);
                Describe(context.Response, activity, timings);
                return predictions;
            }
            finally
            {
                body.Free();
            }
        }
        finally
        {
            host.Leave();
        }
    }

    private async Task<(Prediction[] Predictions, InferenceTimings Timings)> ClassifyAsync(
        HttpContext context, Classifier classifier, ReadOnlyMemory<byte> image, int top)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        end.CancelAfter(host.Options.RequestTimeout);
        using CancellationTokenRegistration last = stopping.Register(() => end.CancelAfter(s_lastAnswers));
        try
        {
            return await classifier.ClassifyTimedAsync(image, top, cancellationToken: end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            throw stopping.IsCancellationRequested
                ? RefusedException.Stopping()
                : RefusedException.Busy("The service is overloaded and cannot answer in time.");
        }
    }

    /// <summary>Reports where the time went, to the client and to the trace.</summary>
    private static void Describe(HttpResponse response, Activity? activity, InferenceTimings timings)
    {
        response.Headers["Server-Timing"] = string.Create(CultureInfo.InvariantCulture,
            $"queue;dur={timings.Queued.TotalMilliseconds:0.0}, decode;dur={timings.Decoding.TotalMilliseconds:0.0}, prepare;dur={timings.Preparing.TotalMilliseconds:0.0}, wait;dur={timings.Waiting.TotalMilliseconds:0.0}, compute;dur={timings.Computing.TotalMilliseconds:0.0}");
        if (activity is null)
            return;
        activity.SetTag("alexnet.batch.size", timings.BatchSize);
        activity.SetTag("alexnet.queue.ms", timings.Queued.TotalMilliseconds);
        activity.SetTag("alexnet.decode.ms", timings.Decoding.TotalMilliseconds);
        activity.SetTag("alexnet.prepare.ms", timings.Preparing.TotalMilliseconds);
        activity.SetTag("alexnet.wait.ms", timings.Waiting.TotalMilliseconds);
        activity.SetTag("alexnet.compute.ms", timings.Computing.TotalMilliseconds);
    }

    /// <summary>Refuses a request: its memory and its place are free already. What is the client's own fault is answered in its turn.</summary>
    private async Task<IResult> RefuseAsync(HttpContext context, Activity? activity, int status, string reason, string detail)
    {
        host.Telemetry.Refused(reason);
        ClassifierLog.Refused(host.Logger, status, reason, detail);
        activity?.SetTag("error.type", reason);
        activity?.SetStatus(ActivityStatusCode.Error);
        if (status == StatusCodes.Status503ServiceUnavailable)
            context.Response.Headers.RetryAfter = "1";
        if (status < StatusCodes.Status500InternalServerError && host.Refusals.Next() is { Ticks: > 0 } delay)
            await DelayAsync(delay, context.RequestAborted).ConfigureAwait(false);
        return TypedResults.Problem(detail, statusCode: status);
    }

    /// <summary>Waits until the time is over, the client has gone or the service stops.</summary>
    private async Task DelayAsync(TimeSpan delay, CancellationToken gone)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(gone, stopping);
        await Task.Delay(delay, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Sends a response and closes the connection of a client that is still sending: the server would wait seconds for the rest.</summary>
    private sealed class LastAnswer(IResult answer) : IResult
    {
        /// <summary>Time for the response to be sent.</summary>
        private static readonly TimeSpan s_leave = TimeSpan.FromMilliseconds(100);

        /// <inheritdoc/>
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            if (HttpProtocol.IsHttp11(httpContext.Request.Protocol) || HttpProtocol.IsHttp10(httpContext.Request.Protocol))
                httpContext.Response.Headers.Connection = "close";
            await answer.ExecuteAsync(httpContext).ConfigureAwait(false);
            await httpContext.Response.CompleteAsync().ConfigureAwait(false);
            await Task.Delay(s_leave, CancellationToken.None).ConfigureAwait(false);
            httpContext.Abort();
        }
    }
}

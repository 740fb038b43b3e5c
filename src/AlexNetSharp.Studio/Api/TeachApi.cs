using System.Diagnostics;
using System.Text.Json;
using AlexNetSharp.Studio.Hosting;
using AlexNetSharp.Studio.Teaching;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace AlexNetSharp.Studio.Api;

/// <summary>The endpoints for teaching.</summary>
internal static class TeachApi
{
    private const int LongestRunName = 60;
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(0.1);

    /// <summary>Maps the endpoints.</summary>
    public static void Map(IEndpointRouteBuilder endpoints, Teacher teacher, string? saveFolder, CancellationToken stopping)
    {
        endpoints.MapPost("/api/teach", () => TypedResults.Json(new TeachOpened(teacher.Open().Id), StudioJson.Default.TeachOpened));
        endpoints.MapGet("/api/teach/{id}/events", (HttpContext context, string id) => TellAsync(context, teacher.Get(id), stopping));
        endpoints.MapPost("/api/teach/{id}/images/{number:int}", (HttpContext context, string id, int number) => AddAsync(context, teacher, teacher.Get(id), number));
        endpoints.MapPost("/api/teach/{id}/forget", (string id, int? image, int? number) =>
        {
            teacher.Get(id).Remove(image, number);
            return TypedResults.NoContent();
        });
        endpoints.MapPost("/api/teach/{id}/train", (HttpContext context, string id) => TrainAsync(context, teacher, teacher.Get(id)));
        endpoints.MapPost("/api/teach/{id}/stop", (string id) =>
        {
            teacher.Get(id).Stop();
            return TypedResults.NoContent();
        });
        endpoints.MapPost("/api/teach/{id}/classify", (HttpContext context, string id) => ClassifyAsync(context, teacher, teacher.Get(id)));
        endpoints.MapGet("/api/teach/{id}/model.{format}", (HttpContext context, string id, string format) => Download(context, teacher.Get(id), format));
        endpoints.MapPost("/api/teach/{id}/save", (string id, string? name) => SaveAsync(teacher.Get(id), name, saveFolder));
        endpoints.MapPost("/api/teach/{id}/end", async (string id) =>
        {
            await teacher.EndAsync(id);
            return TypedResults.NoContent();
        });
    }

    private static async Task TellAsync(HttpContext context, TeachSession session, CancellationToken stopping)
    {
        int told = -1;
        session.Listen(1);
        try
        {
            await EventStream.TellAsync(context, s_pause, Changed, stopping).ConfigureAwait(false);
        }
        finally
        {
            session.Listen(-1);
        }

        string? Changed()
        {
            session.ThrowIfEnded();
            int version = session.Version;
            if (version == told)
                return null;
            told = version;
            return JsonSerializer.Serialize(session.State, StudioJson.Default.TeachState);
        }
    }

    private static async Task<IResult> AddAsync(HttpContext context, Teacher teacher, TeachSession session, int number)
    {
        session.CheckRoom(teacher.FeatureLength);
        byte[] image = await ModelApi.BodyAsync(context).ConfigureAwait(false);
        float[] features = await teacher.FeaturesAsync(image, context.RequestAborted).ConfigureAwait(false);
        return TypedResults.Json(new TeachAdded(session.Add(number, features)), StudioJson.Default.TeachAdded);
    }

    private static async Task<IResult> TrainAsync(HttpContext context, Teacher teacher, TeachSession session)
    {
        teacher.Train(session, await BenchApi.ReadAsync(context, StudioJson.Default.TrainRequest).ConfigureAwait(false));
        return TypedResults.NoContent();
    }

    private static async Task<IResult> ClassifyAsync(HttpContext context, Teacher teacher, TeachSession session)
    {
        byte[] image = await ModelApi.BodyAsync(context).ConfigureAwait(false);
        long start = Stopwatch.GetTimestamp();
        float[] features = await teacher.FeaturesAsync(image, context.RequestAborted).ConfigureAwait(false);
        ClassBar[] classes = session.Classify(features);
        return TypedResults.Json(new TaughtAnswer(classes, Stopwatch.GetElapsedTime(start).TotalMilliseconds), StudioJson.Default.TaughtAnswer);
    }

    private static FileStreamHttpResult Download(HttpContext context, TeachSession session, string format)
    {
        if (format is not ("safetensors" or "onnx"))
            throw new UserException(StatusCodes.Status404NotFound, "A model can be saved as safetensors or ONNX.");
        string folder = Directory.CreateTempSubdirectory("alexnet-studio-").FullName, path = Path.Combine(folder, $"taught.{format}");
        try
        {
            session.WithHead(head =>
            {
                head.Save(path);
                return true;
            });
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.Asynchronous);
            context.Response.OnCompleted(() =>
            {
                Directory.Delete(folder, recursive: true);
                return Task.CompletedTask;
            });
            return TypedResults.File(stream, "application/octet-stream", $"taught.{format}");
        }
        catch (Exception e)
        {
            Directory.Delete(folder, recursive: true);
            throw e is NotSupportedException ? new UserException(StatusCodes.Status409Conflict, e.Message) : e;
        }
    }

    private static async Task<IResult> SaveAsync(TeachSession session, string? name, string? saveFolder)
    {
        if (saveFolder is null)
            throw new UserException(StatusCodes.Status409Conflict, "No folder for runs was given: start the studio with one, alexnet studio MODEL --save FOLDER.");
        if (name is not { Length: > 0 and <= LongestRunName } || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            throw new UserException(StatusCodes.Status400BadRequest, $"The name of a run must be 1 to {LongestRunName} letters, digits, - or _.");
        string path = Path.Combine(saveFolder, name);
        if (Path.Exists(path))
            throw new UserException(StatusCodes.Status409Conflict, $"'{name}' already exists: choose another name.");
        await Task.Run(() => session.WithHead(head =>
        {
            head.SaveRun(path);
            return true;
        })).ConfigureAwait(false);
        return TypedResults.Json(new TeachSaved(name), StudioJson.Default.TeachSaved);
    }
}

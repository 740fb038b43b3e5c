using System.Diagnostics;
using AlexNetSharp.Data;
using AlexNetSharp.Inference;
using AlexNetSharp.Networks;
using AlexNetSharp.Studio.Analysis;
using AlexNetSharp.Studio.Hosting;
using AlexNetSharp.Studio.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AlexNetSharp.Studio.Api;

/// <summary>The endpoints for the model and an image.</summary>
internal static class ModelApi
{
    private const int MostClasses = 1000;

    /// <summary>Maps the endpoints.</summary>
    public static void Map(IEndpointRouteBuilder endpoints, StudioModel model, ImageStore images, ImageFolder folder, RunReader runs, string? saveFolder)
    {
        endpoints.MapGet("/api/status", () => TypedResults.Json(StatusOf(model, folder, runs, saveFolder), StudioJson.Default.Status));
        endpoints.MapPost("/api/classify", (HttpContext context, int? top, bool? keep) => ClassifyAsync(context, model, images, top ?? 5, keep ?? true));
        endpoints.MapPost("/api/forget/{image}", (string image) =>
        {
            images.Remove(image);
            return TypedResults.NoContent();
        });
        endpoints.MapGet("/api/layers", () => TypedResults.Json(Layers(model.Require().Model.Network, []), StudioJson.Default.LayerTable));
        endpoints.MapGet("/api/image/{image}/layers", async (string image, CancellationToken cancellation) => TypedResults.Json(
            await model.LookAsync(images.Get(image), view => Layers(view.Network, view.Operations), cancellation), StudioJson.Default.LayerTable));
        endpoints.MapGet("/api/image/{image}/crop", async (string image, CancellationToken cancellation) => TypedResults.Bytes(
            await model.LookAsync(images.Get(image), view => MapPicture.Rgba(view.Pixels, view.Preprocessing.Channels, view.Preprocessing.ChannelOrder == ChannelOrder.Bgr), cancellation)));
        endpoints.MapGet("/api/image/{image}/maps/{layer}", async (string image, string layer, CancellationToken cancellation) => TypedResults.Json(
            await model.LookAsync(images.Get(image), view => Maps(view, layer), cancellation), StudioJson.Default.MapSheet));
        endpoints.MapGet("/api/filters/{layer}", (string layer) => TypedResults.Json(Filters(model.Require(), layer), StudioJson.Default.FilterSheet));
        endpoints.MapGet("/api/image/{image}/evidence/{method}/{index}", async (string image, string method, int index, CancellationToken cancellation) => TypedResults.Json(
            await model.LookAsync(images.Get(image), view => Explain(view, model.Require(), method, index, cancellation), cancellation), StudioJson.Default.Evidence));
    }

    private static Status StatusOf(StudioModel model, ImageFolder folder, RunReader runs, string? saveFolder)
    {
        Classifier? classifier = model.Classifier;
        string state = classifier is not null ? "ready" : model.Error is not null ? "failed" : model.Path is null ? "none" : "loading";
        return new Status(
            model.Path is { } path ? Path.GetFileName(path.TrimEnd(Path.DirectorySeparatorChar)) : null, state, model.Error, classifier?.Model.Network.Name,
            classifier?.Model.Network.ParameterCount ?? 0, classifier?.Classes.Count ?? 0, classifier?.Preprocessing.CropWidth ?? 0,
            classifier?.Preprocessing.CropHeight ?? 0, folder.Count, folder.Done, folder.IsOpen, runs.Count,
            saveFolder is null ? null : Path.GetFileName(saveFolder));
    }

    /// <summary>Reads the body of a request; the server limits its size.</summary>
    public static async Task<byte[]> BodyAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        end.CancelAfter(TimeSpan.FromSeconds(60));
        try
        {
            await context.Request.Body.CopyToAsync(body, end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            throw new UserException(StatusCodes.Status408RequestTimeout, "The request arrived too slowly.");
        }
        return body.ToArray();
    }

    private static async Task<IResult> ClassifyAsync(HttpContext context, StudioModel model, ImageStore images, int top, bool keep)
    {
        Classifier classifier = model.Require();
        if (top is < 1 or > MostClasses)
            throw new UserException(StatusCodes.Status400BadRequest, $"top must be 1 to {MostClasses}, but is {top}.");
        byte[] image = await BodyAsync(context).ConfigureAwait(false);
        (Prediction[] predictions, InferenceTimings times) =
            await classifier.ClassifyTimedAsync(image, top, cancellationToken: context.RequestAborted).ConfigureAwait(false);
        return TypedResults.Json(
            new Classified(
                keep ? images.Add(image) : null, classifier.Preprocessing.CropWidth, classifier.Preprocessing.CropHeight,
                [.. predictions.Select(p => new ClassBar(p.Index, p.Id, p.Name, p.Probability))],
                new Times(times.Decoding.TotalMilliseconds, times.Preparing.TotalMilliseconds, (times.Queued + times.Waiting).TotalMilliseconds, times.Computing.TotalMilliseconds),
                null),
            StudioJson.Default.Classified);
    }

    private static LayerTable Layers(Network network, IReadOnlyList<Execution.PlanOperation> operations)
    {
        var rows = new List<LayerRow>();
        for (int i = 0; i < network.Layers.Count; i++)
        {
            Layer layer = network.Layers[i];
            // A convolution and its ReLU are one operation and one row on the page.
            if (layer is ReLU && i > 0 && network.Layers[i - 1] is Conv2d or Linear)
                continue;
            Tensors.Shape input = network.InputOf(i), output = network.OutputOf(i);
            double milliseconds = operations.FirstOrDefault(operation => operation.Layers.Contains(layer.Name))?.Forward.TotalMilliseconds ?? 0;
            rows.Add(new LayerRow(
                layer.Name, KindOf(layer), layer.Details, output.Height, output.Width, output.Channels, output.IsVector,
                layer.Parameters(input).Sum(parameter => (long)parameter.Length), layer.MultiplyAdds(input), milliseconds, i == 0 && layer is Conv2d && input.Channels is 1 or 3));
        }
        return new LayerTable(network.Name, network.InputShape.Height, network.InputShape.Width, network.InputShape.Channels, rows);
    }

    private static string KindOf(Layer layer) => layer switch
    {
        Conv2d => "convolution",
        Linear => "fully connected",
        MaxPool2d => "max pooling",
        AvgPool2d or AdaptiveAvgPool2d => "average pooling",
        LocalResponseNorm or WithinChannelNorm => "normalization",
        ReLU => "ReLU",
        Dropout => "dropout",
        Flatten => "flatten",
        _ => layer.GetType().Name,
    };

    private static MapSheet Maps(NetworkView view, string layer)
    {
        int index = view.Network.IndexOf(layer);
        if (index < 0)
            throw new UserException(StatusCodes.Status404NotFound, "The network has no such layer.");
        return MapPicture.Maps(layer, view.Network.OutputOf(index), view.Activation(layer));
    }

    private static FilterSheet Filters(Classifier classifier, string layer)
    {
        Network network = classifier.Model.Network;
        int index = network.IndexOf(layer);
        if (index != 0 || network.Layers[index] is not Conv2d convolution || network.InputShape.Channels is not (1 or 3))
            throw new UserException(StatusCodes.Status404NotFound, "Only the filters of the first convolution can be shown as colors.");
        return MapPicture.Filters(convolution, network.InputShape.Channels, classifier.Model.Parameters, classifier.Preprocessing.ChannelOrder == ChannelOrder.Bgr);
    }

    private static Evidence Explain(NetworkView view, Classifier classifier, string method, int index, CancellationToken cancellation)
    {
        const int squares = 13;
        if (index < 0 || index >= classifier.Classes.Count)
            throw new UserException(StatusCodes.Status404NotFound, "There is no such class.");
        long start = Stopwatch.GetTimestamp();
        (int height, int width, float[] values) = method switch
        {
            "grad-cam" => view.GradCam(index) is var (shape, cam) ? (shape.Height, shape.Width, cam) : default,
            "gradient" => (view.Network.InputShape.Height, view.Network.InputShape.Width, view.GradientTimesInput(index)),
            "occlusion" => (squares, squares, view.Occlusion(index, squares, cancellation)),
            _ => throw new UserException(StatusCodes.Status404NotFound, "There is no such method."),
        };
        return new Evidence(method, index, classifier.Classes[index].Name, height, width, MapPicture.Signed(values), Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }
}

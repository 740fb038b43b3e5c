using System.Buffers;
using System.Text.Json.Serialization;
using AlexNetSharp.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AlexNetSharp.Serving;

/// <summary>The service, ours or the rival's: the same server, requests and responses.</summary>
internal static class Service
{
    /// <summary>Serves on a free port until standard input ends; prints the address.</summary>
    /// <param name="model">The model file.</param>
    /// <param name="settings">Settings of ONNX Runtime; null for our service.</param>
    public static void Run(string model, OnnxSettings? settings)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        if (settings is null)
            builder.Services.AddAlexNetClassifier(options => (options.ModelPath, options.MaxTop) = (model, int.MaxValue));
        else
            builder.Services.AddSingleton(_ => new OnnxClassifier(model, settings));
        WebApplication app = builder.Build();
        if (settings is null)
            app.MapClassify("/classify");
        else
            Map(app, app.Services.GetRequiredService<OnnxClassifier>());
        app.Start();
        Console.WriteLine(app.Urls.First());
        Console.In.ReadToEnd();
        app.StopAsync().GetAwaiter().GetResult();
    }

    private static void Map(IEndpointRouteBuilder endpoints, OnnxClassifier classifier) => endpoints.MapPost("/classify", async (HttpContext context, int? top) =>
    {
        int length = (int)context.Request.ContentLength!.Value;
        byte[] body = ArrayPool<byte>.Shared.Rent(length);
        float[] probabilities;
        try
        {
            await context.Request.Body.ReadExactlyAsync(body.AsMemory(0, length));
            probabilities = await classifier.ClassifyAsync(body.AsMemory(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(body);
        }
        return TypedResults.Json(Best(classifier, probabilities, top ?? 5), AnswerJson.Default.ClassPredictionArray);
    });

    private static ClassPrediction[] Best(OnnxClassifier classifier, float[] probabilities, int top)
    {
        int[] order = new int[probabilities.Length];
        float[] sorted = new float[probabilities.Length];
        for (int i = 0; i < order.Length; i++)
            (order[i], sorted[i]) = (i, -probabilities[i]);
        Array.Sort(sorted, order);
        var best = new ClassPrediction[Math.Min(top, order.Length)];
        for (int i = 0; i < best.Length; i++)
            best[i] = new ClassPrediction(order[i], classifier.Classes[order[i]].Id, classifier.Classes[order[i]].Name, -sorted[i]);
        return best;
    }
}

/// <summary>JSON serialization of the responses.</summary>
[JsonSerializable(typeof(ClassPrediction[]))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class AnswerJson : JsonSerializerContext;

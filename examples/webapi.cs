#:sdk Microsoft.NET.Sdk.Web
#:property EnableDefaultRunWorkingDirectory=false
#:project ../src/AlexNetSharp/AlexNetSharp.csproj
#:project ../src/AlexNetSharp.Images/AlexNetSharp.Images.csproj

// A web service that says what is on an image. Start it and ask it:
//   dotnet run -c Release examples/webapi.cs MODEL --urls http://localhost:5000
//   curl --data-binary @cat.jpg -H 'Content-Type: image/jpeg' 'http://localhost:5000/classify?top=3'
using System.Threading.RateLimiting;
using AlexNetSharp.Data;
using AlexNetSharp.Images;
using AlexNetSharp.Inference;
using Microsoft.AspNetCore.RateLimiting;

const int maxBytes = 10 << 20, maxPixels = 24_000_000, maxTop = 100;

if (args.Length == 0)
{
    Console.Error.WriteLine("usage: dotnet run -c Release examples/webapi.cs MODEL [--urls http://localhost:5000]");
    return 2;
}
if (!File.Exists(args[0]))
{
    Console.Error.WriteLine($"{args[0]}: no such file");
    return 1;
}

WebApplicationBuilder builder = WebApplication.CreateBuilder(args[1..]);
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = maxBytes);
builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
builder.Services.AddProblemDetails();
// One for all requests: it computes those that wait together as one batch.
var decoder = new ImageDecoder(new ImageDecoderOptions { MaxPixels = maxPixels, MaxFileBytes = maxBytes });
using var classifier = Classifier.Load(args[0], decoder, new InferenceOptions { MaxStreamBytes = maxBytes });
classifier.WarmUp();
// What comes in faster than it can be answered waits here, up to a limit, and is refused beyond it.
builder.Services.AddRateLimiter(limiter =>
{
    limiter.RejectionStatusCode = StatusCodes.Status503ServiceUnavailable;
    limiter.AddConcurrencyLimiter("classify", queue => (queue.PermitLimit, queue.QueueLimit) = (32, 256));
});

WebApplication app = builder.Build();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.UseRateLimiter();
app.MapPost("/classify", async (HttpRequest request, int? top, CancellationToken aborted) =>
{
    if (request.ContentType is not { } type || !(type.StartsWith("image/", StringComparison.OrdinalIgnoreCase) || type == "application/octet-stream"))
        return Problem(StatusCodes.Status415UnsupportedMediaType, "Send the image itself as the body, with its type: Content-Type: image/jpeg.");
    if (top is < 1 or > maxTop)
        return Problem(StatusCodes.Status400BadRequest, $"top must be 1 to {maxTop}, but is {top}.");
    try
    {
        Prediction[] predictions = await classifier.ClassifyAsync(request.Body, top ?? 5, cancellationToken: aborted);
        return Results.Json(predictions.Select(p => new { p.Index, p.Id, p.Name, p.Probability }));
    }
    catch (BadHttpRequestException e)
    {
        return Problem(e.StatusCode, e.StatusCode == StatusCodes.Status413PayloadTooLarge ? $"An image may have at most {maxBytes >> 20} MiB." : e.Message);
    }
    catch (ImageTooLargeException e)
    {
        return Problem(StatusCodes.Status413PayloadTooLarge, e.Message);
    }
    catch (InvalidDataException e)
    {
        return Problem(StatusCodes.Status400BadRequest, e.Message);
    }
    catch (OperationCanceledException) when (aborted.IsCancellationRequested)
    {
        return Results.Empty; // nobody is there any more
    }

    static IResult Problem(int status, string detail) => Results.Problem(detail, statusCode: status);
}).RequireRateLimiting("classify");
app.Run();
return 0;

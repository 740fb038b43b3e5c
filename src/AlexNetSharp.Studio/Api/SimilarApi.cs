using AlexNetSharp.Studio.Analysis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AlexNetSharp.Studio.Api;

/// <summary>The endpoints for the images of a folder.</summary>
internal static class SimilarApi
{
    private const int MostNeighbors = 200;

    /// <summary>Maps the endpoints.</summary>
    public static void Map(IEndpointRouteBuilder endpoints, ImageFolder folder, ImageStore images, MapSearch maps)
    {
        endpoints.MapGet("/api/image/{image}/similar", async (string image, int? top, CancellationToken cancellation) => TypedResults.Json(
            await folder.NearestAsync(images.Get(image), Math.Clamp(top ?? 24, 1, MostNeighbors), cancellation), StudioJson.Default.NearSheet));
        endpoints.MapGet("/api/excited/{layer}/{map:int}", (string layer, int map) => TypedResults.Json(maps.Find(layer, map), StudioJson.Default.ExcitedSheet));
        endpoints.MapGet("/api/folder/{id:int}", (int id) =>
        {
            string path = folder.PathOf(id);
            // Anything else is served as an image, so that a browser never takes a file for a page.
            string type = Path.GetExtension(path).ToUpperInvariant() switch
            {
                ".PNG" => "image/png",
                ".WEBP" => "image/webp",
                ".GIF" => "image/gif",
                ".BMP" => "image/bmp",
                _ => "image/jpeg",
            };
            return TypedResults.PhysicalFile(path, type);
        });
    }
}

using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AlexNetSharp.Studio.Hosting;

/// <summary>The page and its assets, embedded in the assembly.</summary>
internal static class StudioPages
{
    private const string Prefix = "studio/";

    /// <summary>Maps each asset; the page itself at the root.</summary>
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        Assembly assembly = typeof(StudioPages).Assembly;
        foreach (string resource in assembly.GetManifestResourceNames())
        {
            string name = resource[Prefix.Length..];
            if (TypeOf(name) is not { } type)
                continue;
            endpoints.MapGet(name == "index.html" ? "/" : $"/{name}", (RequestDelegate)(async context =>
            {
                await using Stream stream = assembly.GetManifestResourceStream(resource)!;
                context.Response.ContentType = type;
                context.Response.ContentLength = stream.Length;
                await stream.CopyToAsync(context.Response.Body, context.RequestAborted);
            }));
        }
    }

    private static string? TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".svg" => "image/svg+xml",
        _ => null,
    };
}

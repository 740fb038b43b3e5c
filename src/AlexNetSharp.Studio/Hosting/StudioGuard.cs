using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace AlexNetSharp.Studio.Hosting;

/// <summary>Admits only the page that the user opened, assuming that hostile pages are open in the same browser.</summary>
/// <remarks>
/// The address that the command prints carries a random token. The browser keeps it as a cookie that no other site can make it send and no
/// script can read. The header <c>Host</c> must name this server; otherwise a foreign page could become same-origin under another name for this
/// machine (DNS rebinding). Requests that change state must come from this page, according to <c>Origin</c> and <c>Sec-Fetch-Site</c>.
/// </remarks>
internal sealed class StudioGuard(IPAddress address)
{
    private const string CookieName = "alexnet-studio", Parameter = "token";

    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>The token in the address.</summary>
    public string Token { get; } = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));

    /// <summary>Checks a request.</summary>
    public Task Handle(HttpContext context, RequestDelegate next)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=()";
        headers.CacheControl = "no-store";

        HttpRequest request = context.Request;
        if (!IsThisServer(request.Host))
            return Refuse(context, "This server was reached under another name: open the address that the command printed.");
        if (request.Query.TryGetValue(Parameter, out var given) && HttpMethods.IsGet(request.Method))
        {
            if (!Same(given.ToString()))
                return Refuse(context, "This address is from an earlier start: open the one that the command printed last.");
            context.Response.Cookies.Append(CookieName, Token, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/" });
            context.Response.Redirect("/");
            return Task.CompletedTask;
        }
        if (!Same(request.Cookies[CookieName]))
            return Refuse(context, "Open the address that the command printed, with its token.");
        bool reads = HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method);
        string origin = request.Headers.Origin.ToString();
        if (origin.Length > 0 ? origin != $"http://{request.Host.Value}" : !reads)
            return Refuse(context, "The request comes from another page.");
        if (request.Headers["Sec-Fetch-Site"].ToString() is not ("" or "same-origin" or "none"))
            return Refuse(context, "The request comes from another page.");
        return next(context);
    }

    private bool IsThisServer(HostString host)
    {
        string name = host.Host.Trim('[', ']');
        if (name == "localhost")
            return IPAddress.IsLoopback(address);
        // An address cannot be rebound; a name can.
        return IPAddress.TryParse(name, out IPAddress? ip) && (ip.Equals(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any));
    }

    private bool Same(string? given) =>
        given is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(Token));

    private static Task Refuse(HttpContext context, string why)
    {
        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(why);
    }
}

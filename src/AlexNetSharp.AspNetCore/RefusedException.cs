using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace AlexNetSharp.AspNetCore;

/// <summary>A request that is refused.</summary>
internal sealed class RefusedException : Exception
{
    /// <summary>Message when memory is exhausted.</summary>
    public const string NoMemory = "There is no memory for more images at the moment.";

    private RefusedException(int status, string reason, string message)
        : base(message) => (Status, Reason) = (status, reason);

    /// <summary>HTTP status code of the response.</summary>
    public int Status { get; }

    /// <summary>Short reason for logs and metrics.</summary>
    public string Reason { get; }

    /// <summary>Whether the client is still sending, so the connection must be closed after the response.</summary>
    public bool CutsConnection { get; private init; }

    /// <summary>The body has too many bytes.</summary>
    public static RefusedException TooLarge(AlexNetClassifierOptions options) => new(
        StatusCodes.Status413PayloadTooLarge, "too_large",
        string.Create(CultureInfo.InvariantCulture, $"An image may have at most {options.MaxImageBytes} bytes."));

    /// <summary>The body arrives too slowly.</summary>
    public static RefusedException TooSlow() => new(
        StatusCodes.Status408RequestTimeout, "too_slow", "The body arrived too slowly or not at all.")
    { CutsConnection = true };

    /// <summary>The service is stopping.</summary>
    public static RefusedException Stopping() => new(
        StatusCodes.Status503ServiceUnavailable, "stopping", "The service is shutting down.")
    { CutsConnection = true };

    /// <summary>The service is overloaded.</summary>
    public static RefusedException Busy(string message) => new(StatusCodes.Status503ServiceUnavailable, "busy", message);

    /// <summary>The model is not loaded yet.</summary>
    public static RefusedException NotReady() => new(
        StatusCodes.Status503ServiceUnavailable, "not_ready", "The model is being loaded.");

    /// <summary>The content type is not that of an image.</summary>
    public static RefusedException MediaType() => new(
        StatusCodes.Status415UnsupportedMediaType, "media_type", "Send the image itself as the body, with its type, such as Content-Type: image/jpeg.");

    /// <summary>A parameter is out of range.</summary>
    public static RefusedException Parameter(string message) => new(StatusCodes.Status400BadRequest, "parameter", message);
}

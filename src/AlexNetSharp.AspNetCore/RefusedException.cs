using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace AlexNetSharp.AspNetCore;

/// <summary>A request that is not answered with classes.</summary>
internal sealed class RefusedException : Exception
{
    /// <summary>What a client is told where there is no memory.</summary>
    public const string NoMemory = "There is no memory for further images at the moment.";

    private RefusedException(int status, string reason, string message)
        : base(message) => (Status, Reason) = (status, reason);

    /// <summary>Status of the answer.</summary>
    public int Status { get; }

    /// <summary>A word for logs and metrics.</summary>
    public string Reason { get; }

    /// <summary>Whether the client still sends, so that the connection has to be cut after the answer.</summary>
    public bool CutsConnection { get; private init; }

    /// <summary>Too many bytes.</summary>
    public static RefusedException TooLarge(AlexNetClassifierOptions options) => new(
        StatusCodes.Status413PayloadTooLarge, "too_large",
        string.Create(CultureInfo.InvariantCulture, $"An image may have at most {options.MaxImageBytes} bytes."));

    /// <summary>The body does not come.</summary>
    public static RefusedException TooSlow() => new(
        StatusCodes.Status408RequestTimeout, "too_slow", "The body came too slowly, or not at all.")
    { CutsConnection = true };

    /// <summary>The service ends.</summary>
    public static RefusedException Stopping() => new(
        StatusCodes.Status503ServiceUnavailable, "stopping", "The service is shutting down.")
    { CutsConnection = true };

    /// <summary>Too much at once.</summary>
    public static RefusedException Busy(string message) => new(StatusCodes.Status503ServiceUnavailable, "busy", message);

    /// <summary>The model is not there yet.</summary>
    public static RefusedException NotReady() => new(
        StatusCodes.Status503ServiceUnavailable, "not_ready", "The model is being loaded.");

    /// <summary>A request of another kind than the endpoint takes.</summary>
    public static RefusedException MediaType() => new(
        StatusCodes.Status415UnsupportedMediaType, "media_type", "Send the image itself as the body, with its type: Content-Type: image/jpeg.");

    /// <summary>A parameter is out of range.</summary>
    public static RefusedException Parameter(string message) => new(StatusCodes.Status400BadRequest, "parameter", message);
}

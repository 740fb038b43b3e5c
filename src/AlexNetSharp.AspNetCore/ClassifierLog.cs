using Microsoft.Extensions.Logging;

namespace AlexNetSharp.AspNetCore;

/// <summary>Log messages of a classifier. Event IDs must not change.</summary>
internal static partial class ClassifierLog
{
    [LoggerMessage(1, LogLevel.Information, "Loading {Model}")]
    public static partial void Loading(ILogger logger, string model);

    [LoggerMessage(2, LogLevel.Information, "{Model} is ready: network {Network}, {Classes} classes, after {Milliseconds:0} ms")]
    public static partial void Ready(ILogger logger, string model, string network, int classes, double milliseconds);

    [LoggerMessage(3, LogLevel.Critical, "{Model} cannot be used: {Reason}")]
    public static partial void LoadFailed(ILogger logger, string model, string reason);

    [LoggerMessage(4, LogLevel.Debug, "Refused with {Status} ({Reason}): {Detail}")]
    public static partial void Refused(ILogger logger, int status, string reason, string detail);

    [LoggerMessage(5, LogLevel.Debug, "Idle: memory returned to the system, {Before} MB to {After} MB")]
    public static partial void Trimmed(ILogger logger, long before, long after);

    [LoggerMessage(7, LogLevel.Warning, "An image was refused: {Reason}")]
    public static partial void NoMemory(ILogger logger, string reason);

    [LoggerMessage(6, LogLevel.Error, "An image could not be classified")]
    public static partial void Failed(ILogger logger, Exception exception);
}

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>Writes the log of a service as notes of the command: one line each, with exception messages but no stack traces.</summary>
internal sealed class NoteLoggerProvider(CommandContext context) : ILoggerProvider, ILogger
{
    private readonly Lock _gate = new();

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => this;

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        string line = formatter(state, exception);
        lock (_gate)
            context.Note(exception is null ? line : $"{line} ({ErrorText.Of(exception)})");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}

/// <summary>The lifetime of a service inside a command, which is notified of signals through <see cref="CommandContext.Cancellation"/>.</summary>
internal sealed class CommandLifetime : IHostLifetime
{
    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

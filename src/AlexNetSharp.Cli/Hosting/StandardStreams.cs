using System.Text;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>Standard output and standard error for all commands: a closed or full stream never ends a command.</summary>
/// <remarks>
/// Output that cannot be written is lost, and training continues. At the end, <see cref="CommandHost"/> reports it for standard output and exits with
/// <see cref="ExitCode.Failure"/>. A pipe whose reader has exited (<c>| head</c>) is not a failure: .NET itself drops what is written to it.
/// </remarks>
internal static class StandardStreams
{
    private static readonly Lock s_gate = new();
    private static bool s_installed;

    /// <summary>Standard output.</summary>
    public static GuardedWriter Output { get; } = new(() => Open(1, Console.Out));

    /// <summary>Standard error.</summary>
    public static GuardedWriter Error { get; } = new(() => Open(2, Console.Error));

    /// <summary>Replaces the console's streams with these, for all other writers; only the first call has an effect.</summary>
    public static void Install()
    {
        lock (s_gate)
        {
            if (s_installed)
                return;
            // Open the console's own streams before they are replaced.
            Output.Open();
            Error.Open();
            Console.SetOut(Output);
            Console.SetError(Error);
            s_installed = true;
        }
    }

    /// <summary>Opens the stream of a file descriptor.</summary>
    /// <exception cref="IOException">The descriptor was closed when the program started.</exception>
    private static TextWriter Open(int descriptor, TextWriter writer) =>
        OperatingSystem.IsLinux() && IsTaken(descriptor) ? throw new IOException("it is closed") : writer;

    /// <summary>
    /// Whether a descriptor that was closed now belongs to one of the runtime's own pipes, which must not be written to: this
    /// process then also holds the read end.
    /// </summary>
    private static bool IsTaken(int descriptor)
    {
        try
        {
            string? target = TargetOf(descriptor.ToString(System.Globalization.CultureInfo.InvariantCulture));
            return target is null || (target.StartsWith("pipe:", StringComparison.Ordinal)
                && Directory.EnumerateFiles("/proc/self/fd").Select(path => Path.GetFileName(path)).Any(other => TargetOf(other) == target && IsForReading(other)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // No /proc: writing will show what the descriptor is.
            return false;
        }
    }

    private static string? TargetOf(string descriptor) => new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget;

    /// <summary>Whether the access mode, the last octal digit of the flags, is O_RDONLY.</summary>
    private static bool IsForReading(string descriptor) =>
        File.ReadLines($"/proc/self/fdinfo/{descriptor}").FirstOrDefault(line => line.StartsWith("flags:", StringComparison.Ordinal)) is { } flags
        && flags[^1] is '0' or '4';
}

/// <summary>A writer that remembers the first failure, and drops all output after it.</summary>
/// <param name="open">Opens the underlying writer.</param>
internal sealed class GuardedWriter(Func<TextWriter> open) : TextWriter
{
    private TextWriter? _writer;

    /// <summary>The first failure; null if there was none.</summary>
    public Exception? Failure { get; private set; }

    /// <inheritdoc/>
    public override Encoding Encoding => Encoding.UTF8;

    /// <summary>Opens the underlying writer, which the first write would do otherwise.</summary>
    public void Open() => Try(_ => { });

    /// <inheritdoc/>
    public override void Write(char value) => Try(writer => writer.Write(value));

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Try(writer => writer.Write(buffer, index, count));

    /// <inheritdoc/>
    public override void Write(string? value) => Try(writer => writer.Write(value));

    /// <inheritdoc/>
    public override void WriteLine(string? value) => Try(writer => writer.WriteLine(value));

    /// <inheritdoc/>
    public override void Flush() => Try(writer => writer.Flush());

    private void Try(Action<TextWriter> write)
    {
        if (Failure is not null)
            return;
        try
        {
            write(_writer ??= open());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            Failure = e;
        }
    }
}

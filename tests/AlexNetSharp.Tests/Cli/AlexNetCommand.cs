using System.Reflection;
using System.Text;
using AlexNetSharp.Cli.Hosting;

namespace AlexNetSharp.Tests.Cli;

/// <summary>
/// Runs the command inside the tests' process, from its entry point on: what it writes to the console is caught for each run alone. A process of
/// its own (<see cref="AlexNetProcess"/>) takes most of a second to start; it is for what the process itself is: signals, devices, kills.
/// </summary>
internal static class AlexNetCommand
{
    private static readonly MethodInfo s_main = typeof(ExitCode).Assembly.EntryPoint!;
    private static readonly AsyncLocal<StringWriter?> s_output = new(), s_error = new();

    static AlexNetCommand()
    {
        // No progress bar where the tests run on a terminal.
        Environment.SetEnvironmentVariable("TERM", "dumb");
        Console.SetOut(new Router(Console.Out, s_output));
        Console.SetError(new Router(Console.Error, s_error));
    }

    /// <summary>Runs <c>alexnet</c> to its end.</summary>
    public static AlexNetProcess.Result Run(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        (s_output.Value, s_error.Value) = (output, error);
        try
        {
            int exitCode = (int)s_main.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [arguments], null)!;
            return new AlexNetProcess.Result(exitCode, output.ToString(), error.ToString());
        }
        finally
        {
            (s_output.Value, s_error.Value) = (null, null);
        }
    }

    /// <summary>Writes to the writer of the run that the calling thread belongs to, or to the console where it belongs to none.</summary>
    private sealed class Router(TextWriter console, AsyncLocal<StringWriter?> current) : TextWriter
    {
        public override Encoding Encoding => console.Encoding;

        public override void Write(char value) => (current.Value ?? console).Write(value);

        public override void Write(string? value) => (current.Value ?? console).Write(value);

        public override void Write(char[] buffer, int index, int count) => (current.Value ?? console).Write(buffer, index, count);

        public override void Flush() => (current.Value ?? console).Flush();
    }
}

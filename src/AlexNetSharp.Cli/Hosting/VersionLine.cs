using System.CommandLine;
using System.CommandLine.Invocation;
using System.Reflection;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>The output of <c>alexnet --version</c>: version and commit, and the target of a native build.</summary>
internal sealed class VersionLine : SynchronousCommandLineAction
{
    /// <summary>Version and commit.</summary>
    public static string Version { get; } =
        typeof(VersionLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        parseResult.InvocationConfiguration.Output.WriteLine(Version + NativeBuild.Suffix);
        return ExitCode.Success;
    }
}

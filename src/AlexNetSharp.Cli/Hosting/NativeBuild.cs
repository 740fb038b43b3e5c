using System.Reflection;
using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>
/// The target of an ahead-of-time build of the command. Its instruction set is fixed at build time, whereas the just-in-time compiler
/// uses what the processor offers.
/// </summary>
/// <remarks>A build for more than the processor supports never gets here: .NET's native runtime exits with its own message.</remarks>
internal static class NativeBuild
{
    /// <summary>Key of the assembly metadata that the project file writes.</summary>
    private const string Key = "InstructionSet";

    /// <summary>The instruction set level, such as <c>x86-64-v3</c>; null if a just-in-time compiler is used.</summary>
    public static string? Level { get; } = RuntimeFeature.IsDynamicCodeSupported
        ? null
        : typeof(NativeBuild).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(a => a.Key == Key)?.Value ?? "no stated level";

    /// <summary><c>, native code for x86-64-v3</c>, for the end of a line; empty if a just-in-time compiler is used.</summary>
    public static string Suffix => Level is null ? "" : $", native code for {Level}";

    /// <summary>Advice to build for another level; null if the build suits the processor.</summary>
    public static string? Advice => Level is null ? null : AdviceFor(Level, ProcessorInfo.VectorLength, ProcessorInfo.WidestVectorLength);

    /// <summary>Returns the advice for a build and a processor.</summary>
    /// <param name="level">Level that the build states.</param>
    /// <param name="used">Vector length that it was compiled for, in floats.</param>
    /// <param name="offered">Widest vector length of the processor, in floats.</param>
    public static string? AdviceFor(string level, int used, int offered)
    {
        if (used >= offered)
            return null;
        string better = offered == 16 ? "x86-64-v4" : "x86-64-v3";
        string loss = used < 8 ? "convolutions run several times slower than they could" : "wider vectors are not used";
        return $"this build is native code for {level}, and the processor offers more: {loss}; publish with -p:IlcInstructionSet={better}, or without PublishAot";
    }
}

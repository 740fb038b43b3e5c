using System.Reflection;
using System.Runtime.CompilerServices;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>
/// What an ahead-of-time build of the command was compiled for. Its instructions are fixed when it is built, where the just-in-time compiler
/// takes what it finds.
/// </summary>
/// <remarks>A build for more than the processor has never comes here: .NET's native runtime ends it with a line of its own.</remarks>
internal static class NativeBuild
{
    /// <summary>Name of the assembly's metadata that the project file writes.</summary>
    private const string Key = "InstructionSet";

    /// <summary>The level, <c>x86-64-v3</c>; null where a just-in-time compiler is at work.</summary>
    public static string? Level { get; } = RuntimeFeature.IsDynamicCodeSupported
        ? null
        : typeof(NativeBuild).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(a => a.Key == Key)?.Value ?? "no stated level";

    /// <summary><c>, native code for x86-64-v3</c>, for the end of a line; empty where a just-in-time compiler is at work.</summary>
    public static string Suffix => Level is null ? "" : $", native code for {Level}";

    /// <summary>The line that tells a user to build for another level; null where the build suits the processor.</summary>
    public static string? Advice => Level is null ? null : AdviceFor(Level, ProcessorInfo.VectorLength, ProcessorInfo.WidestVectorLength);

    /// <summary>The advice for a build and a processor.</summary>
    /// <param name="level">What the build states.</param>
    /// <param name="used">Floats in the vectors that it was compiled for.</param>
    /// <param name="offered">Floats in the widest vectors that the processor has.</param>
    public static string? AdviceFor(string level, int used, int offered)
    {
        if (used >= offered)
            return null;
        string better = offered == 16 ? "x86-64-v4" : "x86-64-v3";
        string loss = used < 8 ? "convolutions run several times slower than they could" : "wider vectors are not used";
        return $"this build is native code for {level}, and the processor offers more: {loss}; publish with -p:IlcInstructionSet={better}, or without PublishAot";
    }
}

using System.CommandLine;
using AlexNetSharp.Models;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>The argument OUT of a command that writes a model.</summary>
internal static class ModelOutput
{
    /// <summary>The argument.</summary>
    public static Argument<string> Argument() => new("OUT") { Description = "the file to write: .safetensors or .onnx" };

    /// <summary>The option <c>--class-names FILE</c>.</summary>
    public static Option<string?> ClassNames() => CommandOptions.Path(
        "--class-names", "class names, one per line in the order of the outputs; lines like 'n01440764 tench' also give IDs [the model's own]");

    /// <summary>Checks, before any work, that a model can be written to a file.</summary>
    /// <param name="option">Name of the argument or option, for messages.</param>
    /// <param name="path">The file.</param>
    /// <param name="endings">The allowed extensions.</param>
    /// <exception cref="UsageException">The file has another extension.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Check(string option, string path, params ReadOnlySpan<string> endings)
    {
        if (!endings.Contains(Path.GetExtension(path).ToLowerInvariant()))
            throw new UsageException($"{option}: '{path}' must end with {string.Join(" or ", endings)}");
        OutputFile.Check(option, path);
    }
}

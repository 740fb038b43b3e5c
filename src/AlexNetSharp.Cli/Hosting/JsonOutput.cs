using System.CommandLine;
using AlexNetSharp.Formats;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>The option <c>--json [FILE]</c>: results as JSON, to a file in addition to the text, or to standard output instead of it.</summary>
internal sealed class JsonOutput
{
    private const string Name = "--json", StandardOutput = "-";

    private readonly Option<string?> _option;

    /// <summary>Adds the option to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="description">Additional description of the JSON.</param>
    public JsonOutput(CliCommand command, string description = "")
    {
        string file = command.PathsFollowJson ? "FILE.json" : "FILE";
        _option = new Option<string?>(Name)
        {
            Description = $"write the results as JSON to {file}; if omitted or -, to standard output instead of the text{description}",
            HelpName = file,
            Arity = ArgumentArity.ZeroOrOne,
            CustomParser = result =>
            {
                if (result.Tokens is not [var token])
                    return StandardOutput;
                if (string.IsNullOrWhiteSpace(token.Value))
                    result.AddError($"{Name} must be a path, but is empty");
                return token.Value;
            },
        };
        command.Add(_option);
    }

    /// <summary>
    /// Preprocesses the words of a command whose paths may follow the option: the next word counts as FILE only if it ends with <c>.json</c>, or is
    /// <c>-</c> or a device. An image must never be overwritten.
    /// </summary>
    public static IEnumerable<string> Separate(IReadOnlyList<string> words)
    {
        for (int i = 0; i < words.Count; i++)
            yield return words[i] == Name && i + 1 < words.Count && !IsFile(words[i + 1]) ? $"{Name}={StandardOutput}" : words[i];
    }

    private static bool IsFile(string word) =>
        word is StandardOutput || word.EndsWith(".json", StringComparison.OrdinalIgnoreCase) || AtomicFile.IsDevice(word);

    /// <summary>The option itself.</summary>
    public Option Option => _option;

    /// <summary>Returns the file; null if there is none.</summary>
    public string? FileOf(CommandContext context) => context.Has(_option) && context.Get(_option) is { } path and not StandardOutput ? path : null;

    /// <summary>Checks, before anything is computed, that the file can be written, or keeps text away from standard output.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Begin(CommandContext context)
    {
        OutputFile.Check(Name, FileOf(context));
        context.OmitText = IsStandardOutput(context);
    }

    /// <summary>Writes the JSON if requested.</summary>
    /// <param name="context">The command line.</param>
    /// <param name="json">Creates the JSON, in UTF-8.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write(CommandContext context, Func<byte[]> json)
    {
        if (FileOf(context) is { } path)
            OutputFile.Write(Name, path, json());
        else if (IsStandardOutput(context))
            context.WriteJson(json());
    }

    private bool IsStandardOutput(CommandContext context) => context.Has(_option) && FileOf(context) is null;
}

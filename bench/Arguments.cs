using System.CommandLine;

namespace AlexNetSharp.Benchmarks;

/// <summary>Argument parsing for the programs in bench/ and tools/.</summary>
internal static class Arguments
{
    /// <summary>Runs a program, or shows its help; unknown arguments give a one-line error and exit code 2.</summary>
    public static int Run(RootCommand program, string[] arguments)
    {
        ParseResult parsed = program.Parse(arguments);
        // An unknown option would otherwise be taken for the argument.
        string? error = parsed.Errors.Select(e => e.Message)
            .Concat(parsed.CommandResult.Tokens.Where(token => token.Value.StartsWith('-')).Select(token => $"Unknown option '{token.Value}'.")).FirstOrDefault();
        if (error is null)
            return parsed.Invoke();
        Console.Error.WriteLine($"{error} (see --help)");
        return 2;
    }

    /// <summary>Creates an option for a whole number that is not too small.</summary>
    public static Option<int> Count(string name, string description, int usual, int least = 1)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && (!int.TryParse(result.Tokens[0].Value, out int value) || value < least))
                result.AddError($"{name} must be a whole number of at least {least}, but is '{result.Tokens[0].Value}'.");
        });
        return option;
    }
}

using System.CommandLine;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>An option whose value is one of a few words, each of which stands for something; the first is the default.</summary>
/// <remarks>It parses to the word, so that the help shows a word as its default. <see cref="CommandContext.Get{T}(ChoiceOption{T})"/> gives what it stands for.</remarks>
internal sealed class ChoiceOption<T> : Option<string>
{
    private readonly IReadOnlyList<(string Word, T Value)> _choices;

    /// <summary>Makes the option.</summary>
    /// <param name="name">Name of the option.</param>
    /// <param name="description">What it does.</param>
    /// <param name="helpName">What stands for the word in the help; null for the list of all words.</param>
    /// <param name="choices">The words and what they stand for.</param>
    public ChoiceOption(string name, string description, string? helpName, params IReadOnlyList<(string Word, T Value)> choices)
        : base(name)
    {
        _choices = choices;
        string[] words = [.. choices.Select(choice => choice.Word)];
        Description = description;
        HelpName = helpName ?? string.Join('|', words);
        DefaultValueFactory = _ => words[0];
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (!words.Contains(text))
                result.AddError(
                    $"{name} must be {string.Join(", ", words[..^1])} or {words[^1]}, but is '{text}'{NearestName.Suggestion(text, words)}");
            return text;
        };
    }

    /// <summary>What a word stands for.</summary>
    public T ValueOf(string word) => _choices.First(choice => choice.Word == word).Value;
}

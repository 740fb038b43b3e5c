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
        ValueRule<string> rule = ValueRule.Words(helpName, [.. choices.Select(choice => choice.Word)]);
        Option<string> checking = CommandOptions.Of(name, description, rule, choices[0].Word);
        (Description, HelpName, DefaultValueFactory, CustomParser) =
            (description, rule.HelpName, checking.DefaultValueFactory, checking.CustomParser);
    }

    /// <summary>What a word stands for.</summary>
    public T ValueOf(string word) => _choices.First(choice => choice.Word == word).Value;
}

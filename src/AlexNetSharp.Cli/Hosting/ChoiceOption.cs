using System.CommandLine;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>An option whose value is one of a few words, each mapped to a value; the first one is the default.</summary>
/// <remarks>It parses to the word, so that the help shows a word as its default. <see cref="CommandContext.Get{T}(ChoiceOption{T})"/> returns the value.</remarks>
internal sealed class ChoiceOption<T> : Option<string>
{
    private readonly IReadOnlyList<(string Word, T Value)> _choices;

    /// <summary>Creates the option.</summary>
    /// <param name="name">Name of the option.</param>
    /// <param name="description">Description for the help.</param>
    /// <param name="helpName">Placeholder for the value in the help; null for the list of all words.</param>
    /// <param name="choices">The words and their values.</param>
    public ChoiceOption(string name, string description, string? helpName, params IReadOnlyList<(string Word, T Value)> choices)
        : base(name)
    {
        _choices = choices;
        ValueRule<string> rule = ValueRule.Words(helpName, [.. choices.Select(choice => choice.Word)]);
        Option<string> checking = CommandOptions.Of(name, description, rule, choices[0].Word);
        (Description, HelpName, DefaultValueFactory, CustomParser) =
            (description, rule.HelpName, checking.DefaultValueFactory, checking.CustomParser);
    }

    /// <summary>Returns the value of a word.</summary>
    public T ValueOf(string word) => _choices.First(choice => choice.Word == word).Value;
}

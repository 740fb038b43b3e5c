using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>What a value may be: the one place for its limits, whether it stands on the command line or in a file.</summary>
/// <param name="helpName">What stands for the value in the help: <c>N</c>.</param>
/// <param name="expected">What goes into messages: "a whole number from 1 to 5".</param>
/// <param name="json">How the value is written in JSON.</param>
/// <param name="parse">The value of a text, and whether it is one.</param>
/// <param name="suggest">An end for the message about a text that is none; null for no end.</param>
internal sealed class ValueRule<T>(
    string helpName, string expected, JsonValueKind json, Func<string, (bool Valid, T Value)> parse, Func<string, string>? suggest = null)
{
    /// <summary>What stands for the value in the help.</summary>
    public string HelpName { get; } = helpName;

    /// <summary>The value that a text stands for; false if it is none.</summary>
    public bool TryParse(string text, out T value)
    {
        (bool valid, value) = parse(text);
        return valid;
    }

    /// <summary>The value of a JSON element; false if it is none.</summary>
    public bool TryParse(JsonElement element, out T value)
    {
        // A JSON document has two kinds for what is one type.
        JsonValueKind kind = element.ValueKind == JsonValueKind.False ? JsonValueKind.True : element.ValueKind;
        value = default!;
        return kind == json && TryParse(TextOf(element), out value);
    }

    /// <summary>The message about what is no value.</summary>
    /// <param name="name">The option or field.</param>
    /// <param name="found">What is there.</param>
    public string Refusal(string name, string found) => $"{name} must be {expected}, but is {found}{suggest?.Invoke(found.Trim('\'', '"'))}";

    /// <summary>The same rule for values of another type.</summary>
    public ValueRule<TOther> As<TOther>(Func<T, TOther> convert) =>
        new(HelpName, expected, json, text => TryParse(text, out T value) ? (true, convert(value)) : (false, default!), suggest);

    private static string TextOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString()!,
        JsonValueKind.Array => string.Join(',', element.EnumerateArray().Select(item => item.GetRawText())),
        _ => element.GetRawText(),
    };
}

/// <summary>The kinds of <see cref="ValueRule{T}"/>.</summary>
internal static class ValueRule
{
    /// <summary>On or off.</summary>
    public static ValueRule<bool> Switch { get; } = new("", "true or false", JsonValueKind.True, text => (bool.TryParse(text, out bool value), value));

    /// <summary>A path that is not empty.</summary>
    public static ValueRule<string?> Path(string helpName) =>
        new(helpName, "a path", JsonValueKind.String, text => (!string.IsNullOrWhiteSpace(text), text));

    /// <summary>A word that is not empty.</summary>
    public static ValueRule<string> Text(string helpName) =>
        new(helpName, "a name", JsonValueKind.String, text => (!string.IsNullOrWhiteSpace(text), text));

    /// <summary>Names with a factor each: <c>fc6=0.1,fc7=0.1</c>.</summary>
    public static ValueRule<string> Factors { get; } = new(
        "LAYER=X,…", "layers with a factor each, such as fc6=0.1,fc7=0.1", JsonValueKind.String, text => (ParseFactors(text) is not null, text));

    /// <summary>The names and factors of such a text; null if it is none.</summary>
    public static IReadOnlyList<(string Name, double Factor)>? ParseFactors(string text)
    {
        var factors = new List<(string, double)>();
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (part.Split('=') is not [{ Length: > 0 } name, var factor]
                || !double.TryParse(factor, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) || !(value is >= 0 and <= 1e6))
                return null;
            factors.Add((name.Trim(), value));
        }
        return factors;
    }

    /// <summary>Whole numbers with commas between them, 0 or above.</summary>
    public static ValueRule<IReadOnlyList<int>> IntegerList { get; } =
        new("N,N", "whole numbers with commas between them, such as 120,130", JsonValueKind.Array, ParseList);

    /// <summary>One or several whole numbers between two limits, all different.</summary>
    public static ValueRule<IntegerList> Integers(int minimum, int maximum) => new(
        "N[,N…]",
        string.Create(CultureInfo.InvariantCulture, $"a whole number from {minimum} to {maximum}, or several different ones with commas between them"),
        JsonValueKind.Array,
        text => ParseList(text) is (true, { Count: > 0 } list) && list.All(value => value >= minimum && value <= maximum) && list.Distinct().Count() == list.Count
            ? (true, new IntegerList(list)) : (false, default!));

    /// <summary>A whole number between two limits.</summary>
    public static ValueRule<T> Integer<T>(T minimum, T maximum)
        where T : struct, IBinaryInteger<T> => new(
            "N",
            string.Create(CultureInfo.InvariantCulture, $"a whole number from {minimum} to {maximum}"),
            JsonValueKind.Number,
            text => (T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out T value) && value >= minimum && value <= maximum, value));

    /// <summary>A number between two limits.</summary>
    public static ValueRule<double> Number(double minimum, double maximum) => new(
        "X",
        string.Create(CultureInfo.InvariantCulture, $"a number from {minimum} to {maximum}"),
        JsonValueKind.Number,
        text => (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= minimum && value <= maximum, value));

    /// <summary>One of a few words.</summary>
    /// <param name="helpName">What stands for the word in the help; null for the list of all words.</param>
    /// <param name="words">The words.</param>
    public static ValueRule<string> Words(string? helpName, params IReadOnlyList<string> words) => new(
        helpName ?? string.Join('|', words),
        OneOf(words),
        JsonValueKind.String,
        text => (words.Contains(text), text),
        text => NearestName.Suggestion(text, words));

    /// <summary>One of a few names, or a path: what has a dot or a separator of folders in it, or is there as a file.</summary>
    /// <param name="helpName">What stands for the value in the help.</param>
    /// <param name="names">The names.</param>
    /// <param name="or">What the path is of, for messages.</param>
    public static ValueRule<string> NameOrPath(string helpName, IReadOnlyList<string> names, string or) => new(
        helpName,
        $"{string.Join(", ", names)}, {or}",
        JsonValueKind.String,
        text => (names.Contains(text) || text.AsSpan().ContainsAny('/', '\\', '.') || File.Exists(text), text),
        text => NearestName.Suggestion(text, names));

    /// <summary>Words as a sentence lists them: <c>a, b or c</c>.</summary>
    public static string OneOf(IReadOnlyList<string> words) =>
        words.Count == 1 ? words[0] : $"{string.Join(", ", words.SkipLast(1))} or {words[^1]}";

    private static (bool Valid, IReadOnlyList<int> Value) ParseList(string text)
    {
        string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
        var values = new int[text.Length == 0 ? 0 : parts.Length];
        for (int i = 0; i < values.Length; i++)
            if (!int.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out values[i]))
                return (false, []);
        return (true, values);
    }
}

/// <summary>Whole numbers, as the command line writes them.</summary>
/// <param name="Values">The numbers.</param>
internal sealed record IntegerList(IReadOnlyList<int> Values)
{
    /// <summary><c>1,8,32</c>.</summary>
    public override string ToString() => string.Join(',', Values.Select(value => value.ToString(CultureInfo.InvariantCulture)));
}

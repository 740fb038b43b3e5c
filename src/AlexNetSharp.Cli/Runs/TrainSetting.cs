using System.CommandLine;
using System.Text.Json;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Models;

namespace AlexNetSharp.Cli.Runs;

/// <summary>A setting of a training: an option of <c>alexnet train</c>, a field of <c>config.json</c>, a property of <see cref="TrainSettings"/>.</summary>
/// <remarks>Each is declared once, in <see cref="TrainOptions"/>; its default is that of the property.</remarks>
internal abstract class TrainSetting
{
    /// <summary>Name of the option.</summary>
    public required string Name { get; init; }

    /// <summary>What it does, for the help.</summary>
    public required string Help { get; init; }

    /// <summary>Name of the field; null for the option's with _ in place of -.</summary>
    public string? FieldName { private get; init; }

    /// <summary>Name of the field.</summary>
    public string Field => FieldName ?? Name.TrimStart('-').Replace('-', '_');

    /// <summary>Whether it may be given anew when a run continues: it does not change the result up to where the run stands.</summary>
    public bool MayChange { get; init; }

    /// <summary>Another option without which it does nothing, and the words which that one must have; no words: it must be given.</summary>
    public (string Name, string[] Words)? OnlyWith { get; init; }

    /// <summary>Options that cannot be given together with it.</summary>
    public string[] Excludes { get; init; } = [];

    /// <summary>The option.</summary>
    public abstract Option Option { get; }

    /// <summary>The value as text, for messages.</summary>
    public abstract string Text(TrainSettings settings);

    /// <summary>Takes the value from the command line.</summary>
    public abstract TrainSettings Take(TrainSettings settings, CommandContext context);

    /// <summary>Takes the value from <c>config.json</c>.</summary>
    /// <exception cref="InvalidDataException">It has another type or is out of range; the message names field, value and what was expected.</exception>
    public abstract TrainSettings Read(TrainSettings settings, JsonElement value);

    /// <summary>Writes the field.</summary>
    public abstract void Write(Utf8JsonWriter json, TrainSettings settings);
}

/// <summary>A setting with its type.</summary>
/// <typeparam name="T">Type of the property.</typeparam>
/// <param name="rule">What it may be.</param>
/// <param name="get">The property.</param>
/// <param name="set">The settings with another value.</param>
internal sealed class TrainSetting<T>(ValueRule<T> rule, Func<TrainSettings, T> get, Func<TrainSettings, T, TrainSettings> set) : TrainSetting
{
    private Option<T>? _option;

    /// <summary>Where the default depends on the network: the default for a name.</summary>
    public Func<string, T>? ByNetwork { get; init; }

    /// <inheritdoc/>
    public override Option Option => _option ??= Create();

    /// <inheritdoc/>
    public override string Text(TrainSettings settings) => FormattableString.Invariant($"{get(settings)}");

    /// <inheritdoc/>
    public override TrainSettings Take(TrainSettings settings, CommandContext context) => set(settings, context.Get((Option<T>)Option));

    /// <inheritdoc/>
    public override TrainSettings Read(TrainSettings settings, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Null && get(TrainSettings.Default) is null)
            return settings;
        return rule.TryParse(value, out T parsed) ? set(settings, parsed) : throw new InvalidDataException(rule.Refusal(Field, value.GetRawText()));
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter json, TrainSettings settings)
    {
        json.WritePropertyName(Field);
        switch (get(settings))
        {
            case bool value: json.WriteBooleanValue(value); break;
            case int value: json.WriteNumberValue(value); break;
            case long value: json.WriteNumberValue(value); break;
            case ulong value: json.WriteNumberValue(value); break;
            case double value: json.WriteNumberValue(value); break;
            case string value: json.WriteStringValue(value); break;
            case IReadOnlyList<int> values:
                json.WriteStartArray();
                foreach (int value in values)
                    json.WriteNumberValue(value);
                json.WriteEndArray();
                break;
            case null: json.WriteNullValue(); break;
            default: throw new NotSupportedException($"{Field}: there is no JSON for {typeof(T)}");
        }
    }

    private Option<T> Create()
    {
        string help = OnlyWith is { Words: [_, ..] words } ? $"for {ValueRule.OneOf(words)}: {Help}" : Help;
        if (typeof(T) == typeof(bool))
            return (Option<T>)(Option)CommandOptions.Switch(Name, help);
        if (ByNetwork is not null)
            return CommandOptions.Of(Name, $"{help} [{DefaultByNetwork(ByNetwork)}]", rule);
        T value = get(TrainSettings.Default);
        return value is null or IReadOnlyList<int> { Count: 0 } ? CommandOptions.Of(Name, help, rule) : CommandOptions.Of(Name, help, rule, value);
    }

    /// <summary>The default for the help: <c>0.01; cifar10-quick, cifar10-full: 0.001</c>.</summary>
    private static string DefaultByNetwork(Func<string, T> byNetwork)
    {
        IGrouping<T, string>[] groups = [.. NetworkCatalog.Names.GroupBy(byNetwork).OrderByDescending(group => group.Count())];
        return string.Join("; ", groups.Select((group, i) => FormattableString.Invariant($"{(i == 0 ? "" : string.Join(", ", group) + ": ")}{group.Key}")));
    }
}

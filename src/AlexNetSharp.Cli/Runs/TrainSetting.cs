using System.CommandLine;
using System.Text.Json;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Models;

namespace AlexNetSharp.Cli.Runs;

/// <summary>A setting of a run: an option of <c>alexnet train</c>, a field of <c>config.json</c>, a property of <see cref="TrainSettings"/>.</summary>
/// <remarks>Each is declared once, in <see cref="TrainOptions"/>; its default is the property's.</remarks>
internal abstract class TrainSetting
{
    /// <summary>Name of the option.</summary>
    public required string Name { get; init; }

    /// <summary>Description for the help.</summary>
    public required string Help { get; init; }

    /// <summary>Name of the field; null for the option's name with _ instead of -.</summary>
    public string? FieldName { private get; init; }

    /// <summary>Name of the field.</summary>
    public string Field => FieldName ?? Name.TrimStart('-').Replace('-', '_');

    /// <summary>The default for the help, where no value can state it.</summary>
    public string? Default { get; init; }

    /// <summary>Whether it may be given again when a run continues, because it does not affect the result so far.</summary>
    public bool MayChange { get; init; }

    /// <summary>Another option without which it has no effect, and the values required of that option; no values: it must be given.</summary>
    public (string Name, string[] Words)? OnlyWith { get; init; }

    /// <summary>Options that cannot be given together with it.</summary>
    public string[] Excludes { get; init; } = [];

    /// <summary>The option.</summary>
    public abstract Option Option { get; }

    /// <summary>Returns the value as text, for messages.</summary>
    public abstract string Text(TrainSettings settings);

    /// <summary>Takes the value from the command line.</summary>
    public abstract TrainSettings Take(TrainSettings settings, CommandContext context);

    /// <summary>Takes the value from <c>config.json</c>.</summary>
    /// <exception cref="InvalidDataException">The value has the wrong type or is out of range; the message names field, value and what was expected.</exception>
    public abstract TrainSettings Read(TrainSettings settings, JsonElement value);

    /// <summary>Writes the field.</summary>
    public abstract void Write(Utf8JsonWriter json, TrainSettings settings);
}

/// <summary>A setting of a given type.</summary>
/// <typeparam name="T">Type of the property.</typeparam>
/// <param name="rule">Rule for the value.</param>
/// <param name="get">Gets the property.</param>
/// <param name="set">Returns the settings with another value.</param>
internal sealed class TrainSetting<T>(ValueRule<T> rule, Func<TrainSettings, T> get, Func<TrainSettings, T, TrainSettings> set) : TrainSetting
{
    private Option<T>? _option;

    /// <summary>Returns the default for a network, if it depends on the network.</summary>
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
        T value = get(TrainSettings.Default), withModel = get(TrainSettings.Default.WithModel(""));
        if (Default is not null)
            return CommandOptions.Of(Name, $"{help} [{Default}]", rule);
        if (value is null or IReadOnlyList<int> { Count: 0 })
            return CommandOptions.Of(Name, help, rule);
        string plain = ByNetwork is null ? FormattableString.Invariant($"{value}") : DefaultByNetwork(ByNetwork);
        if (!value.Equals(withModel))
            return CommandOptions.Of(Name, FormattableString.Invariant($"{help} [{plain}; with --from: {withModel}]"), rule);
        return ByNetwork is null ? CommandOptions.Of(Name, help, rule, value) : CommandOptions.Of(Name, $"{help} [{plain}]", rule);
    }

    /// <summary>Formats the default for the help: <c>0.01; cifar10-quick, cifar10-full: 0.001</c>.</summary>
    private static string DefaultByNetwork(Func<string, T> byNetwork)
    {
        IGrouping<T, string>[] groups = [.. NetworkCatalog.Names.GroupBy(byNetwork).OrderByDescending(group => group.Count())];
        return string.Join("; ", groups.Select((group, i) => FormattableString.Invariant($"{(i == 0 ? "" : string.Join(", ", group) + ": ")}{group.Key}")));
    }
}

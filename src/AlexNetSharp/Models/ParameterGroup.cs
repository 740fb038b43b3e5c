using System.IO.Enumeration;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Models;

/// <summary>How some parameters learn: what a training says about them, not the network.</summary>
/// <remarks>
/// Groups stand in a list. Where several match a parameter, each property is that of the last group that matches and sets it, so general
/// groups come first and exceptions after them.
/// </remarks>
/// <param name="Pattern">Names of parameters, with * for any characters and ? for one: <c>*.bias</c>, <c>fc8.*</c>, <c>conv1.weight</c>.</param>
public sealed record ParameterGroup(string Pattern)
{
    /// <summary>Factor on the learning rate (Caffe's <c>lr_mult</c>), at least 0; null leaves it to the groups before, 1 without any.</summary>
    public float? LearningRateFactor { get; init; }

    /// <summary>Factor on the weight decay (Caffe's <c>decay_mult</c>), at least 0; null leaves it to the groups before, 1 without any.</summary>
    public float? WeightDecayFactor { get; init; }

    /// <summary>Whether the values never change: no gradient, no state of the optimizer, no update; null leaves it to the groups before, false without any.</summary>
    public bool? Frozen { get; init; }

    /// <summary>Whether a parameter belongs to the group.</summary>
    public bool Matches(string name) => Matches(Pattern, name);

    /// <summary>What a list of groups says about each parameter of a network, in the order of <see cref="Network.Parameters"/>.</summary>
    /// <exception cref="ArgumentException">A group matches no parameter, or a factor is negative or not finite.</exception>
    public static IReadOnlyList<ParameterSettings> Resolve(Network network, IReadOnlyList<ParameterGroup> groups)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(groups);
        foreach (ParameterGroup group in groups)
        {
            RequireMatch(network, group.Pattern);
            if (group.LearningRateFactor is { } rate && !(rate >= 0 && float.IsFinite(rate)) || group.WeightDecayFactor is { } decay && !(decay >= 0 && float.IsFinite(decay)))
                throw new ArgumentException($"parameter group '{group.Pattern}': factors must be finite and at least 0");
        }
        return [.. network.Parameters.Select(parameter =>
        {
            var settings = new ParameterSettings(1, 1, false);
            foreach (ParameterGroup group in groups.Where(group => group.Matches(parameter.Name)))
                settings = new(
                    group.LearningRateFactor ?? settings.LearningRateFactor,
                    group.WeightDecayFactor ?? settings.WeightDecayFactor,
                    group.Frozen ?? settings.Frozen);
            return settings;
        })];
    }

    /// <summary>Whether a name fits a pattern.</summary>
    internal static bool Matches(string pattern, string name) => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);

    /// <summary>Throws unless a pattern fits a parameter.</summary>
    /// <exception cref="ArgumentException">It fits none.</exception>
    internal static void RequireMatch(Network network, string pattern)
    {
        if (!network.Parameters.Any(parameter => Matches(pattern, parameter.Name)))
            throw new ArgumentException(
                $"network '{network.Name}' has no parameter that matches '{pattern}'; it has {string.Join(", ", network.Parameters.Select(p => p.Name))}");
    }
}

/// <summary>How one parameter learns.</summary>
/// <param name="LearningRateFactor">Factor on the learning rate.</param>
/// <param name="WeightDecayFactor">Factor on the weight decay.</param>
/// <param name="Frozen">Whether its values never change.</param>
public readonly record struct ParameterSettings(float LearningRateFactor, float WeightDecayFactor, bool Frozen);

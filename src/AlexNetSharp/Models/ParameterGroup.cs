using System.IO.Enumeration;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Models;

/// <summary>How some of the parameters learn: a setting of a training, not of the network.</summary>
/// <remarks>
/// Groups are given as a list. If several match a parameter, each property is taken from the last matching group that sets it: general groups
/// first, exceptions after them.
/// </remarks>
/// <param name="pattern">Names of parameters, with * for any characters and ? for one: <c>*.bias</c>, <c>fc8.*</c>, <c>conv1.weight</c>.</param>
public sealed class ParameterGroup(string pattern)
{
    /// <summary>Names of parameters, with * for any characters and ? for one: <c>*.bias</c>, <c>fc8.*</c>, <c>conv1.weight</c>.</summary>
    internal string Pattern { get; } = pattern;

    /// <summary>Factor on the learning rate (Caffe's <c>lr_mult</c>), at least 0; null leaves it to earlier groups (1 if none sets it).</summary>
    public float? LearningRateFactor { get; init; }

    /// <summary>Factor on the weight decay (Caffe's <c>decay_mult</c>), at least 0; null leaves it to earlier groups (1 if none sets it).</summary>
    public float? WeightDecayFactor { get; init; }

    /// <summary>Whether the values never change: no gradient, no state of the optimizer, no update; null leaves it to earlier groups (false if none sets it).</summary>
    public bool? Frozen { get; init; }

    /// <summary>Whether a parameter belongs to the group.</summary>
    public bool Matches(string name) => Matches(Pattern, name);

    /// <summary>Resolves a list of groups for each parameter of a network, in the order of <see cref="Network.Parameters"/>.</summary>
    /// <exception cref="ArgumentException">A group matches no parameter, or a factor is negative or not finite.</exception>
    internal static IReadOnlyList<ParameterSettings> Resolve(Network network, IReadOnlyList<ParameterGroup> groups)
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

/// <summary>How one parameter learns, after all groups are applied.</summary>
internal readonly struct ParameterSettings
{
    internal ParameterSettings(float learningRateFactor, float weightDecayFactor, bool frozen) =>
        (LearningRateFactor, WeightDecayFactor, Frozen) = (learningRateFactor, weightDecayFactor, frozen);

    /// <summary>Factor on the learning rate.</summary>
    public float LearningRateFactor { get; }

    /// <summary>Factor on the weight decay.</summary>
    public float WeightDecayFactor { get; }

    /// <summary>Whether its values never change.</summary>
    public bool Frozen { get; }
}

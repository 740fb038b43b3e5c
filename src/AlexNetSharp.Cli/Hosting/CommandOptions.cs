using System.CommandLine;
using System.Numerics;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>Options that check themselves, and those that several commands share: one declaration with one limit each.</summary>
internal static class CommandOptions
{
    /// <summary>The most that <c>--batch-size</c> and <c>--threads</c> may be.</summary>
    public const int LargestBatch = 1 << 20, MostThreads = 1024;

    private const int LargestImage = 65536;

    /// <summary>An option whose value follows a rule; without a default it is null, zero or false where it is not given.</summary>
    public static Option<T> Of<T>(string name, string description, ValueRule<T> rule) => new(name)
    {
        Description = description,
        HelpName = rule.HelpName,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (!rule.TryParse(text, out T value))
                result.AddError(rule.Refusal(name, $"'{text}'"));
            return value;
        },
    };

    /// <summary>An option whose value follows a rule, with a default.</summary>
    public static Option<T> Of<T>(string name, string description, ValueRule<T> rule, T defaultValue)
    {
        Option<T> option = Of(name, description, rule);
        option.DefaultValueFactory = _ => defaultValue;
        return option;
    }

    /// <summary>A whole number between two limits.</summary>
    public static Option<T> Integer<T>(string name, string description, T defaultValue, T minimum, T maximum)
        where T : struct, IBinaryInteger<T> => Of(name, description, ValueRule.Integer(minimum, maximum), defaultValue);

    /// <summary>Something that is on when it is named.</summary>
    public static Option<bool> Switch(string name, string description) =>
        new(name) { Description = description, Arity = ArgumentArity.Zero };

    /// <summary>A path, or null where the option is not given.</summary>
    public static Option<string?> Path(string name, string description, string helpName = "FILE") => Of(name, description, ValueRule.Path(helpName));

    /// <summary>A path that has to be given.</summary>
    public static Option<string?> RequiredPath(string name, string description)
    {
        Option<string?> option = Path(name, description);
        option.Required = true;
        return option;
    }

    /// <summary>What <c>--network</c> may be.</summary>
    public static ValueRule<string> NetworkRule { get; } = NetworkChoice.Rule();

    /// <summary>What <c>--network</c> is for, with the names.</summary>
    public static string NetworkDescription { get; } = $"which network: {string.Join(", ", NetworkCatalog.Names)}; {NetworkChoice.Files}";

    /// <summary>Which network: <c>--network NAME|FILE</c>.</summary>
    public static Option<string> Network() => Of("--network", NetworkDescription, NetworkRule, NetworkCatalog.Names[0]);

    /// <summary>Values of the network's output: <c>--classes N</c>, by default those of the dataset that it was made for.</summary>
    public static Option<int?> Classes() => Of(
        "--classes", "number of classes [those of the network's own dataset: 1000 for ImageNet]", ValueRule.Integer(1, 1_000_000).As(value => (int?)value));

    /// <summary>What <c>--image-size</c> may be.</summary>
    public static ValueRule<int?> ImageSizeRule { get; } = ValueRule.Integer(1, LargestImage).As(value => (int?)value);

    /// <summary>Height and width of the images: <c>--image-size N</c>, by default what the network was made for.</summary>
    public static Option<int?> ImageSize() => Of("--image-size", "height and width of the input images [the network's own size]", ImageSizeRule);

    /// <summary>What <c>--batch-size</c> may be.</summary>
    public static ValueRule<int> BatchSizeRule { get; } = ValueRule.Integer(1, LargestBatch);

    /// <summary>Images of a batch: <c>--batch-size N</c>.</summary>
    public static Option<int> BatchSize(int defaultValue, string description = "images computed at once") =>
        Of("--batch-size", description, BatchSizeRule, defaultValue);

    /// <summary>What <c>--threads</c> may be.</summary>
    public static ValueRule<int> ThreadsRule { get; } = ValueRule.Integer(1, MostThreads);

    /// <summary>What <c>--threads</c> is for.</summary>
    public const string ThreadsDescription = "threads that compute";

    /// <summary>Threads that compute: <c>--threads N</c>, by default one per CPU.</summary>
    public static Option<int> Threads() => Of("--threads", ThreadsDescription, ThreadsRule, Environment.ProcessorCount);

    /// <summary>What <c>--seed</c> may be.</summary>
    public static ValueRule<ulong> SeedRule { get; } = ValueRule.Integer(ulong.MinValue, ulong.MaxValue);

    /// <summary>What <c>--seed</c> is for.</summary>
    public const string SeedDescription = "seed of all random numbers; the same seed gives the same numbers on every machine";

    /// <summary>The key of all random numbers: <c>--seed N</c>.</summary>
    public static Option<ulong> Seed(ulong defaultValue = 0) => Of("--seed", SeedDescription, SeedRule, defaultValue);

    /// <summary>What <c>--skip-bad</c> is for.</summary>
    public const string SkipBadDescription = "list and skip images that cannot be read instead of stopping";

    /// <summary>Whether images that cannot be read are left out: <c>--skip-bad</c>.</summary>
    public static Option<bool> SkipBad() => Switch("--skip-bad", SkipBadDescription);

    /// <summary>Whether each image is looked at in ten views: <c>--ten-crop</c>.</summary>
    public static Option<bool> TenCrop() => Switch("--ten-crop", "average the predictions over ten crops: the four corners, the center, and their mirror images");
}

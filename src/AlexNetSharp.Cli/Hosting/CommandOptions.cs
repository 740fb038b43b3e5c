using System.CommandLine;
using System.Numerics;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>Creates validated options, and declares the options that several commands share, each once with its limits.</summary>
internal static class CommandOptions
{
    /// <summary>Upper limits of <c>--batch-size</c> and <c>--threads</c>.</summary>
    public const int LargestBatch = 1 << 20, MostThreads = 1024;

    private const int LargestImage = 65536;

    /// <summary>Creates an option whose value follows a rule; it is null, zero or false if not given.</summary>
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

    /// <summary>Creates an option whose value follows a rule, with a default.</summary>
    public static Option<T> Of<T>(string name, string description, ValueRule<T> rule, T defaultValue)
    {
        Option<T> option = Of(name, description, rule);
        option.DefaultValueFactory = _ => defaultValue;
        return option;
    }

    /// <summary>Creates an option for an integer between two limits.</summary>
    public static Option<T> Integer<T>(string name, string description, T defaultValue, T minimum, T maximum)
        where T : struct, IBinaryInteger<T> => Of(name, description, ValueRule.Integer(minimum, maximum), defaultValue);

    /// <summary>Creates a flag that is on when given.</summary>
    public static Option<bool> Switch(string name, string description) =>
        new(name) { Description = description, Arity = ArgumentArity.Zero };

    /// <summary>Creates an option for a path; null if not given.</summary>
    public static Option<string?> Path(string name, string description, string helpName = "FILE") => Of(name, description, ValueRule.Path(helpName));

    /// <summary>Creates a required option for a path.</summary>
    public static Option<string?> RequiredPath(string name, string description)
    {
        Option<string?> option = Path(name, description);
        option.Required = true;
        return option;
    }

    /// <summary>Rule for the value of <c>--network</c>.</summary>
    public static ValueRule<string> NetworkRule { get; } = NetworkChoice.Rule();

    /// <summary>Help of <c>--network</c>, with the names.</summary>
    public static string NetworkDescription { get; } = $"which network: {string.Join(", ", NetworkCatalog.Names)}; {NetworkChoice.Files}";

    /// <summary>The option <c>--network NAME|FILE</c>.</summary>
    public static Option<string> Network() => Of("--network", NetworkDescription, NetworkRule, NetworkCatalog.Names[0]);

    /// <summary>The option <c>--classes N</c>: number of classes; by default that of the dataset that the network was designed for.</summary>
    public static Option<int?> Classes() => Of(
        "--classes", "number of classes [those of the network's own dataset: 1000 for ImageNet]", ValueRule.Integer(1, 1_000_000).As(value => (int?)value));

    /// <summary>Rule for the value of <c>--image-size</c>.</summary>
    public static ValueRule<int?> ImageSizeRule { get; } = ValueRule.Integer(1, LargestImage).As(value => (int?)value);

    /// <summary>The option <c>--image-size N</c>: height and width of the images; by default the network's own size.</summary>
    public static Option<int?> ImageSize() => Of("--image-size", "height and width of the input images [the network's own size]", ImageSizeRule);

    /// <summary>Rule for the value of <c>--batch-size</c>.</summary>
    public static ValueRule<int> BatchSizeRule { get; } = ValueRule.Integer(1, LargestBatch);

    /// <summary>The option <c>--batch-size N</c>.</summary>
    public static Option<int> BatchSize(int defaultValue, string description = "images computed at once") =>
        Of("--batch-size", description, BatchSizeRule, defaultValue);

    /// <summary>Rule for the value of <c>--threads</c>.</summary>
    public static ValueRule<int> ThreadsRule { get; } = ValueRule.Integer(1, MostThreads);

    /// <summary>Help of <c>--threads</c>.</summary>
    public const string ThreadsDescription = "number of compute threads";

    /// <summary>The option <c>--threads N</c>: number of compute threads; by default one per CPU.</summary>
    public static Option<int> Threads() => Of("--threads", ThreadsDescription, ThreadsRule, Environment.ProcessorCount);

    /// <summary>Rule for the value of <c>--seed</c>.</summary>
    public static ValueRule<ulong> SeedRule { get; } = ValueRule.Integer(ulong.MinValue, ulong.MaxValue);

    /// <summary>Help of <c>--seed</c>.</summary>
    public const string SeedDescription = "seed of all random numbers; the same seed gives the same numbers on every machine";

    /// <summary>The option <c>--seed N</c>: seed of all random numbers.</summary>
    public static Option<ulong> Seed(ulong defaultValue = 0) => Of("--seed", SeedDescription, SeedRule, defaultValue);

    /// <summary>Help of <c>--skip-bad</c>.</summary>
    public const string SkipBadDescription = "list and skip images that cannot be read instead of stopping";

    /// <summary>The option <c>--skip-bad</c>: whether to skip unreadable images.</summary>
    public static Option<bool> SkipBad() => Switch("--skip-bad", SkipBadDescription);

    /// <summary>The option <c>--ten-crop</c>: whether to average over ten crops of each image.</summary>
    public static Option<bool> TenCrop() => Switch("--ten-crop", "average the predictions over ten crops: the four corners, the center, and their mirror images");
}

using System.CommandLine;
using System.Globalization;
using System.Numerics;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>Options that check themselves: each says in one line what was expected and what was found.</summary>
internal static class CommandOptions
{
    /// <summary>A whole number between two limits.</summary>
    public static Option<T> Integer<T>(string name, string description, T defaultValue, T minimum, T maximum)
        where T : struct, IBinaryInteger<T> => new(name)
        {
            Description = description,
            HelpName = "N",
            DefaultValueFactory = _ => defaultValue,
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                bool number = T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out T value);
                if (!number || value < minimum || value > maximum)
                    result.AddError(string.Create(
                        CultureInfo.InvariantCulture, $"{name} must be a whole number from {minimum} to {maximum}, but is '{text}'"));
                return value;
            },
        };

    /// <summary>A number between two limits.</summary>
    public static Option<double> Number(string name, string description, double defaultValue, double minimum, double maximum) => new(name)
    {
        Description = description,
        HelpName = "X",
        DefaultValueFactory = _ => defaultValue,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            bool number = double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value);
            if (!number || !(value >= minimum && value <= maximum))
                result.AddError(string.Create(
                    CultureInfo.InvariantCulture, $"{name} must be a number from {minimum} to {maximum}, but is '{text}'"));
            return value;
        },
    };

    /// <summary>Something that is on when it is named.</summary>
    public static Option<bool> Switch(string name, string description) =>
        new(name) { Description = description, Arity = ArgumentArity.Zero };

    /// <summary>A path, or null where the option is not given.</summary>
    public static Option<string?> Path(string name, string description, string helpName = "FILE") => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (string.IsNullOrWhiteSpace(text))
                result.AddError($"{name} needs a path, but is empty");
            return text;
        },
    };

    /// <summary>Which network: <c>--network NAME</c>.</summary>
    public static ChoiceOption<string> Network() => new(
        "--network", $"which network: {string.Join(", ", NetworkCatalog.Names)}", "NAME", [.. NetworkCatalog.Names.Select(name => (name, name))]);

    /// <summary>Values of the network's output: <c>--classes N</c>, by default those of the data set that it was made for.</summary>
    public static Option<int?> Classes() =>
        OptionalInteger("--classes", "values of the output [1000 for ImageNet's networks, 10 for CIFAR-10's]", 1, 1_000_000);

    /// <summary>A path that has to be given.</summary>
    public static Option<string?> RequiredPath(string name, string description)
    {
        Option<string?> option = Path(name, description);
        option.Required = true;
        return option;
    }

    /// <summary>Height and width of the images: <c>--image-size N</c>, by default what the network was made for.</summary>
    public static Option<int?> ImageSize() =>
        OptionalInteger("--image-size", "height and width of the images [what the network was made for]", 1, 65536);

    /// <summary>A whole number between two limits, or null where the option is not given.</summary>
    public static Option<int?> OptionalInteger(string name, string description, int minimum, int maximum)
    {
        Option<int> checking = Integer(name, description, minimum, minimum, maximum);
        return new Option<int?>(name) { Description = description, HelpName = "N", CustomParser = result => checking.CustomParser!(result) };
    }

    /// <summary>A number between two limits, or null where the option is not given.</summary>
    public static Option<double?> OptionalNumber(string name, string description, double minimum, double maximum)
    {
        Option<double> checking = Number(name, description, minimum, minimum, maximum);
        return new Option<double?>(name) { Description = description, HelpName = "X", CustomParser = result => checking.CustomParser!(result) };
    }

    /// <summary>Threads that compute: <c>--threads N</c>, by default one a processor.</summary>
    public static Option<int> Threads() =>
        Integer("--threads", "threads that compute", Environment.ProcessorCount, 1, 1024);
}

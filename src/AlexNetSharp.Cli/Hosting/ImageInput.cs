using System.CommandLine;
using AlexNetSharp.Images;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>The options of commands that decode images: how large they may be, and what becomes of those that end early.</summary>
internal sealed class ImageInput
{
    private readonly Option<int?> _maxPixels = CommandOptions.Of("--max-pixels", MaxPixelsDescription, MaxPixelsRule);
    private readonly Option<bool> _strict = CommandOptions.Switch("--strict", StrictDescription);

    /// <summary>Adds the options to a command.</summary>
    public ImageInput(Command command)
    {
        command.Add(_maxPixels);
        command.Add(_strict);
    }

    /// <summary>The options.</summary>
    public IReadOnlyList<Option> Options => [_maxPixels, _strict];

    /// <summary>What <c>--max-pixels</c> is for.</summary>
    public const string MaxPixelsDescription = "largest image to decode, width × height [67108864; larger JPEGs are decoded at reduced scale]";

    /// <summary>What <c>--strict</c> is for.</summary>
    public const string StrictDescription = "refuse truncated images instead of decoding what is there with a warning";

    /// <summary>What <c>--max-pixels</c> may be.</summary>
    public static ValueRule<int?> MaxPixelsRule { get; } = ValueRule.Integer(1, Array.MaxLength / 4).As(value => (int?)value);

    /// <summary>The decoder that the command line asks for, whose notes go elsewhere than to the context.</summary>
    public ImageDecoder Decoder(CommandContext context, Action<string> note) => Decoder(context.Get(_maxPixels), context.Get(_strict), note);

    /// <summary>The decoder that the command line asks for.</summary>
    public ImageDecoder Decoder(CommandContext context) => Decoder(context, context.Get(_maxPixels), context.Get(_strict));

    /// <summary>A decoder that notes each image that ends early once.</summary>
    public static ImageDecoder Decoder(CommandContext context, int? maxPixels, bool strict) => Decoder(maxPixels, strict, line => context.Note(line));

    private static ImageDecoder Decoder(int? maxPixels, bool strict, Action<string> note)
    {
        var options = new ImageDecoderOptions();
        var noted = new HashSet<string>();
        return new ImageDecoder(options with { MaxPixels = maxPixels ?? options.MaxPixels, ShowTruncated = strict ? null : Note });

        // Called from the loader's threads, and again in every epoch.
        void Note(string line)
        {
            lock (noted)
                if (noted.Add(line))
                    note(line);
        }
    }
}

using System.CommandLine;
using AlexNetSharp.Images;

namespace AlexNetSharp.Cli.Hosting;

/// <summary>The options of commands that decode images: maximum size, and handling of truncated images.</summary>
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

    /// <summary>Help of <c>--max-pixels</c>.</summary>
    public const string MaxPixelsDescription = "largest image to decode, width × height [67108864; larger JPEGs are decoded at reduced scale]";

    /// <summary>Help of <c>--strict</c>.</summary>
    public const string StrictDescription = "reject truncated images instead of decoding what is there with a warning";

    /// <summary>Rule for the value of <c>--max-pixels</c>.</summary>
    public static ValueRule<int?> MaxPixelsRule { get; } = ValueRule.Integer(1, Array.MaxLength / 4).As(value => (int?)value);

    /// <summary>Creates the decoder for the command line, with notes sent to a given receiver.</summary>
    public ImageDecoder Decoder(CommandContext context, Action<string> note) => Decoder(context.Get(_maxPixels), context.Get(_strict), note);

    /// <summary>Creates the decoder for the command line.</summary>
    public ImageDecoder Decoder(CommandContext context) => Decoder(context, context.Get(_maxPixels), context.Get(_strict));

    /// <summary>Creates a decoder that reports each truncated image once.</summary>
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

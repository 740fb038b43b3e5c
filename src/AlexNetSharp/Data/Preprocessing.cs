using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AlexNetSharp.Data;

/// <summary>How images are brought to size before the crop.</summary>
public enum ResizeMode
{
    /// <summary>Not at all: the crop is taken from the image as it is.</summary>
    None,

    /// <summary>The shorter side becomes <see cref="Preprocessing.ResizeTo"/>, the longer one keeps the proportion (torchvision, the 2012 paper).</summary>
    ShorterSide,

    /// <summary>Both sides become <see cref="Preprocessing.ResizeTo"/>, whatever the proportion (Caffe).</summary>
    Square,
}

/// <summary>Which channels a network sees, and in which order.</summary>
public enum ChannelOrder
{
    /// <summary>Red, green, blue.</summary>
    Rgb,

    /// <summary>Blue, green, red (Caffe).</summary>
    Bgr,

    /// <summary>One channel, the lightness (299·red + 587·green + 114·blue) / 1000 of ITU-R BT.601.</summary>
    [JsonStringEnumMemberName("Grey")]
    Gray,
}

/// <summary>
/// From an image to a network's input: resize, crop from the middle, order of channels, and
/// value = (pixel · <see cref="Scale"/> − <see cref="Mean"/>) / <see cref="Deviation"/> with pixels from 0 to 255.
/// </summary>
/// <remarks>Every network states its own, and models carry theirs as JSON. <see cref="Preprocessor"/> does the work.</remarks>
public sealed record Preprocessing
{
    /// <summary>How the image is resized.</summary>
    public ResizeMode Resize { get; init; } = ResizeMode.ShorterSide;

    /// <summary>Size after resizing, in pixels; not used by <see cref="ResizeMode.None"/>.</summary>
    public int ResizeTo { get; init; } = 256;

    /// <summary>Rows of the network's input.</summary>
    public int CropHeight { get; init; } = 224;

    /// <summary>Columns of the network's input.</summary>
    public int CropWidth { get; init; } = 224;

    /// <summary>The channels of the network's input.</summary>
    public ChannelOrder ChannelOrder { get; init; } = ChannelOrder.Rgb;

    /// <summary>Factor for pixels from 0 to 255; 1/255 brings them into [0, 1].</summary>
    public float Scale { get; init; } = 1;

    /// <summary>
    /// What is subtracted after scaling: nothing (empty), one value a channel, or one value for each element of the input [height, width,
    /// channels]; in the order of <see cref="ChannelOrder"/>.
    /// </summary>
    public ImmutableArray<float> Mean { get; init; } = [];

    /// <summary>What is divided by at last: nothing (empty) or one value a channel; in the order of <see cref="ChannelOrder"/>.</summary>
    public ImmutableArray<float> Deviation { get; init; } = [];

    /// <summary>Channels of the network's input: 3, or 1 for <see cref="ChannelOrder.Gray"/>.</summary>
    [JsonIgnore]
    public int Channels => ChannelOrder == ChannelOrder.Gray ? 1 : 3;

    /// <summary>Values of one input: height × width × channels.</summary>
    [JsonIgnore]
    public int Length => checked(CropHeight * CropWidth * Channels);

    /// <summary>These settings as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, DataJson.Default.Preprocessing);

    /// <summary>Reads settings from JSON.</summary>
    /// <param name="json">What <see cref="ToJson"/> wrote.</param>
    /// <param name="source">Where it comes from, for messages.</param>
    /// <exception cref="InvalidDataException">The text is not JSON, or the settings contradict each other.</exception>
    public static Preprocessing FromJson(string json, string source)
    {
        ArgumentNullException.ThrowIfNull(json);
        try
        {
            Preprocessing settings = JsonSerializer.Deserialize(json, DataJson.Default.Preprocessing)
                ?? throw new InvalidDataException($"{source}: the preprocessing is null.");
            settings = settings with
            {
                Mean = settings.Mean.IsDefault ? [] : settings.Mean,
                Deviation = settings.Deviation.IsDefault ? [] : settings.Deviation,
            };
            settings.Validate();
            return settings;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                $"{source}: the preprocessing is not valid JSON (line {e.LineNumber + 1}, byte {e.BytePositionInLine}: {e.Path})."), e);
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"{source}: {e.Message}", e);
        }
    }

    /// <summary>Checks that the settings fit together.</summary>
    /// <exception cref="ArgumentException">They do not; the message says which.</exception>
    public void Validate()
    {
        const int largest = 1 << 14;
        Require(Enum.IsDefined(Resize), $"unknown way to resize: {(int)Resize}");
        Require(Enum.IsDefined(ChannelOrder), $"unknown order of channels: {(int)ChannelOrder}");
        Require(CropHeight is >= 1 and <= largest && CropWidth is >= 1 and <= largest, $"crop {CropHeight}×{CropWidth}: sides must be 1 to {largest}");
        Require(Resize == ResizeMode.None || ResizeTo <= largest && ResizeTo >= Math.Max(CropHeight, CropWidth),
            $"resize to {ResizeTo}: must be at least the crop's {CropHeight}×{CropWidth}, and at most {largest}");
        Require(float.IsFinite(Scale), $"scale {Scale}: must be finite");
        Require(Mean.Length == 0 || Mean.Length == Channels || Mean.Length == Length,
            $"mean of {Mean.Length} values: expected none, {Channels} (one a channel) or {Length} (one for each element of the input)");
        Require(Deviation.Length == 0 || Deviation.Length == Channels, $"deviation of {Deviation.Length} values: expected none or {Channels}");
        foreach (float value in Mean)
            Require(float.IsFinite(value), $"mean {value}: must be finite");
        foreach (float value in Deviation)
            Require(float.IsFinite(value) && value > 0, $"deviation {value}: must be above 0");
    }

    /// <summary>Compares all settings, means and deviations by their values.</summary>
    /// <param name="other">The other settings.</param>
    public bool Equals(Preprocessing? other) =>
        other is not null && Resize == other.Resize && (ResizeTo == other.ResizeTo || Resize == ResizeMode.None) && CropHeight == other.CropHeight
        && CropWidth == other.CropWidth && ChannelOrder == other.ChannelOrder && Scale.Equals(other.Scale)
        && Mean.AsSpan().SequenceEqual(other.Mean.AsSpan()) && Deviation.AsSpan().SequenceEqual(other.Deviation.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Resize, CropHeight, CropWidth, ChannelOrder, Scale, Mean.Length, Deviation.Length);

    private static void Require(bool condition, FormattableString message)
    {
        if (!condition)
            throw new ArgumentException("Preprocessing: " + message.ToString(CultureInfo.InvariantCulture) + ".");
    }
}

/// <summary>JSON of the settings in this namespace, generated at compile time so that trimming and ahead-of-time compilation work.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(Preprocessing))]
[JsonSerializable(typeof(Augmentation))]
internal sealed partial class DataJson : JsonSerializerContext;

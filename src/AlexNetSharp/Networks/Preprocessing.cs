using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Serialization;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Networks;

/// <summary>How images are resized before the crop.</summary>
public enum ResizeMode
{
    /// <summary>Not at all: the crop is taken from the image as it is.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>The shorter side becomes <see cref="Preprocessing.ResizeTo"/>, the aspect ratio is kept (torchvision, the 2012 paper).</summary>
    [JsonStringEnumMemberName("shorter_side")]
    ShorterSide,

    /// <summary>Both sides become <see cref="Preprocessing.ResizeTo"/>, ignoring the aspect ratio (Caffe).</summary>
    [JsonStringEnumMemberName("square")]
    Square,
}

/// <summary>The channels of a network's input, and their order.</summary>
public enum ChannelOrder
{
    /// <summary>Red, green, blue.</summary>
    [JsonStringEnumMemberName("rgb")]
    Rgb,

    /// <summary>Blue, green, red (Caffe).</summary>
    [JsonStringEnumMemberName("bgr")]
    Bgr,

    /// <summary>One channel, the lightness (299·red + 587·green + 114·blue) / 1000 of ITU-R BT.601.</summary>
    [JsonStringEnumMemberName("gray")]
    Gray,
}

/// <summary>
/// How images become inputs of a network: resize, center crop, channel order, and
/// value = (pixel · <see cref="Scale"/> − <see cref="Mean"/>) / <see cref="StandardDeviation"/> with pixels from 0 to 255.
/// </summary>
/// <remarks>Part of every model: the catalog states that of the published networks, and model files carry theirs.</remarks>
public sealed record Preprocessing
{
    /// <summary>torchvision's for ImageNet: shorter side 256, crop 224, mean and standard deviation of ImageNet's pixels in [0, 1].</summary>
    /// <remarks>Source: https://docs.pytorch.org/vision/stable/models/generated/torchvision.models.alexnet.html.</remarks>
    public static Preprocessing ImageNet { get; } = new()
    {
        Scale = 1f / 255,
        Mean = [0.485f, 0.456f, 0.406f],
        StandardDeviation = [0.229f, 0.224f, 0.225f],
    };

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
    /// What is subtracted after scaling: nothing (empty), one value per channel, or one value for each element of the input [height, width,
    /// channels]; in the order of <see cref="ChannelOrder"/>.
    /// </summary>
    public ImmutableArray<float> Mean { get; init; } = [];

    /// <summary>What the difference is divided by: nothing (empty) or one value per channel; in the order of <see cref="ChannelOrder"/>.</summary>
    public ImmutableArray<float> StandardDeviation { get; init; } = [];

    /// <summary>Shape of the network's input.</summary>
    [JsonIgnore]
    public Shape Shape => new(CropHeight, CropWidth, Channels);

    /// <summary>Channels of the network's input: 3, or 1 for <see cref="ChannelOrder.Gray"/>.</summary>
    [JsonIgnore]
    public int Channels => ChannelOrder == ChannelOrder.Gray ? 1 : 3;

    /// <summary>Values of one input: height × width × channels.</summary>
    [JsonIgnore]
    public int Length => checked(CropHeight * CropWidth * Channels);

    /// <summary>The same preprocessing for another input size; resize and crop keep their proportion.</summary>
    /// <param name="imageSize">Height and width of the network's input.</param>
    public Preprocessing For(int imageSize) => imageSize == CropHeight && imageSize == CropWidth ? this : this with
    {
        CropHeight = imageSize,
        CropWidth = imageSize,
        ResizeTo = (int)Math.Round((double)ResizeTo * imageSize / CropHeight),
    };

    /// <summary>A short description: <c>shorter side to 256, crop 224×224, RGB · 0.003922 − (0.485, 0.456, 0.406), / (0.229, 0.224, 0.225)</c>.</summary>
    public override string ToString()
    {
        string resize = Resize switch
        {
            ResizeMode.ShorterSide => FormattableString.Invariant($"shorter side to {ResizeTo}"),
            ResizeMode.Square => FormattableString.Invariant($"both sides to {ResizeTo}"),
            _ => "no resizing",
        };
        string order = ChannelOrder == ChannelOrder.Gray ? "gray" : ChannelOrder == ChannelOrder.Bgr ? "BGR" : "RGB";
        string scale = Scale == 1 ? "" : FormattableString.Invariant($" · {Scale:g4}");
        string mean = Mean.Length == 0 ? "" : Mean.Length == Channels ? $" − {Numbers(Mean)}" : " − mean image";
        string deviation = StandardDeviation.Length == 0 || StandardDeviation.All(value => value == 1) ? "" : $", / {Numbers(StandardDeviation)}";
        return FormattableString.Invariant($"{resize}, crop {CropHeight}×{CropWidth}, {order}{scale}{mean}{deviation}");

        static string Numbers(IEnumerable<float> values) => $"({string.Join(", ", values.Select(value => value.ToString("g4", CultureInfo.InvariantCulture)))})";
    }

    /// <summary>Checks that the settings are consistent.</summary>
    /// <exception cref="ArgumentException">They do not; the message says which.</exception>
    internal void Validate()
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
        Require(StandardDeviation.Length == 0 || StandardDeviation.Length == Channels, $"standard deviation of {StandardDeviation.Length} values: expected none or {Channels}");
        foreach (float value in Mean)
            Require(float.IsFinite(value), $"mean {value}: must be finite");
        foreach (float value in StandardDeviation)
            Require(float.IsFinite(value) && value > 0, $"standard deviation {value}: must be above 0");
    }

    /// <summary>Compares all settings, means and deviations by their values.</summary>
    /// <param name="other">The other settings.</param>
    public bool Equals(Preprocessing? other) =>
        other is not null && Resize == other.Resize && (ResizeTo == other.ResizeTo || Resize == ResizeMode.None) && CropHeight == other.CropHeight
        && CropWidth == other.CropWidth && ChannelOrder == other.ChannelOrder && Scale.Equals(other.Scale)
        && Mean.AsSpan().SequenceEqual(other.Mean.AsSpan()) && StandardDeviation.AsSpan().SequenceEqual(other.StandardDeviation.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Resize, CropHeight, CropWidth, ChannelOrder, Scale, Mean.Length, StandardDeviation.Length);

    private static void Require(bool condition, FormattableString message)
    {
        if (!condition)
            throw new ArgumentException("Preprocessing: " + message.ToString(CultureInfo.InvariantCulture) + ".");
    }
}

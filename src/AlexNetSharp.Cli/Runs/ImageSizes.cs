using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Data;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Cli.Runs;

/// <summary>Determines the sizes and channels of a network's input images.</summary>
internal static class ImageSizes
{
    /// <summary>Maximum input height up to which a user-defined network takes images uncropped.</summary>
    private const int SmallImage = 64;

    /// <summary>Determines sizes and channels: those of the network or, for networks that accept any, those of the images.</summary>
    /// <param name="network">Name of the network, or the file that describes it.</param>
    /// <param name="found">The sizes of all images of the dataset.</param>
    /// <param name="imageSize">Height and width of the input; null to choose by network and images.</param>
    /// <param name="resize"><c>shorter</c>, <c>square</c>, <c>none</c>, or <c>auto</c> to choose by network and images.</param>
    /// <param name="resizeTo">Size before the crop; null to choose by the input size.</param>
    public static Preprocessing Of(string network, ImageSizeRange found, int? imageSize, string resize, int? resizeTo)
    {
        NetworkDefinition definition = NetworkChoice.Find(network);
        Shape own = definition.Network.InputShape;
        if (own.IsVector || own.Channels is not (1 or 3))
            throw new UsageException($"--network: network '{definition.Network.Name}' takes {own}, which is not an image with 1 or 3 channels");
        bool small = IsForSmallImages(definition), anyChannels = definition.Entry is { AnyChannels: true };
        int size = imageSize ?? (anyChannels && found.Square is <= 64 and var side ? side : own.Height);
        // Resizing does not change images that already have this size; images seen later may have another size.
        int shorter = found.Square == size ? size : size * 256 / 224;
        (ResizeMode mode, int to) = (resize == "auto" ? ResizeOf(network) : resize) switch
        {
            "none" => (ResizeMode.None, size),
            "square" => (ResizeMode.Square, resizeTo ?? size),
            _ => (ResizeMode.ShorterSide, resizeTo ?? (small ? size : shorter)),
        };
        return new Preprocessing
        {
            Resize = mode,
            ResizeTo = to,
            CropHeight = size,
            CropWidth = size,
            ChannelOrder = (anyChannels ? found.Channels : own.Channels) == 1 ? ChannelOrder.Gray : ChannelOrder.Rgb,
        };
    }

    /// <summary>Returns the meaning of <c>--resize auto</c> for a network.</summary>
    public static string ResizeOf(string network) => IsForSmallImages(NetworkChoice.Find(network)) ? "square" : "shorter";

    /// <summary>Whether small images keep their size, gray ones stay gray, and none is cropped.</summary>
    private static bool IsForSmallImages(NetworkDefinition definition) => definition.Entry?.AnyChannels ?? definition.Network.InputShape.Height <= SmallImage;
}

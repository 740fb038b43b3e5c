namespace AlexNetSharp.Data;

/// <summary>Decodes image files into pixels; <c>AlexNetSharp.Images.ImageDecoder</c> is an implementation.</summary>
/// <remarks>Implementations must be thread-safe; each thread passes a buffer of its own.</remarks>
public interface IImageDecoder
{
    /// <summary>Decodes an image file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="target">Receives the pixels, [height, width, 3].</param>
    /// <exception cref="IOException">The file is missing or cannot be read; the message names it.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read; the message names it.</exception>
    /// <exception cref="InvalidDataException">The file is not an image, or damaged; the message names it.</exception>
    /// <exception cref="ImageTooLargeException">The image has more pixels or bytes than the decoder accepts; the message names it.</exception>
    void DecodeFile(string path, PixelBuffer target);

    /// <summary>Decodes an image in memory.</summary>
    /// <param name="encoded">The bytes of the image file.</param>
    /// <param name="target">Receives the pixels, [height, width, 3].</param>
    /// <param name="name">Name of the image in error messages.</param>
    /// <param name="cancellationToken">Checked before decoding; a decoder that can stop in the middle does.</param>
    /// <exception cref="InvalidDataException">The bytes are not an image, or damaged; the message starts with <paramref name="name"/>.</exception>
    /// <exception cref="ImageTooLargeException">The image has more pixels or bytes than the decoder accepts; the message starts with <paramref name="name"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    void Decode(ReadOnlySpan<byte> encoded, PixelBuffer target, string name, CancellationToken cancellationToken = default);

    /// <summary>The cost of decoding an image, from its header: lets a server bound memory and time.</summary>
    /// <param name="encoded">The bytes of the image file.</param>
    /// <param name="name">Name of the image in error messages.</param>
    /// <returns>The cost; zeros if unknown.</returns>
    /// <exception cref="InvalidDataException">The header is not that of an image, or damaged; the message starts with <paramref name="name"/>.</exception>
    /// <exception cref="ImageTooLargeException">The image has more pixels or bytes than the decoder accepts; the message starts with <paramref name="name"/>.</exception>
    DecodingCost CostOf(ReadOnlySpan<byte> encoded, string name) => default;
}

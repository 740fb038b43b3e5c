namespace AlexNetSharp.Data;

/// <summary>Turns the bytes of an image file into pixels; <c>AlexNetSharp.Images.ImageDecoder</c> is the one that comes along.</summary>
/// <remarks>Implementations may be called from several threads at once, each with a buffer of its own.</remarks>
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

    /// <summary>Decodes an image that is in memory.</summary>
    /// <param name="encoded">The bytes of the image file.</param>
    /// <param name="target">Receives the pixels, [height, width, 3].</param>
    /// <param name="name">What to call the image in messages.</param>
    /// <exception cref="InvalidDataException">The bytes are not an image, or damaged; the message starts with <paramref name="name"/>.</exception>
    /// <exception cref="ImageTooLargeException">The image has more pixels or bytes than the decoder accepts; the message starts with <paramref name="name"/>.</exception>
    void Decode(ReadOnlySpan<byte> encoded, PixelBuffer target, string name);

    /// <summary>Decodes an image that is in memory, and gives up when nobody waits for it any more.</summary>
    /// <param name="encoded">The bytes of the image file.</param>
    /// <param name="target">Receives the pixels, [height, width, 3].</param>
    /// <param name="name">What to call the image in messages.</param>
    /// <param name="cancellationToken">Asked before decoding; a decoder that can stop in the middle does.</param>
    /// <exception cref="InvalidDataException">The bytes are not an image, or damaged; the message starts with <paramref name="name"/>.</exception>
    /// <exception cref="ImageTooLargeException">The image has more pixels or bytes than the decoder accepts; the message starts with <paramref name="name"/>.</exception>
    /// <exception cref="OperationCanceledException">The token was canceled.</exception>
    void Decode(ReadOnlySpan<byte> encoded, PixelBuffer target, string name, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Decode(encoded, target, name);
    }

    /// <summary>What decoding will take, from the image's header: what a program that serves many bounds its memory and time with.</summary>
    /// <param name="encoded">The bytes of the image file.</param>
    /// <param name="name">What to call the image in messages.</param>
    /// <returns>The cost; zeros where the decoder does not tell.</returns>
    /// <exception cref="InvalidDataException">The header is not that of an image, or damaged; the message starts with <paramref name="name"/>.</exception>
    /// <exception cref="ImageTooLargeException">The image has more pixels or bytes than the decoder accepts; the message starts with <paramref name="name"/>.</exception>
    DecodingCost CostOf(ReadOnlySpan<byte> encoded, string name) => default;
}

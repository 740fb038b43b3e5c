namespace AlexNetSharp.Data;

/// <summary>Turns the bytes of a picture file into pixels; <c>AlexNetSharp.Images.PictureDecoder</c> is the one that comes along.</summary>
/// <remarks>Implementations may be called from several threads at once, each with a buffer of its own.</remarks>
public interface IPictureDecoder
{
    /// <summary>Decodes a picture file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="target">Receives the pixels, [height, width, 3].</param>
    /// <exception cref="IOException">The file is missing or cannot be read; the message names it.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read; the message names it.</exception>
    /// <exception cref="InvalidDataException">The file is not a picture, or damaged; the message names it.</exception>
    /// <exception cref="PictureTooLargeException">The picture has more pixels or bytes than the decoder accepts; the message names it.</exception>
    void DecodeFile(string path, PixelBuffer target);

    /// <summary>Decodes a picture that is in memory.</summary>
    /// <param name="encoded">The bytes of the picture file.</param>
    /// <param name="target">Receives the pixels, [height, width, 3].</param>
    /// <param name="name">What to call the picture in messages.</param>
    /// <exception cref="InvalidDataException">The bytes are not a picture, or damaged; the message starts with <paramref name="name"/>.</exception>
    /// <exception cref="PictureTooLargeException">The picture has more pixels or bytes than the decoder accepts; the message starts with <paramref name="name"/>.</exception>
    void Decode(ReadOnlySpan<byte> encoded, PixelBuffer target, string name);
}

namespace AlexNetSharp.Data;

/// <summary>An image has more pixels or bytes than its decoder accepts; a web server answers it with 413.</summary>
/// <param name="message">One line that names the image, its size and the limit.</param>
/// <param name="innerException">What caused it.</param>
public sealed class ImageTooLargeException(string message, Exception? innerException = null) : IOException(message, innerException);

namespace AlexNetSharp.Data;

/// <summary>An image has more pixels or bytes than its decoder accepts; a web server answers it with 413.</summary>
public sealed class ImageTooLargeException : IOException
{
    /// <summary>An exception with a general message.</summary>
    public ImageTooLargeException()
    {
    }

    /// <summary>An exception that names the image, its size and the limit.</summary>
    /// <param name="message">One line.</param>
    public ImageTooLargeException(string message)
        : base(message)
    {
    }

    /// <summary>An exception with a cause.</summary>
    /// <param name="message">One line.</param>
    /// <param name="innerException">The cause.</param>
    public ImageTooLargeException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

namespace AlexNetSharp.Data;

/// <summary>A picture has more pixels or bytes than its decoder accepts; a web server answers it with 413.</summary>
public sealed class PictureTooLargeException : IOException
{
    /// <summary>An exception with a general message.</summary>
    public PictureTooLargeException()
    {
    }

    /// <summary>An exception that names the picture, its size and the limit.</summary>
    /// <param name="message">One line.</param>
    public PictureTooLargeException(string message)
        : base(message)
    {
    }

    /// <summary>An exception with a cause.</summary>
    /// <param name="message">One line.</param>
    /// <param name="innerException">The cause.</param>
    public PictureTooLargeException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

using System.Buffers;
using System.Globalization;
using AlexNetSharp.Data;
using Microsoft.Win32.SafeHandles;
using SkiaSharp;

namespace AlexNetSharp.Images;

/// <summary>
/// Decodes JPEG, PNG, WebP, BMP and GIF (first frame) to upright 8-bit RGB: grayscale and CMYK become RGB, 16 bits become 8,
/// transparent pixels are composited over a background, and the EXIF orientation is applied. Color profiles are ignored.
/// </summary>
/// <remarks>
/// <para>An instance holds no state between images and may be used from any number of threads. It decodes into pooled memory;
/// only a few small handles per image are left to the garbage collector.</para>
/// <para>A truncated file is an error, unless <see cref="ImageDecoderOptions.ShowTruncated"/> is set. The format is recognized from the content, not the
/// name. Most damage in the middle of a JPEG is detected (see <see cref="JpegStructure"/>), but a few corrupt bytes can go unnoticed and spoil a
/// few blocks, because JPEG has no checksum.</para>
/// </remarks>
public sealed class ImageDecoder : IImageDecoder
{
    /// <summary>The longest side that JPEG allows. PNG allows longer ones, but real images do not have them.</summary>
    private const int MaxSide = 65535;

    /// <summary>Number of pixels that a file may declare without data for them.</summary>
    private const int EmptyCanvas = 1 << 16;

    /// <summary>Pixels × scans above which decoding takes long enough, about 50 ms, to be worth canceling midway.</summary>
    private const int LongWork = 1 << 23;

    private readonly ImageDecoderOptions _options;

    /// <summary>The largest file accepted; one byte less than the longest array, so that the end of a stream can be detected.</summary>
    private readonly int _maxFileBytes;

    /// <summary>Creates a decoder with the default limits and a white background.</summary>
    public ImageDecoder() : this(new ImageDecoderOptions()) { }

    /// <summary>Creates a decoder with the given limits and background.</summary>
    /// <param name="options">Limits, and how to show transparency.</param>
    /// <exception cref="ArgumentOutOfRangeException">A limit is below 1.</exception>
    public ImageDecoder(ImageDecoderOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxPixels, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxFileBytes, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxPixelScans, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ReduceBeyond, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ReducedSide, 1, nameof(options));
        _options = options;
        _maxFileBytes = Math.Min(options.MaxFileBytes, Array.MaxLength - 1);
    }

    /// <summary>File name extensions recognized in image folders, in lower case with the dot.</summary>
    public static IReadOnlyList<string> Extensions => ImageFiles.Extensions;

    /// <summary>Loads the native library, which the first image would wait for otherwise; for another thread, while a model is being loaded.</summary>
    /// <exception cref="TypeInitializationException">The library is missing.</exception>
    public static void Preload() => SKCodec.Create(SKData.Empty)?.Dispose();

    /// <inheritdoc/>
    public void DecodeFile(string path, PixelBuffer target)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(target);
        using SafeFileHandle file = Open(path);
        long length = RandomAccess.GetLength(file);
        CheckLength(length, path);
        using var encoded = new Scratch((int)length);
        int read = 0;
        try
        {
            for (int more; read < length && (more = RandomAccess.Read(file, encoded.Span[read..], read)) > 0;)
                read += more;
        }
        catch (IOException e) when (e.GetType() == typeof(IOException))
        {
            throw new IOException($"{path}: cannot be read ({e.Message}).", e);
        }
        Decode(encoded.Span[..read], target, path);
    }

    /// <summary>Decodes an image from a stream, which is read to its end.</summary>
    /// <param name="stream">The bytes of the image file.</param>
    /// <param name="target">Receives the pixels, [height, width, 3].</param>
    /// <param name="name">Name of the image in messages.</param>
    /// <exception cref="InvalidDataException">The bytes are not a valid image; the message starts with <paramref name="name"/>.</exception>
    /// <exception cref="ImageTooLargeException">The image has more pixels or bytes than the decoder accepts; the message starts with <paramref name="name"/>.</exception>
    public void Decode(Stream stream, PixelBuffer target, string name)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(target);
        byte[] encoded = ArrayPool<byte>.Shared.Rent(64 << 10);
        try
        {
            int length = 0, more;
            while ((more = stream.Read(encoded, length, encoded.Length - length)) > 0)
            {
                length += more;
                CheckLength(length, name);
                if (length < encoded.Length)
                    continue;
                byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(2L * length, 1L + _maxFileBytes));
                encoded.AsSpan(0, length).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(encoded);
                encoded = larger;
            }
            Decode(encoded.AsSpan(0, length), target, name);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(encoded);
        }
    }

    /// <inheritdoc/>
    /// <remarks>Decoding of an expensive JPEG can be canceled midway, that of other images only before it starts.</remarks>
    public void Decode(ReadOnlySpan<byte> encoded, PixelBuffer target, string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        cancellationToken.ThrowIfCancellationRequested();
        SKEncodedImageFormat format = Recognize(encoded, name, out JpegCost cost);
        SKCodecResult result = Decode(encoded, format, cost, target, name, cancellationToken);
        if (result == SKCodecResult.IncompleteInput && _options.ShowTruncated is { } warn)
        {
            result = format == SKEncodedImageFormat.Jpeg ? DecodeEnded(encoded, cost, target, name, cancellationToken) : SKCodecResult.Success;
            if (result == SKCodecResult.Success)
                warn($"{name}: truncated; decoded as far as the {NameOf(format)} data goes.");
        }
        if (result != SKCodecResult.Success)
            throw new InvalidDataException(Describe(result, format, name));
    }

    /// <inheritdoc/>
    public unsafe DecodingCost CostOf(ReadOnlySpan<byte> encoded, string name)
    {
        SKEncodedImageFormat format = Recognize(encoded, name, out JpegCost cost);
        fixed (byte* bytes = encoded)
        {
            using SKData data = SKData.Create((nint)bytes, encoded.Length);
            using SKCodec codec = Open(SKCodec.Create(data), format, name);
            SKSizeI size = CheckCost(codec, format, cost, encoded.Length, name);
            long pixels = (long)size.Width * size.Height;
            return new DecodingCost(
                cost.KeptBytes + pixels * (4 + 3 + ImageFormat.KeptBytesPerPixel(format, encoded)),
                (long)codec.Info.Width * codec.Info.Height * cost.Scans);
        }
    }

    /// <summary>Recognizes the format of an image, and estimates the cost of decoding a JPEG.</summary>
    private SKEncodedImageFormat Recognize(ReadOnlySpan<byte> encoded, string name, out JpegCost cost)
    {
        CheckLength(encoded.Length, name);
        if (ImageFormat.Recognize(encoded) is not { } format)
            throw new InvalidDataException($"{name}: {ImageFormat.DescribeOther(encoded)}.");
        cost = new JpegCost(Scans: 1, IsProgressive: false, Coefficients: 0);
        if (format == SKEncodedImageFormat.Jpeg && JpegStructure.FindDamage(encoded, out cost) is { } damage)
            throw new InvalidDataException($"{name}: the JPEG data is damaged: {damage}.");
        return format;
    }

    /// <summary>Decodes a truncated JPEG as if it were complete: the decoder makes the rest gray.</summary>
    private SKCodecResult DecodeEnded(ReadOnlySpan<byte> encoded, JpegCost cost, PixelBuffer target, string name, CancellationToken cancellation)
    {
        using var ended = new Scratch(encoded.Length + 2);
        encoded.CopyTo(ended.Span);
        (ended.Span[^2], ended.Span[^1]) = (0xFF, 0xD9);
        return Decode(ended.Span, SKEncodedImageFormat.Jpeg, cost, target, name, cancellation);
    }

    /// <summary>Decodes an image whose format was recognized.</summary>
    /// <returns>Success, or IncompleteInput if <paramref name="target"/> holds a part of the image; any other result is thrown.</returns>
    private unsafe SKCodecResult Decode(
        ReadOnlySpan<byte> encoded, SKEncodedImageFormat format, JpegCost cost, PixelBuffer target, string name, CancellationToken cancellation)
    {
        fixed (byte* bytes = encoded)
        {
            using SKData data = SKData.Create((nint)bytes, encoded.Length);
            using SKCodec codec = Open(SKCodec.Create(data), format, name);
            SKSizeI size = CheckCost(codec, format, cost, encoded.Length, name);
            bool opaque = codec.Info.AlphaType == SKAlphaType.Opaque;
            SKEncodedOrigin origin = codec.EncodedOrigin;
            if (origin == SKEncodedOrigin.TopLeft)
                origin = ExifOrientation.Find(encoded, format);
            if (!cancellation.CanBeCanceled || format != SKEncodedImageFormat.Jpeg || (long)codec.Info.Width * codec.Info.Height * cost.Scans < LongWork)
                return DecodePixels(codec, size, opaque, origin, format, target, name);
            using var stream = new CancelableStream(bytes, encoded.Length, cancellation);
            try
            {
                using SKCodec second = Open(SKCodec.Create(stream), format, name);
                return DecodePixels(second, size, opaque, origin, format, target, name);
            }
            finally
            {
                // On cancellation, the decoder's result is meaningless.
                cancellation.ThrowIfCancellationRequested();
            }
        }
    }

    private static SKCodec Open(SKCodec? codec, SKEncodedImageFormat format, string name)
    {
        if (codec is not null && codec.EncodedFormat == format)
            return codec;
        codec?.Dispose();
        throw new InvalidDataException($"{name}: the header of this {NameOf(format)} file is damaged or cut short.");
    }

    /// <summary>Rejects images that are too large or too expensive.</summary>
    /// <returns>The size at which the image is to be decoded.</returns>
    private SKSizeI CheckCost(SKCodec codec, SKEncodedImageFormat format, JpegCost cost, int bytes, string name)
    {
        SKImageInfo info = codec.Info;
        SKSizeI size = format == SKEncodedImageFormat.Jpeg ? Reduced(codec, info) : info.Size;
        CheckSize(info.Size, cost.KeepsAll ? info.Size : size, bytes, format, name);
        if ((long)info.Width * info.Height * cost.Scans > _options.MaxPixelScans)
            throw new ImageTooLargeException(string.Create(CultureInfo.InvariantCulture,
                $"{name}: too expensive to decode ({info.Width}×{info.Height} pixels in {cost.Scans} scans; the limit is {_options.MaxPixelScans} pixels over all scans)."));
        return size;
    }

    /// <summary>The size at which a JPEG is decoded.</summary>
    private SKSizeI Reduced(SKCodec codec, SKImageInfo info)
    {
        SKSizeI size = info.Size;
        for (int part = 2; part <= 8 && (long)size.Width * size.Height > _options.ReduceBeyond; part *= 2)
        {
            SKSizeI smaller = codec.GetScaledDimensions(1f / part);
            if (Math.Min(smaller.Width, smaller.Height) < _options.ReducedSide)
                break;
            size = smaller;
        }
        return size;
    }

    private unsafe SKCodecResult DecodePixels(
        SKCodec codec, SKSizeI size, bool opaque, SKEncodedOrigin origin, SKEncodedImageFormat format, PixelBuffer target, string name)
    {
        int width = size.Width, height = size.Height, length = 4 * width * height;
        // Without a color space in the request, no profile is applied, as in Pillow and torchvision.
        var wanted = new SKImageInfo(width, height, SKColorType.Rgba8888, opaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul);
        using var memory = new Scratch(length);
        Span<byte> rgba = memory.Span;
        SKCodecResult result;
        fixed (byte* pixels = rgba)
            result = codec.GetPixels(wanted, (nint)pixels);
        if (result is not (SKCodecResult.Success or SKCodecResult.IncompleteInput))
            throw new InvalidDataException(Describe(result, format, name));
        if (!opaque)
            PixelPacking.Compose(rgba, _options.Background);
        bool swap = PixelPacking.SwapsSides(origin);
        target.Reset(swap ? width : height, swap ? height : width, 3);
        if (origin == SKEncodedOrigin.TopLeft)
            PixelPacking.DropAlpha(rgba, target.Pixels);
        else
            PixelPacking.Turn(rgba, width, height, origin, target.Pixels);
        return result;
    }

    private SafeFileHandle Open(string path)
    {
        try
        {
            // Before opening: a pipe or a device has no length, and opening or reading one might never end.
            if ((File.ResolveLinkTarget(path, returnFinalTarget: true) ?? new FileInfo(path)) is FileInfo { Exists: true, Length: 0 })
                CheckLength(0, path);
            return File.OpenHandle(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new FileNotFoundException($"{path}: no such file.", path, e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new UnauthorizedAccessException(
                Directory.Exists(path) ? $"{path}: a folder, not an image." : $"{path}: no permission to read this file.", e);
        }
        catch (IOException e)
        {
            throw new IOException($"{path}: cannot be opened ({e.Message}).", e);
        }
    }

    private void CheckLength(long length, string name)
    {
        if (length == 0)
            throw new InvalidDataException($"{name}: empty, or not a regular file.");
        if (length > _maxFileBytes)
            throw new ImageTooLargeException(string.Create(CultureInfo.InvariantCulture,
                $"{name}: too large ({length} bytes; the limit is {_maxFileBytes})."));
    }

    /// <summary>Rejects images that are too large, before memory is allocated for them.</summary>
    /// <param name="size">Size of the image.</param>
    /// <param name="kept">The size for which decoding allocates memory.</param>
    /// <param name="bytes">Length of the file.</param>
    /// <param name="format">Format of the file.</param>
    /// <param name="name">Name of the image in messages.</param>
    private void CheckSize(SKSizeI size, SKSizeI kept, int bytes, SKEncodedImageFormat format, string name)
    {
        (int width, int height) = (size.Width, size.Height);
        if (width < 1 || height < 1)
            throw new InvalidDataException($"{name}: the image has no pixels.");
        long pixels = (long)width * height;
        // An array holds at most 2³¹ − 1 bytes, four per pixel.
        if ((long)kept.Width * kept.Height > Math.Min(_options.MaxPixels, Array.MaxLength / 4) || Math.Max(width, height) > MaxSide)
            throw new ImageTooLargeException(string.Create(CultureInfo.InvariantCulture,
                $"{name}: too large ({width}×{height} pixels; the limit is {_options.MaxPixels} pixels, {MaxSide} per side)."));
        // A small canvas may be empty: a GIF with a frame of one pixel is valid.
        if (ImageFormat.MaxPixelsPerByte(format) is var most and > 0 && pixels > (long)most * bytes + EmptyCanvas)
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                $"{name}: truncated ({bytes} bytes cannot hold {width}×{height} pixels)."));
    }

    private static string Describe(SKCodecResult result, SKEncodedImageFormat format, string name) => result switch
    {
        SKCodecResult.IncompleteInput => $"{name}: truncated; the {NameOf(format)} data ends before the image does.",
        SKCodecResult.ErrorInInput or SKCodecResult.InvalidInput => $"{name}: the {NameOf(format)} data is damaged.",
        _ => $"{name}: this {NameOf(format)} file cannot be decoded ({result}).",
    };

    private static string NameOf(SKEncodedImageFormat format) =>
        format == SKEncodedImageFormat.Webp ? "WebP" : format.ToString().ToUpperInvariant();
}

using SkiaSharp;

namespace AlexNetSharp.Serving;

/// <summary>Images to send: read from a folder, or generated.</summary>
internal static class Photos
{
    private const int Count = 16, Width = 500, Height = 375;

    private static readonly string[] s_endings = [".jpg", ".jpeg", ".png", ".webp"];

    /// <summary>Reads the images in a folder.</summary>
    public static byte[][] Read(string folder)
    {
        byte[][] images = [.. Directory.EnumerateFiles(folder)
            .Where(path => s_endings.Contains(Path.GetExtension(path).ToLowerInvariant())).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
        return images.Length > 0 ? images : throw new InvalidDataException($"{folder}: no images");
    }

    /// <summary>Generates JPEGs with the typical dimensions and file size of ImageNet images: disks on a gradient, with noise.</summary>
    public static byte[][] Make() => [.. Enumerable.Range(0, Count).Select(Make)];

    private static byte[] Make(int seed)
    {
        var random = new System.Random(seed);
        using var bitmap = new SKBitmap(new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using (var canvas = new SKCanvas(bitmap))
        using (SKShader gradient = SKShader.CreateLinearGradient(new SKPoint(0, 0), new SKPoint(Width, Height), [Color(), Color()], SKShaderTileMode.Clamp))
        using (var background = new SKPaint { Shader = gradient })
        {
            canvas.DrawPaint(background);
            for (int i = 0; i < 40; i++)
            {
                using var paint = new SKPaint { Color = Color(), IsAntialias = true };
                canvas.DrawCircle(random.Next(Width), random.Next(Height), random.Next(5, 90), paint);
            }
        }
        Span<byte> bytes = bitmap.GetPixelSpan();
        for (int i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)Math.Clamp(bytes[i] + random.Next(-12, 13), 0, 255);
        using SKImage image = SKImage.FromBitmap(bitmap);
        using SKData data = image.Encode(SKEncodedImageFormat.Jpeg, 80);
        return data.ToArray();

        SKColor Color() => new((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
    }
}

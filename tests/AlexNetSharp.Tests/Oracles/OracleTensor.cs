namespace AlexNetSharp.Tests.Oracles;

/// <summary>Float64 numbers in the order [n, y, x, c]. Fully connected layers use [n, 1, 1, features].</summary>
internal sealed class OracleTensor(int batch, int height, int width, int channels)
{
    public int Batch { get; } = batch;
    public int Height { get; } = height;
    public int Width { get; } = width;
    public int Channels { get; } = channels;
    public double[] Data { get; private init; } = new double[checked(batch * height * width * channels)];

    public static OracleTensor Features(int batch, int features) => new(batch, 1, 1, features);

    public static OracleTensor From(ReadOnlySpan<float> values, int batch, int height, int width, int channels)
    {
        var tensor = new OracleTensor(batch, height, width, channels);
        Assert.Equal(tensor.Data.Length, values.Length);
        for (int i = 0; i < values.Length; i++)
            tensor.Data[i] = values[i];
        return tensor;
    }

    public double this[int n, int y, int x, int c]
    {
        get => Data[Index(n, y, x) + c];
        set => Data[Index(n, y, x) + c] = value;
    }

    /// <summary>Where [n, y, x, 0] lies in <see cref="Data"/>.</summary>
    public int Index(int n, int y, int x) => ((n * Height + y) * Width + x) * Channels;

    public OracleTensor ZerosLike() => new(Batch, Height, Width, Channels);

    /// <summary>The same numbers as one row of features an image, in the order y, x, c.</summary>
    public OracleTensor Flatten() => new(Batch, 1, 1, Height * Width * Channels) { Data = Data };

    /// <summary>The numbers of a flattened tensor as images again.</summary>
    public OracleTensor Unflatten(int height, int width, int channels)
    {
        Assert.Equal(Height * Width * Channels, height * width * channels);
        return new OracleTensor(Batch, height, width, channels) { Data = Data };
    }

    public float[] ToFloats() => Array.ConvertAll(Data, static v => (float)v);
}

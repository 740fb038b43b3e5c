#:project ../src/AlexNetSharp/AlexNetSharp.csproj
#:project ../src/AlexNetSharp.Images/AlexNetSharp.Images.csproj
#:property RestorePackagesWithLockFile=false
#:property PublishAot=false
// Measures how much of decoding is hidden behind computing when many files are classified. Measures alternately, with the same threads:
//   decoding   the files through a DataLoader, nothing computed: read, decode, resize, crop, normalize
//   computing  the same number of forward passes in the same batches, on inputs in memory that are copied into the plan before each pass
//   together   Classifier.ClassifyFiles, which is what 'alexnet classify' times
// and prints the median and the fastest of the rounds, the CPU time of all threads, and the ratio of "together" to the slower
// of the two alone. As both compete for the same CPUs, no schedule takes less than their total CPU time divided by the number of CPUs.
//   dotnet run -c Release tools/overlap.cs MODEL FOLDER [ROUNDS [BATCH [THREADS]]]
// If FOLDER does not exist, it is created with 1,000 JPEGs of 500×375 pixels and about 50 kB each, like photographs.
using System.Diagnostics;
using System.Globalization;
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Images;
using AlexNetSharp.Inference;
using SkiaSharp;

if (args.Length is < 2 or > 5)
{
    Console.Error.WriteLine("usage: dotnet run -c Release tools/overlap.cs MODEL FOLDER [ROUNDS [BATCH [THREADS]]]");
    return 2;
}
int rounds = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 7;
int batchSize = args.Length > 3 ? int.Parse(args[3], CultureInfo.InvariantCulture) : 32;
int threads = args.Length > 4 ? int.Parse(args[4], CultureInfo.InvariantCulture) : Environment.ProcessorCount;
if (!Directory.Exists(args[1]))
    Photographs.Write(args[1], count: 1000, distinct: 50);

IReadOnlyList<string> files = ImageFiles.Find(args[1]);
var decoder = new ImageDecoder();
using var classifier = Classifier.Load(args[0], decoder, new InferenceOptions { BatchSize = batchSize, Threads = threads });
using var plan = new Plan(classifier.Model.Network, classifier.Model.Parameters, new PlanOptions { BatchSize = batchSize, Threads = threads });
var input = new float[plan.Input.Length];
for (int i = 0; i < input.Length; i++)
    input[i] = (i % 255 - 127) / 60f;

(string Name, Action Work)[] works =
[
    ("decoding alone", () =>
    {
        using var loader = new DataLoader(
            ImageFiles.Open(files, decoder), classifier.Preprocessing, new DataLoaderOptions { BatchSize = batchSize, Threads = threads, Prefetch = 2 });
        foreach (Batch _ in loader.Read())
        {
        }
    }),
    ("computing alone", () =>
    {
        for (int done = 0; done < files.Count; done += batchSize)
        {
            input.CopyTo(plan.Input);
            plan.Forward();
        }
    }),
    ("together", () =>
    {
        foreach (FileResult<Prediction[]> result in classifier.ClassifyFiles(files))
            result.GetOrThrow();
    }),
];
var seconds = works.Select(_ => new List<double>()).ToArray();
var processor = works.Select(_ => new List<double>()).ToArray();
for (int round = -1; round < rounds; round++)
    for (int i = 0; i < works.Length; i++)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        long start = Stopwatch.GetTimestamp();
        works[i].Work();
        double time = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (round < 0)
            continue;   // the first round compiles and fills buffers
        seconds[i].Add(time);
        processor[i].Add((Environment.CpuUsage.TotalTime - before).TotalSeconds);
    }

Console.WriteLine(FormattableString.Invariant(
    $"{files.Count} JPEGs of {files.Average(file => new FileInfo(file).Length) / 1000:0} kB, network {classifier.Model.Network.Name}, batch {batchSize}, {threads} threads of {Environment.ProcessorCount} CPUs, {rounds} rounds"));
Console.WriteLine("| | s (middle) | s (fastest) | ms per image | CPU s |\n|---|---|---|---|---|");
for (int i = 0; i < works.Length; i++)
    Console.WriteLine(FormattableString.Invariant(
        $"| {works[i].Name} | {Middle(seconds[i]):0.000} | {seconds[i].Min():0.000} | {1000 * Middle(seconds[i]) / files.Count:0.00} | {Middle(processor[i]):0.00} |"));
double decoding = Middle(seconds[0]), computing = Middle(seconds[1]), together = Middle(seconds[2]);
double bound = (Middle(processor[0]) + Middle(processor[1])) / Math.Min(threads, Environment.ProcessorCount);
Console.WriteLine(FormattableString.Invariant(
    $"\ntogether / slower alone: {together / Math.Max(decoding, computing):0.00}; together / (one after the other): {together / (decoding + computing):0.00}; together / (CPU time of both ÷ CPUs): {together / bound:0.00}"));
return 0;

static double Middle(List<double> values)
{
    double[] sorted = [.. values.Order()];
    return (sorted[sorted.Length / 2] + sorted[(sorted.Length - 1) / 2]) / 2;
}

/// <summary>Images with the spectrum of photographs: noise at all scales, with amplitude proportional to the scale.</summary>
internal static class Photographs
{
    private const int Width = 500, Height = 375;

    public static void Write(string folder, int count, int distinct)
    {
        Directory.CreateDirectory(folder);
        for (int i = 0; i < distinct; i++)
        {
            byte[] jpeg = Encode(seed: i);
            for (int copy = i; copy < count; copy += distinct)
                File.WriteAllBytes(Path.Combine(folder, FormattableString.Invariant($"{copy:0000}.jpg")), jpeg);
        }
    }

    private static byte[] Encode(int seed)
    {
        var random = new Random(seed);
        var values = new float[Height * Width * 3];
        for (int size = 256; size >= 2; size /= 2)
        {
            int columns = Width / size + 2, rows = Height / size + 2;
            float[] grid = [.. Enumerable.Range(0, rows * columns * 3).Select(_ => (random.NextSingle() - 0.5f) * 40 * MathF.Pow(size, 0.35f))];
            for (int y = 0; y < Height; y++)
                for (int x = 0; x < Width; x++)
                {
                    float fy = y / (float)size, fx = x / (float)size;
                    int gy = (int)fy, gx = (int)fx;
                    (fy, fx) = (fy - gy, fx - gx);
                    for (int c = 0; c < 3; c++)
                    {
                        // The channels of photographs are correlated.
                        float At(int r, int k) => 0.7f * grid[(r * columns + k) * 3] + 0.3f * grid[(r * columns + k) * 3 + c];
                        values[(y * Width + x) * 3 + c] += (1 - fy) * ((1 - fx) * At(gy, gx) + fx * At(gy, gx + 1)) + fy * ((1 - fx) * At(gy + 1, gx) + fx * At(gy + 1, gx + 1));
                    }
                }
        }
        using var bitmap = new SKBitmap(new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        Span<byte> pixels = bitmap.GetPixelSpan();
        for (int i = 0; i < Width * Height; i++)
        {
            for (int c = 0; c < 3; c++)
                pixels[4 * i + c] = (byte)Math.Clamp(128 + values[3 * i + c], 0, 255);
            pixels[4 * i + 3] = 255;
        }
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 85);
        return data.ToArray();
    }
}

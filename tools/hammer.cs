#:project ../src/AlexNetSharp/AlexNetSharp.csproj
#:project ../src/AlexNetSharp.Images/AlexNetSharp.Images.csproj
#:property RestorePackagesWithLockFile=false
#:property PublishAot=false
// Calls one Classifier from many threads, with images of many sizes and through every overload, and compares each answer bit by bit with the
// first one. Reports calls, the slowest answer and memory each minute; exit code 1 if an answer differs, a call fails, or memory grows.
//   dotnet run -c Release tools/hammer.cs [-- MODEL] [--minutes 60] [--threads 64]
// MODEL: by default, torchvision's AlexNet with initial weights.
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using AlexNetSharp.Data;
using AlexNetSharp.Images;
using AlexNetSharp.Inference;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using SkiaSharp;

const int top = 5, different = 24;
const double growth = 1.1;
const long room = 32 << 20;
string? path = null;
int minutes = 60, threads = 64;
for (int i = 0; i < args.Length; i++)
{
    bool number = i + 1 < args.Length && int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value > 0 && value <= 10_000;
    if (args[i] is "--minutes" && number)
        minutes = int.Parse(args[++i], CultureInfo.InvariantCulture);
    else if (args[i] is "--threads" && number)
        threads = int.Parse(args[++i], CultureInfo.InvariantCulture);
    else if (path is null && !args[i].StartsWith('-'))
        path = args[i];
    else
    {
        Console.Error.WriteLine("usage: dotnet run -c Release tools/hammer.cs [-- MODEL] [--minutes 60] [--threads 64]");
        return 2;
    }
}

var decoder = new ImageDecoder();
CatalogEntry entry = NetworkCatalog.Get("torchvision");
using Classifier classifier = path is null
    ? new Classifier(new Model(ParameterSet.Initialize(entry.Build(), seed: 1), entry.Preprocessing), decoder) : Classifier.Load(path, decoder);
int batch = new InferenceOptions().BatchSize;
Sample[] samples = [.. Enumerable.Range(0, different).Select(seed => Sample.Make(seed, decoder))];
// A single image and an image in a batch may use different algorithms and differ in the last bits, hence two reference answers.
string[][] first = [.. samples.Select(sample => (string[])[Answer(classifier.ClassifyEncoded(sample.Encoded, top)), InBatch(sample)])];
Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
    $"{threads} threads for {minutes} min, {different} images, network {classifier.Model.Network.Name}; {first.Count(answers => answers[0] != answers[1])} images have other last bits in a batch"));

var problems = new ConcurrentQueue<string>();
long calls = 0, slowest = 0;
using var end = new CancellationTokenSource();
Thread[] all = [.. Enumerable.Range(0, threads).Select(number => new Thread(() => Hammer(number)))];
foreach (Thread thread in all)
    thread.Start();
var memory = new List<long>();
Console.WriteLine("minute     calls  calls/s  slowest ms  memory MB  managed MB  problems");
for (int minute = 1; minute <= minutes && problems.IsEmpty; minute++)
{
    long before = Interlocked.Read(ref calls), start = Stopwatch.GetTimestamp();
    while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(1) && problems.IsEmpty)
        Thread.Sleep(100);
    long done = Interlocked.Read(ref calls), slow = Interlocked.Exchange(ref slowest, 0);
    using var process = Process.GetCurrentProcess();
    memory.Add(process.WorkingSet64);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{minute,6} {done,9} {(done - before) / Stopwatch.GetElapsedTime(start).TotalSeconds,8:0.0} {slow * 1e3 / Stopwatch.Frequency,11:0} {memory[^1] / 1e6,10:0} {GC.GetTotalMemory(forceFullCollection: true) / 1e6,11:0} {problems.Count,9}"));
}
end.Cancel();
foreach (Thread thread in all)
    thread.Join();
if (memory[^1] > growth * memory[0] + room)
    problems.Enqueue(string.Create(CultureInfo.InvariantCulture, $"memory grew from {memory[0] / 1e6:0} MB after the first minute to {memory[^1] / 1e6:0} MB"));
foreach (string problem in problems.Distinct().Take(20))
    Console.Error.WriteLine($"hammer: {problem}");
Console.WriteLine(problems.IsEmpty ? $"{calls} answers, all with the bits of the first" : "failed");
return problems.IsEmpty ? 0 : 1;

void Hammer(int number)
{
    var random = new Random(number);
    while (!end.IsCancellationRequested)
    {
        int which = random.Next(different), way = random.Next(5);
        long start = Stopwatch.GetTimestamp();
        try
        {
            string answer = Answer(Classify(samples[which], way));
            if (!first[which].Contains(answer))
                problems.Enqueue($"image {which}, way {way}: {answer} in place of {string.Join(" or ", first[which].Distinct())}");
        }
        catch (Exception e)
        {
            problems.Enqueue($"image {which}, way {way}: {e.GetType().Name}: {e.Message}");
        }
        long took = Stopwatch.GetTimestamp() - start;
        for (long seen = Interlocked.Read(ref slowest); took > seen; seen = Interlocked.Read(ref slowest))
            if (Interlocked.CompareExchange(ref slowest, took, seen) == seen)
                break;
        Interlocked.Increment(ref calls);
    }
}

Prediction[] Classify(Sample sample, int way) => way switch
{
    0 => classifier.ClassifyEncoded(sample.Encoded, top),
    1 => classifier.ClassifyEncodedAsync(sample.Encoded, top).GetAwaiter().GetResult(),
    2 => classifier.Classify(new MemoryStream(sample.Encoded), top),
    3 => classifier.ClassifyAsync(new MemoryStream(sample.Encoded), top).GetAwaiter().GetResult(),
    _ => classifier.Classify(sample.Pixels, sample.Height, sample.Width, sample.Channels, top),
};

string InBatch(Sample sample)
{
    var pixels = new PixelBuffer();
    decoder.Decode(sample.Encoded, pixels, "image");
    Preprocessing preprocessing = classifier.Preprocessing;
    var inputs = new float[batch * preprocessing.Length];
    var preprocessor = new Preprocessor(preprocessing);
    for (int i = 0; i < batch; i++)
        preprocessor.Apply(pixels, inputs.AsSpan(i * preprocessing.Length, preprocessing.Length));
    Tensor<float> images = Tensor.Create(inputs, [batch, preprocessing.CropHeight, preprocessing.CropWidth, preprocessing.Channels]);
    float[] probabilities = [.. classifier.Probabilities(images).Take(classifier.Classes.Count)];
    return Text([.. Enumerable.Range(0, probabilities.Length).OrderByDescending(i => probabilities[i]).Take(top).Select(i => (i, probabilities[i]))]);
}

static string Answer(Prediction[] predictions) => Text(predictions.Select(prediction => (prediction.Index, prediction.Probability)));

static string Text(IEnumerable<(int Index, float Probability)> predictions) =>
    string.Join(' ', predictions.Select(prediction => $"{prediction.Index}:{BitConverter.SingleToUInt32Bits(prediction.Probability):x8}"));

/// <summary>An image as a file and as pixels.</summary>
internal sealed record Sample(byte[] Encoded, byte[] Pixels, int Height, int Width, int Channels)
{
    /// <summary>Disks of random colors; sizes from icons to two megapixels, three file formats.</summary>
    public static Sample Make(int seed, ImageDecoder decoder)
    {
        var random = new Random(seed);
        (int width, int height) = (random.Next(40, 1600), random.Next(40, 1200));
        using var surface = SKSurface.Create(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        for (int i = 0; i < 60; i++)
        {
            using var paint = new SKPaint { Color = new SKColor((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256)), IsAntialias = true };
            surface.Canvas.DrawCircle(random.Next(width), random.Next(height), random.Next(4, 200), paint);
        }
        using SKImage image = surface.Snapshot();
        using SKData data = image.Encode((seed % 3) switch { 0 => SKEncodedImageFormat.Png, 1 => SKEncodedImageFormat.Webp, _ => SKEncodedImageFormat.Jpeg }, 90);
        byte[] encoded = data.ToArray();
        var pixels = new PixelBuffer();
        decoder.Decode(encoded, pixels, "image");
        return new Sample(encoded, pixels.Pixels.ToArray(), pixels.Height, pixels.Width, pixels.Channels);
    }
}

#:project ../../src/AlexNetSharp/AlexNetSharp.csproj
#:project ../../src/AlexNetSharp.Images/AlexNetSharp.Images.csproj
#:package Microsoft.ML.OnnxRuntime

// Exports models to ONNX and compares ONNX Runtime's logits with ours, on noise and on images, in batches of 1 and 3 from one file.
// dotnet run -c Release tools/onnx/agreement.cs IMAGES MODEL…     (tools/onnx/agreement.sh creates the models first)
// Prints a table: the largest logit difference relative to the largest logit. Exit code 1 if one exceeds 1e-5. Noise is the
// harder case and shows the effect of rounding. With --precise before the models, ours are computed without Winograd algorithms.

using System.Globalization;
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Formats;
using AlexNetSharp.Images;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Random;
using AlexNetSharp.Tensors;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

const double limit = 1e-5;
const int largestBatch = 3;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
const string usage = "usage: dotnet run -c Release tools/onnx/agreement.cs IMAGES [--precise] MODEL…     IMAGES: a folder with at least one image";
if (args is ["--help" or "-h"])
{
    Console.WriteLine(usage);
    return 0;
}
bool precise = args.Contains("--precise");
string[] paths = [.. args.Where(argument => argument != "--precise")];
if (paths.Length < 2 || paths.Any(path => path.StartsWith('-')))
{
    Console.Error.WriteLine(usage);
    return 2;
}
string[] files = [.. ImageFiles.Find(paths[0]).Take(largestBatch)];
double worst = 0;
Console.WriteLine("| model | network | noise, batch 1 | noise, batch 3 | images, batch 1 | images, batch 3 | largest logit |");
Console.WriteLine("|---|---|---|---|---|---|---|");
foreach (string path in paths.Skip(1))
{
    using Model model = ModelFile.Load(path);
    string onnx = Path.Combine(Path.GetTempPath(), $"agreement-{Environment.ProcessId}.onnx");
    try
    {
        ModelFile.Save(onnx, model);
        using var session = new InferenceSession(onnx);
        float[] noise = Noise(model), photographs = Photographs(model);
        var errors = new List<double>();
        double largest = 0;
        foreach (float[] images in (float[][])[noise, photographs])
        {
            foreach (int batch in (int[])[1, largestBatch])
            {
                (float[] ours, float[] theirs) = (Ours(model, images, batch, precise), Theirs(session, model, images, batch));
                largest = theirs.Max(MathF.Abs);
                errors.Add(ours.Zip(theirs, (a, b) => (double)Math.Abs(a - b)).Max() / largest);
            }
        }
        worst = errors.Append(worst).Max();
        Console.WriteLine($"| {Path.GetFileNameWithoutExtension(path)} | {model.Network.Name} | {string.Join(" | ", errors.Select(error => $"{error:0.00e-0}"))} | {largest:g3} |");
    }
    finally
    {
        File.Delete(onnx);
    }
}
return worst <= limit ? 0 : 1;

// Values as large as those of images: standard deviation 1 if the preprocessing divides by it, otherwise 60 gray levels.
static float[] Noise(Model model)
{
    var images = new float[largestBatch * model.Network.InputShape.Length];
    Preprocessing preprocessing = model.Preprocessing!;
    new Philox(seed: 3).FillNormal(images, preprocessing.Scale < 1 ? 1 : 60);
    return images;
}

float[] Photographs(Model model)
{
    var preprocessor = new Preprocessor(model.Preprocessing!);
    var images = new float[largestBatch * model.Preprocessing!.Length];
    var pixels = new PixelBuffer();
    var decoder = new ImageDecoder();
    for (int i = 0; i < largestBatch; i++)
    {
        decoder.DecodeFile(files[i % files.Length], pixels);
        preprocessor.Apply(pixels, images.AsSpan(i * model.Preprocessing!.Length, model.Preprocessing!.Length));
    }
    return images;
}

static float[] Ours(Model model, float[] images, int batch, bool precise)
{
    using var plan = new Plan(model.Network, model.Parameters, new PlanOptions { BatchSize = batch, Precise = precise });
    images.AsSpan(0, plan.Input.Length).CopyTo(plan.Input);
    plan.Forward();
    return plan.Output.ToArray();
}

static float[] Theirs(InferenceSession session, Model model, float[] images, int batch)
{
    Shape shape = model.Network.InputShape;
    var input = new DenseTensor<float>([batch, shape.Channels, shape.Height, shape.Width]);
    for (int n = 0, at = 0; n < batch; n++)
        for (int y = 0; y < shape.Height; y++)
            for (int x = 0; x < shape.Width; x++)
                for (int c = 0; c < shape.Channels; c++)
                    input[n, c, y, x] = images[at++];
    using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> results = session.Run([NamedOnnxValue.CreateFromTensor("input", input)]);
    return [.. results[0].AsEnumerable<float>()];
}

#:property PublishAot=false
#:property RestorePackagesWithLockFile=false
// Models the time of a training step over the number of processes and the bandwidth, from the measurements of reproduce/scaling.sh: bytes, and the
// step of one process. Predicts more machines, for docs/distributed.md. Prints tables in Markdown and writes the plot docs/images/scaling.svg.
//   dotnet run tools/scaling.cs
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

// Fraction of a step that remains after backward has finished the fully connected layers: the backward pass of the convolutions.
const double AfterLinear = 0.6;

string root = Path.GetFullPath(Path.Combine(Folder(), "..")), results = Path.Combine(root, "docs", "distributed");
Point[] points = [.. Directory.GetFiles(results, "*.json").Order(StringComparer.Ordinal).Select(Point.Read)];
Point[] two = [.. points.Where(point => point.Processes == 2)];
Point one = points.First(point => point.Processes == 1), dense = two.First(point => !point.Factors), factors = two.First(point => point.Factors);
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

// The bytes that a process sends for factors grow with the number of other processes; the rest is the exchange of convolution gradients.
double gradientBytes = dense.BytesSent, factorBytes = factors.FactorBytes, convolutionBytes = factors.BytesSent - factorBytes;
// Computing the gradient of the whole batch instead of the own part: once more for each other process. Between two processes, the bytes sent for a
// gradient are its size; a thread does 20e9 multiply-adds per second, as the choice of the exchange assumes.
double work = one.Images * factors.LinearBytes / sizeof(float) / (20e9 * one.Threads);

// Check of the model: the step of two processes as measured, and as predicted from their compute time and bandwidth.
Console.WriteLine("| processes, link | travels | MB sent | hidden behind backward | compute, s | step, s | by the model, s |");
Console.WriteLine("|---|---|---|---|---|---|---|");
foreach (Point point in two.OrderBy(point => point.Name, StringComparer.Ordinal))
    Console.WriteLine($"| 2, {point.Name[..point.Name.IndexOf('-')]} | {(point.Factors ? "factors" : "gradients")} | {point.BytesSent / 1e6:0.0} | {100 * point.Hidden:0} % | {point.Compute:0.00} | {point.Step:0.00} | {Step(2, point.Bandwidth, point.Factors, point.Compute):0.00} |");
Console.WriteLine();
Console.WriteLine("| processes | 1 Gbit/s, gradients | 1 Gbit/s, factors | 10 Gbit/s, gradients | 10 Gbit/s, factors |");
Console.WriteLine("|---|---|---|---|---|");
int[] counts = [1, 2, 4, 8, 16];
foreach (int n in counts)
    Console.WriteLine($"| {n} | {string.Join(" | ", Curves().Select(curve => $"{100 * Efficiency(n, curve.Rate, curve.Factors):0} %"))} |");
File.WriteAllText(Path.Combine(root, "docs", "images", "scaling.svg"), Plot());

// Time of a step: computing, plus the part of the exchange that backward does not hide.
double Step(int n, double bandwidth, bool withFactors, double compute)
{
    if (n == 1)
        return compute;
    double ring = (n - 1.0) / n / 0.5, bytes = withFactors ? convolutionBytes * ring + factorBytes * (n - 1) : gradientBytes * ring;
    double extra = withFactors ? work * (n - 1) : 0;
    return compute + extra + Math.Max(0, bytes / bandwidth - AfterLinear * compute);
}

double Efficiency(int n, double rate, bool withFactors) => one.Compute / Step(n, rate, withFactors, one.Compute);

static (double Rate, bool Factors, string Name, string Color)[] Curves() =>
[
    (0.118e9, false, "1 Gbit/s, gradients", "#d62728"), (0.118e9, true, "1 Gbit/s, factors", "#1f77b4"),
    (1.18e9, false, "10 Gbit/s, gradients", "#ff9896"), (1.18e9, true, "10 Gbit/s, factors", "#7fb8e0"),
];

string Plot()
{
    var svg = new StringBuilder("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 360\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"640\" height=\"360\" fill=\"white\"/>\n");
    double X(int n) => 60 + 380.0 * (n - 1) / 15;
    double Y(double share) => 320 - 290 * share;
    for (int percent = 0; percent <= 100; percent += 20)
        svg.Append(CultureInfo.InvariantCulture, $"<line x1=\"60\" x2=\"440\" y1=\"{Y(percent / 100.0):0.0}\" y2=\"{Y(percent / 100.0):0.0}\" stroke=\"#ddd\"/><text x=\"52\" y=\"{Y(percent / 100.0) + 4:0.0}\" text-anchor=\"end\">{percent} %</text>\n");
    foreach (int n in counts)
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(n):0.0}\" y=\"338\" text-anchor=\"middle\">{n}</text>\n");
    svg.Append("<text x=\"250\" y=\"355\" text-anchor=\"middle\">processes, one a machine, 32 images each</text>\n");
    int row = 0;
    foreach ((double rate, bool withFactors, string name, string color) in Curves())
    {
        string path = string.Join(' ', Enumerable.Range(1, 16).Select(n => string.Create(CultureInfo.InvariantCulture, $"{X(n):0.0},{Y(Efficiency(n, rate, withFactors)):0.0}")));
        int y = 40 + 20 * row++;
        svg.Append(CultureInfo.InvariantCulture, $"<polyline points=\"{path}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/><line x1=\"455\" x2=\"480\" y1=\"{y}\" y2=\"{y}\" stroke=\"{color}\" stroke-width=\"2\"/><text x=\"486\" y=\"{y + 4}\">{name}</text>\n");
    }
    return svg.Append("</svg>\n").ToString();
}

static string Folder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

internal sealed record Point(string Name, int Processes, bool Factors, double Compute, double Step, double Bandwidth, double Hidden, double BytesSent, double FactorBytes, double LinearBytes, int Images, int Threads)
{
    public static Point Read(string path)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
        JsonElement root = document.RootElement;
        double Of(string name) => root.GetProperty(name).GetDouble();
        double Sum(string name) => root.GetProperty("layers").EnumerateArray().Sum(layer => layer.GetProperty(name).GetDouble());
        return new Point(
            Path.GetFileNameWithoutExtension(path), root.GetProperty("processes").GetInt32(), root.GetProperty("layers").EnumerateArray().Any(layer => layer.GetProperty("factors").GetBoolean()),
            Of("compute_seconds"), Of("step_seconds"), root.TryGetProperty("bandwidth", out JsonElement bandwidth) ? bandwidth.GetDouble() : double.PositiveInfinity, Of("hidden"), Of("bytes_sent"), Sum("factor_bytes"), Sum("gradient_bytes"),
            root.GetProperty("images_of_process").GetInt32(), root.GetProperty("threads").GetInt32());
    }
}

using System.Runtime.Intrinsics;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Rivals;

/// <summary>Measures the rows of the comparison.</summary>
/// <param name="rounds">Number of interleaved rounds per measurement.</param>
/// <param name="threads">Number of threads of each program.</param>
/// <param name="patience">Maximum time of a measurement for waiting until other work ends.</param>
/// <param name="only">Substring of the names of the rows to measure; null for all.</param>
/// <param name="progress">Receives the name of each row before it is measured, and its result.</param>
internal sealed class Comparison(int rounds, int threads, TimeSpan patience, string? only, Action<string> progress)
{
    private const int Batch = 32;

    private readonly Measurement _measurement = new(rounds, threads, patience);
    private readonly List<ResultRow> _rows = [];
    private readonly string? _noTorch = TorchRunner.WhyNot();

    /// <summary>Names and versions of the rivals that were loaded.</summary>
    public Dictionary<string, string> Versions { get; } = [];

    public IReadOnlyList<ResultRow> Run()
    {
        Forward("forward, batch 32, tensorflow (LRN)", AlexNet.TensorFlow(), Batch, "≥ 5.0, AVX2 ≥ 4.2");
        Forward("forward, batch 32, torchvision (no LRN)", AlexNet.Torchvision(), Batch, "≥ 3.0, AVX2 ≥ 2.7");
        ForwardBackward("forward-backward, all gradients, batch 32", AlexNet.TensorFlow(), Batch, GradientScope.All, "≥ 5");
        ForwardBackward("forward-backward, convolution gradients, batch 32", AlexNet.TensorFlow(), Batch, GradientScope.Convolution, "≥ 4.0, aim 5");
        Forward("forward, batch 1, float32", AlexNet.TensorFlow(), 1, "≥ 2, AVX2 ≥ 1.5");
        Forward("forward, batch 1, bfloat16 fully connected weights", AlexNet.TensorFlow(), 1, "≥ 2.6, aim 3", Precision.BFloat16);
        Forward("forward, batch 1, int8 fully connected weights", AlexNet.TensorFlow(), 1, "≥ 4, AVX2 ≥ 3", Precision.Int8);
        FineTune();
        Network vgg16 = NetworkCatalog.Get("vgg16").Build();
        foreach (int batch in new[] { 1, 8 })
            Forward(FormattableString.Invariant($"vgg16: forward, batch {batch}"), vgg16, batch, "≥ 2.5, AVX2 ≥ 2.2");
        ForwardBackward("vgg16: forward-backward, all gradients, batch 8", vgg16, 8, GradientScope.All, "≥ 3.5, AVX2 ≥ 3.2");
        foreach (string name in new[] { "vgg11", "overfeat" })
            ForwardBackward($"{name}: forward-backward, all gradients, batch 32", NetworkCatalog.Get(name).Build(), Batch, GradientScope.All, "≥ 3.5, AVX2 ≥ 3.2");
        BatchSizes();
        OneThread();
        Tier();
        StartUp();
        Memory("peak memory, forward, batch 32", "memory-forward-ours", "memory-forward-onnx", "ONNX Runtime", "≤ 0.5 GB, aim 0.4");
        if (_noTorch is null)
            Memory("peak memory, forward-backward, batch 32", "memory-training-ours", "memory-training-torch", "libtorch", "≤ 1.1 GB, aim 0.9");
        return _rows;
    }

    /// <summary>Returns whether a row is selected, and reports its start.</summary>
    private bool Begins(string what)
    {
        bool asked = only is null || what.Contains(only, StringComparison.OrdinalIgnoreCase);
        if (asked)
            progress(what);
        return asked;
    }

    /// <summary>Stores a row and reports it immediately, because a comparison takes half an hour.</summary>
    private void Report(ResultRow row)
    {
        _rows.Add(row);
        progress(FormattableString.Invariant($"    {row.Ours:0.##} {row.Unit} against {row.Rival:0.##} ({row.RivalName}): {row.Ratio:0.00}"));
    }

    private void Forward(string what, Network network, int batch, string target, Precision precision = Precision.Float32)
    {
        if (!Begins(what))
            return;
        // For random weights; trained ones lose less (docs/models.md).
        double bound = precision switch { Precision.BFloat16 => 1e-2, Precision.Int8 => 5e-2, _ => 1e-4 };
        using var workload = new Workload(network, batch);
        using var ours = new OurRunner(workload, new RunnerOptions(threads, Precision: precision));
        using var onnx = new OnnxRunner(workload, new RunnerOptions(threads));
        Note(onnx);
        ours.Forward();
        onnx.Forward();
        double error = Agreement.Check(what, ours.Logits(), onnx.Logits(), bound);
        Add(what, _measurement.SideBySide(ours.Forward, onnx.Forward), onnx.Name, target, Logits(error));
        if (_noTorch is not null)
            return;
        using var torch = new TorchRunner(workload, new RunnerOptions(threads));
        Note(torch);
        torch.Forward();
        error = Agreement.Check(what, ours.Logits(), torch.Logits(), bound);
        Add(what, _measurement.SideBySide(ours.Forward, torch.Forward), torch.Name, "", Logits(error));
    }

    private void ForwardBackward(string what, Network network, int batch, GradientScope scope, string target)
    {
        if (!Begins(what))
            return;
        if (_noTorch is not null)
        {
            Report(new ResultRow(what, null, null, "libtorch", "ms", null, target, $"libtorch cannot be loaded here: {_noTorch}"));
            return;
        }
        using var workload = new Workload(network, batch);
        string agreement;
        // Dropout masks differ between programs, so outputs and gradients are compared without dropout.
        using (var ours = new OurRunner(workload, new RunnerOptions(threads, Dropout: false, scope)))
        using (var torch = new TorchRunner(workload, new RunnerOptions(threads, Dropout: false, scope)))
        {
            ours.ForwardBackward();
            torch.ForwardBackward();
            double logits = Agreement.Check(what, ours.Logits(), torch.Logits(), 1e-4), gradients = 0;
            // Float32 against float32 over millions of activations: rounding flips a few ReLUs and maxima near the kink, and each flip is a
            // jump in the gradient. The tests compare gradients with float64 much more strictly.
            // Matrices are laid out differently in each program; kernels and biases are compared.
            ParameterSpec[] learning = [.. scope.In(network).Where(spec => spec.Role != ParameterRole.LinearWeight)];
            foreach (string name in new[] { learning[0].Name, learning[learning.Length / 2].Name, learning[^1].Name })
                gradients = Math.Max(gradients, Agreement.Check($"{what}: gradient of {name}", ours.Gradient(name), torch.Gradient(name), 1e-2));
            agreement = FormattableString.Invariant(
                $"logits agree to {logits:0.0e-0}, gradients to {gradients:0.0e-0} (where a ReLU or a maximum falls to the other side by rounding, the gradient jumps)");
        }
        var options = new RunnerOptions(threads, Dropout: true, scope);
        using var timed = new OurRunner(workload, options);
        using var rival = new TorchRunner(workload, options);
        Note(rival);
        Add(what, _measurement.SideBySide(timed.ForwardBackward, rival.ForwardBackward), rival.Name, target, agreement);
    }

    private void FineTune()
    {
        ForwardBackward("step with frozen convolutions, torchvision, batch 32", AlexNet.Torchvision(), Batch, GradientScope.Of("fc*"), "≥ 3");
        if (_noTorch is not null || !Begins(FineTuning.Description))
            return;
        using var tuning = new FineTuning(threads);
        Note(tuning.Name);
        double error = Agreement.Check(FineTuning.Description, tuning.Ours(), tuning.Torch(), 1e-3);
        Timing[] t = _measurement.SideBySide(1, () => tuning.Ours(), () => tuning.Torch());
        Add(FineTuning.Description, t, tuning.Name, "≥ 3", FormattableString.Invariant($"weights of the layer agree to {error:0.0e-0}"));
    }

    private void BatchSizes()
    {
        foreach (int batch in new[] { 128, 256 })
        {
            string what = FormattableString.Invariant($"time per image, forward, batch {batch} against 32");
            if (!Begins(what))
                continue;
            using var small = new Workload(AlexNet.TensorFlow(), Batch);
            using var large = new Workload(AlexNet.TensorFlow(), batch);
            using var oursSmall = new OurRunner(small, new RunnerOptions(threads));
            using var oursLarge = new OurRunner(large, new RunnerOptions(threads));
            Timing[] t = _measurement.SideBySide(oursLarge.Forward, oursSmall.Forward);
            (double a, double b) = (t[0].Median * 1e3 / batch, t[1].Median * 1e3 / Batch);
            Report(new ResultRow(what, a, b, "AlexNetSharp, batch 32", "ms", a / b, "≤ 1.05", Spread(t)));
        }
    }

    private void OneThread()
    {
        const string what = "forward-backward, two threads against one";
        if (!Begins(what))
            return;
        using var workload = new Workload(AlexNet.TensorFlow(), Batch);
        using var one = new OurRunner(workload, Children.Training(1));
        using var two = new OurRunner(workload, Children.Training(2));
        Timing[] t = _measurement.SideBySide(two.ForwardBackward, one.ForwardBackward);
        Report(new ResultRow(
            what, t[0].Median * 1e3, t[1].Median * 1e3, "AlexNetSharp, one thread", "ms", t[1].Median / t[0].Median, "≥ 1.85", Spread(t)));
    }

    private void Tier()
    {
        const string what = "forward-backward, AVX2 tier against AVX-512";
        if (!Vector512.IsHardwareAccelerated || !Begins(what))
            return;
        var narrow = new List<double>();
        var wide = new List<double>();
        for (int round = 0; round < rounds; round++)
        {
            narrow.Add(Children.Run("step", threads, withoutAvx512: true).Value);
            wide.Add(Children.Run("step", threads).Value);
        }
        (double a, double b) = (Timing.Of(narrow).Median, Timing.Of(wide).Median);
        Report(new ResultRow(what, a * 1e3, b * 1e3, "AlexNetSharp, AVX-512", "ms", b / a, "≥ 0.85", "ratio of speeds; DOTNET_EnableAVX512=0"));
    }

    private void StartUp()
    {
        const string what = "process start to first logits, batch 1";
        if (!Begins(what))
            return;
        var seconds = Enumerable.Range(0, 7).Select(_ => Children.Run("first-logits", threads).Seconds).ToList();
        double median = Timing.Of(seconds).Median;
        Report(new ResultRow(what, median, null, "–", "s", null, "≤ 0.8 s, aim 0.4", "seconds, random weights included; median of 7"));
    }

    private void Memory(string what, string ours, string rivals, string rival, string target)
    {
        if (!Begins(what))
            return;
        double a = Children.Run(ours, threads).Value, b = Children.Run(rivals, threads).Value;
        Report(new ResultRow(what, a, b, rival, "GB", b / a, target, "peak resident memory of a process that does nothing else"));
    }

    private void Add(string what, Timing[] t, string rival, string target, string agreement) => Report(new ResultRow(
        what, t[0].Median * 1e3, t[1].Median * 1e3, rival, "ms", t[1].Median / t[0].Median, target,
        $"{Spread(t)}; {agreement}"));

    private static string Logits(double error) => FormattableString.Invariant($"logits agree to {error:0.0e-0}");

    private static string Spread(Timing[] t) => FormattableString.Invariant(
        $"ours {t[0].Min * 1e3:0.0}–{t[0].Max * 1e3:0.0} ms in {t[0].Calls} calls, the other {t[1].Min * 1e3:0.0}–{t[1].Max * 1e3:0.0} ms in {t[1].Calls}{(t[0].Noise.Length > 0 ? "; " + t[0].Noise : "")}");

    private void Note(IRunner runner) => Note(runner.Name);

    private void Note(string name)
    {
        int space = name.LastIndexOf(' ');
        Versions[name[..space]] = name[(space + 1)..];
    }
}

using System.Diagnostics;
using System.Globalization;
using AlexNetSharp.Cli.Benchmarking;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Rivals;

/// <summary>Measurements that need their own process: peak memory, start-up, and a narrower vector tier.</summary>
internal static class Children
{
    /// <summary>Runs this program again with <c>--child name</c>.</summary>
    /// <returns>The number that it prints, and the time until then in seconds.</returns>
    public static (double Value, double Seconds) Run(string name, int threads, bool withoutAvx512 = false)
    {
        var info = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            ArgumentList = { "--child", name, "--threads", threads.ToString(CultureInfo.InvariantCulture) },
        };
        if (withoutAvx512)
            info.Environment["DOTNET_EnableAVX512"] = "0";
        long start = Stopwatch.GetTimestamp();
        using Process process = Process.Start(info) ?? throw new InvalidOperationException("the program cannot start itself");
        string? line = process.StandardOutput.ReadLine();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        process.WaitForExit();
        return process.ExitCode == 0 && double.TryParse(line, CultureInfo.InvariantCulture, out double value)
            ? (value, seconds)
            : throw new InvalidOperationException($"measuring '{name}' in a process of its own failed with exit code {process.ExitCode}");
    }

    /// <summary>Runs in the process started by <see cref="Run"/>; prints one number.</summary>
    public static void Measure(string name, int threads)
    {
        double value = name switch
        {
            "first-logits" => FirstLogits(threads),
            "memory-forward-ours" => PeakMemory(w => new OurRunner(w, new RunnerOptions(threads)), 32),
            "memory-forward-onnx" => PeakMemory(w => new OnnxRunner(w, new RunnerOptions(threads)), 32),
            "memory-training-ours" => PeakMemory(w => new OurRunner(w, Training(threads)), 32),
            "memory-training-torch" => PeakMemory(w => new TorchRunner(w, Training(threads)), 32),
            "step" => StepTime(threads),
            _ => throw new ArgumentException($"unknown measurement '{name}'"),
        };
        Console.WriteLine(value.ToString("R", CultureInfo.InvariantCulture));
    }

    public static RunnerOptions Training(int threads) => new(threads, Dropout: true, GradientScope.All);

    private static double FirstLogits(int threads)
    {
        Network network = AlexNet.TensorFlow();
        using ParameterSet parameters = ParameterSet.Initialize(network, Workload.Seed);
        using var plan = new Plan(network, parameters, new PlanOptions { Threads = threads });
        for (int i = 0; i < plan.Input.Length; i++)
            plan.Input[i] = i % 255 / 255f - 0.5f;
        plan.Forward();
        return plan.Output[0];
    }

    private static double PeakMemory(Func<Workload, IRunner> make, int batch)
    {
        using var workload = new Workload(AlexNet.TensorFlow(), batch);
        using IRunner runner = make(workload);
        for (int i = 0; i < 3; i++)
        {
            if (runner is ITrainingRunner training && runner is not OurRunner { IsInference: true })
                training.ForwardBackward();
            else
                runner.Forward();
        }
        return Machine.PeakMemoryBytes / 1e9;
    }

    private static double StepTime(int threads)
    {
        using var workload = new Workload(AlexNet.TensorFlow(), 32);
        using var ours = new OurRunner(workload, Training(threads));
        return new Measurement(rounds: 3, threads, patience: default).SideBySide(ours.ForwardBackward)[0].Median;
    }
}

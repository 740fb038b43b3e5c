using System.Globalization;

namespace AlexNetSharp.Serving;

/// <summary>Settings of the ONNX Runtime service.</summary>
/// <param name="Threads">Number of threads per run.</param>
/// <param name="Runs">Number of concurrent runs.</param>
/// <param name="Batch">Maximum number of images per run, taken from those waiting when it starts.</param>
/// <param name="Spins">Whether the threads of a run spin while waiting for work, as they do by default.</param>
internal sealed record OnnxSettings(int Threads, int Runs, int Batch, bool Spins)
{
    /// <summary>The settings to try: all CPUs in one run, or one run per CPU; one image per run, or all waiting ones; with or without spinning where it matters.</summary>
    public static IReadOnlyList<OnnxSettings> Tried(int processors) =>
    [
        .. from batch in new[] { 1, 8 }
           from settings in new[]
           {
               new OnnxSettings(processors, 1, batch, Spins: true),
               new OnnxSettings(processors, 1, batch, Spins: false),
               new OnnxSettings(1, processors, batch, Spins: false),
           }
           select settings,
    ];

    /// <summary>Formats the settings as a program argument.</summary>
    public string ToArgument() => FormattableString.Invariant($"{Threads},{Runs},{Batch},{(Spins ? 1 : 0)}");

    /// <summary>Parses the output of <see cref="ToArgument"/>.</summary>
    public static OnnxSettings Parse(string argument)
    {
        int[] numbers = [.. argument.Split(',').Select(part => int.Parse(part, CultureInfo.InvariantCulture))];
        return new OnnxSettings(numbers[0], numbers[1], numbers[2], numbers[3] != 0);
    }

    /// <summary>Describes the settings for the report.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{(Runs == 1 ? "one run at a time" : $"{Runs} runs side by side")}, {Threads} {(Threads == 1 ? "thread" : $"threads{(Spins ? " that spin" : "")}")}, {(Batch == 1 ? "one image per run" : $"up to {Batch} images per run")}");
}

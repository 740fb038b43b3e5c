using System.Globalization;

namespace AlexNetSharp.Serving;

/// <summary>How ONNX Runtime serves.</summary>
/// <param name="Threads">Threads of a run.</param>
/// <param name="Runs">Runs side by side.</param>
/// <param name="Batch">Images of a run at most: those that wait when it begins.</param>
/// <param name="Spins">Whether threads of a run wait for work by spinning, as they do unless told otherwise.</param>
internal sealed record OnnxSettings(int Threads, int Runs, int Batch, bool Spins)
{
    /// <summary>What is tried: all processors in one run, or a run for each; one image a run or what waits; spinning or not where that makes a difference.</summary>
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

    /// <summary>As an argument of the program.</summary>
    public string ToArgument() => FormattableString.Invariant($"{Threads},{Runs},{Batch},{(Spins ? 1 : 0)}");

    /// <summary>The inverse of <see cref="ToArgument"/>.</summary>
    public static OnnxSettings Parse(string argument)
    {
        int[] numbers = [.. argument.Split(',').Select(part => int.Parse(part, CultureInfo.InvariantCulture))];
        return new OnnxSettings(numbers[0], numbers[1], numbers[2], numbers[3] != 0);
    }

    /// <summary>For humans.</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{(Runs == 1 ? "one run at a time" : $"{Runs} runs side by side")}, {Threads} {(Threads == 1 ? "thread" : $"threads{(Spins ? " that spin" : "")}")}, {(Batch == 1 ? "one image a run" : $"up to {Batch} images a run")}");
}

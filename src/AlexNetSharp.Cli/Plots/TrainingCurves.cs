using AlexNetSharp.Training;
using SkiaSharp;

namespace AlexNetSharp.Cli.Plots;

/// <summary>The image <c>curves.png</c>: loss on the left, top-1 error on the right, over the epochs.</summary>
internal static class TrainingCurves
{
    private const int Width = 1000, Height = 400;

    /// <summary>Draws the curves as a PNG.</summary>
    public static byte[] ToPng(IReadOnlyList<EpochMetrics> history)
    {
        var loss = new LineChart("Loss", "epoch", Pair(history, tally => tally.Loss), XAxis.Whole);
        var error = new LineChart("Top-1 error (%)", "epoch", Pair(history, tally => 100 * (1 - tally.Top1)), XAxis.Whole);
        return PlotStyle.ToPng(Width, Height, canvas =>
        {
            loss.Draw(canvas, new SKRect(0, 0, Width / 2, Height));
            error.Draw(canvas, new SKRect(Width / 2, 0, Width, Height));
        }, scale: 2);
    }

    private static Curve[] Pair(IReadOnlyList<EpochMetrics> history, Func<Tally, double> value)
    {
        var training = new Curve("training", [.. history.Select(e => ((double)e.Epoch, value(e.Training)))]);
        return history.Any(e => e.Validation is not null)
            ? [training, new Curve("validation", [.. history.Where(e => e.Validation is not null).Select(e => ((double)e.Epoch, value(e.Validation!.Value)))])]
            : [training];
    }
}

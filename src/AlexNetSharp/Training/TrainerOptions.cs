namespace AlexNetSharp.Training;

/// <summary>Options of a <see cref="Trainer"/>.</summary>
public sealed class TrainerOptions
{
    /// <summary>Epochs of the whole training.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>Epochs from one validation to the next, at least 1; the last epoch always has one.</summary>
    public int ValidationEpochs { get; init; } = 1;

    /// <summary>The learning rate at each step.</summary>
    public LearningRateSchedule Schedule { get; init; } = new ConstantRate(0.01);

    /// <summary>The norm of all gradients together is clipped to this value; 0 for no clipping.</summary>
    public double ClipNorm { get; init; }

    /// <summary>
    /// The training ends when the loss (that of the validation images, where there are any) has not improved for this many validations;
    /// 0 for never before the last epoch.
    /// </summary>
    public int Patience { get; init; }

    /// <summary>
    /// Factor on the loss of the images of each class, so that classes with few images count as much as others; null for 1. Reported training
    /// losses include it, validation losses do not.
    /// </summary>
    public IReadOnlyList<float>? ClassWeights { get; init; }

    /// <summary>Fraction of the target that is spread evenly over all classes (Szegedy et al. 2016, section 7), at least 0 and below 1.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>The training counts as diverged when the mean loss of an epoch so far exceeds this multiple of the first step's loss (or of ln(classes), if larger).</summary>
    internal double DivergenceFactor { get; init; } = 10;

    /// <summary>Factors for <see cref="ClassWeights"/> that make all classes count equally: images / (classes · images of the class).</summary>
    /// <param name="counts">Images of each class, at least 1.</param>
    public static IReadOnlyList<float> EqualClassWeights(IReadOnlyList<int> counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        double images = counts.Sum();
        return [.. counts.Select(count => (float)(images / ((double)counts.Count * count)))];
    }

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegative(Epochs);
        ArgumentOutOfRangeException.ThrowIfLessThan(ValidationEpochs, 1);
        ArgumentNullException.ThrowIfNull(Schedule);
        Schedule.Validate();
        ArgumentOutOfRangeException.ThrowIfNegative(ClipNorm);
        ArgumentOutOfRangeException.ThrowIfNegative(Patience);
        if (!(LabelSmoothing is >= 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(LabelSmoothing), LabelSmoothing, "label smoothing must be at least 0 and below 1");
        ArgumentOutOfRangeException.ThrowIfLessThan(DivergenceFactor, 1);
    }
}

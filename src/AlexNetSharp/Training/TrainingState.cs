namespace AlexNetSharp.Training;

/// <summary>Where a training stands, between two steps: with the parameters and the optimizer's state all that it needs to go on.</summary>
/// <remarks>Random numbers have no state of their own: they are functions of seed, epoch and step.</remarks>
internal sealed record TrainingState
{
    /// <summary>Finished epochs.</summary>
    public int Epoch { get; init; }

    /// <summary>Steps done in the epoch that is not finished.</summary>
    public int StepInEpoch { get; init; }

    /// <summary>Steps done in all epochs.</summary>
    public long Step { get; init; }

    /// <summary>Loss of the very first step.</summary>
    public double FirstLoss { get; init; } = double.NaN;

    /// <summary>Loss and hits in the epoch that is not finished.</summary>
    public Tally Running { get; init; }

    /// <summary>Seconds spent in the epoch that is not finished.</summary>
    public double RunningSeconds { get; init; }

    /// <summary>The results of the finished epochs.</summary>
    public IReadOnlyList<EpochMetrics> History { get; init; } = [];

    /// <summary>What cannot be about this state, whatever training it belongs to; null if nothing.</summary>
    internal string? Contradiction
    {
        get
        {
            // A file that does not have it leaves null, whatever is declared.
            if (History is null)
                return "the training's history is missing";
            for (int i = 0; i < History.Count; i++)
                if (History[i]?.Epoch != i + 1)
                    return FormattableString.Invariant($"entry {i} of the training's history is not about epoch {i + 1}");
            return Epoch == History.Count && StepInEpoch >= 0 && Step >= StepInEpoch ? null : FormattableString.Invariant(
                $"the state of the training contradicts itself: {Epoch} epochs with {History.Count} in the history, {Step} steps with {StepInEpoch} in the epoch");
        }
    }
}

/// <summary>What an epoch brought.</summary>
/// <param name="Epoch">Number of the epoch, from 1.</param>
/// <param name="Step">Steps done since the training began.</param>
/// <param name="LearningRate">Learning rate of its last step.</param>
/// <param name="Training">Loss and hits of the training images, each measured at its step, before that step's update.</param>
/// <param name="Validation">Loss and hits of the validation images after the epoch; null for an epoch without validation.</param>
/// <param name="Seconds">Wall time, validation included.</param>
/// <param name="ImagesPerSecond">Training images a second, without validation.</param>
public sealed record EpochMetrics(
    int Epoch, long Step, double LearningRate, Tally Training, Tally? Validation, double Seconds, double ImagesPerSecond)
{
    /// <summary>The loss that schedules look at: validation, or training where there is no validation.</summary>
    public double DecisiveLoss => (Validation ?? Training).Loss;

    /// <summary>Whether this epoch is better than another: a higher top-1 accuracy, or the same with a lower loss.</summary>
    /// <param name="other">The other epoch; null for none.</param>
    public bool IsBetterThan(EpochMetrics? other) =>
        other is null || DecisiveTop1 > other.DecisiveTop1 || (DecisiveTop1 == other.DecisiveTop1 && DecisiveLoss < other.DecisiveLoss);

    /// <summary>The top-1 accuracy by which the best epoch is chosen: validation, or training where there is no validation.</summary>
    public double DecisiveTop1 => (Validation ?? Training).Top1;
}

/// <summary>What a step brought.</summary>
/// <param name="Epoch">Number of the epoch, from 1.</param>
/// <param name="StepInEpoch">Steps done in the epoch, this one included.</param>
/// <param name="StepsPerEpoch">Steps of an epoch.</param>
/// <param name="Step">Steps done since the training began, this one included.</param>
/// <param name="LearningRate">Learning rate of the step.</param>
/// <param name="Batch">Loss and hits of its batch, before the update.</param>
/// <param name="Running">Loss and hits of the epoch so far.</param>
public readonly record struct StepMetrics(
    int Epoch, int StepInEpoch, int StepsPerEpoch, long Step, double LearningRate, Tally Batch, Tally Running);

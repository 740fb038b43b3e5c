using System.Text.Json.Serialization;

namespace AlexNetSharp.Training;

/// <summary>Where a training stands, between two steps: with the parameters and the optimizer's state all that it needs to go on.</summary>
/// <remarks>Random numbers have no state of their own: they are functions of seed, epoch and step.</remarks>
internal sealed record TrainingState
{
    /// <summary>Finished epochs.</summary>
    public int Epoch { get; init; }

    /// <summary>Steps done in the unfinished epoch.</summary>
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

/// <summary>Results of an epoch.</summary>
public sealed class EpochMetrics
{
    [JsonConstructor]
    internal EpochMetrics(int epoch, long step, double learningRate, Tally training, Tally? validation, double seconds, double imagesPerSecond) =>
        (Epoch, Step, LearningRate, Training, Validation, Seconds, ImagesPerSecond) = (epoch, step, learningRate, training, validation, seconds, imagesPerSecond);

    /// <summary>Number of the epoch, from 1.</summary>
    public int Epoch { get; }

    /// <summary>Steps done since the training began.</summary>
    public long Step { get; }

    /// <summary>Learning rate of its last step.</summary>
    public double LearningRate { get; }

    /// <summary>Loss and hits of the training images, each measured at its step, before that step's update.</summary>
    public Tally Training { get; }

    /// <summary>Loss and hits of the validation images after the epoch; null for an epoch without validation.</summary>
    public Tally? Validation { get; }

    /// <summary>Wall time, validation included.</summary>
    public double Seconds { get; }

    /// <summary>Training images per second, without validation.</summary>
    public double ImagesPerSecond { get; }

    /// <summary>The loss that schedules use: that of validation, or of training if there is no validation.</summary>
    internal double DecisiveLoss => (Validation ?? Training).Loss;

    /// <summary>Whether this epoch is better than another: a higher top-1 accuracy, or the same with a lower loss.</summary>
    /// <param name="other">The other epoch; null for none.</param>
    public bool IsBetterThan(EpochMetrics? other) =>
        other is null || DecisiveTop1 > other.DecisiveTop1 || (DecisiveTop1 == other.DecisiveTop1 && DecisiveLoss < other.DecisiveLoss);

    /// <summary>The top-1 accuracy by which the best epoch is chosen: that of validation, or of training if there is no validation.</summary>
    public double DecisiveTop1 => (Validation ?? Training).Top1;
}

/// <summary>Results of a step.</summary>
public readonly struct StepMetrics
{
    internal StepMetrics(int epoch, int stepInEpoch, int stepsPerEpoch, long step, double learningRate, Tally batch, Tally running) =>
        (Epoch, StepInEpoch, StepsPerEpoch, Step, LearningRate, Batch, Running) = (epoch, stepInEpoch, stepsPerEpoch, step, learningRate, batch, running);

    /// <summary>Number of the epoch, from 1.</summary>
    public int Epoch { get; }

    /// <summary>Steps done in the epoch, this one included.</summary>
    public int StepInEpoch { get; }

    /// <summary>Steps per epoch.</summary>
    public int StepsPerEpoch { get; }

    /// <summary>Steps done since the training began, this one included.</summary>
    public long Step { get; }

    /// <summary>Learning rate of the step.</summary>
    public double LearningRate { get; }

    /// <summary>Loss and hits of its batch, before the update.</summary>
    public Tally Batch { get; }

    /// <summary>Loss and hits of the epoch so far.</summary>
    public Tally Running { get; }
}

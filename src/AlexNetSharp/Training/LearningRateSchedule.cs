namespace AlexNetSharp.Training;

/// <summary>
/// The learning rate as a function of the progress of a training. Schedules have no state, so a run that continues from a
/// checkpoint sees the same rates as one that never stopped.
/// </summary>
public abstract class LearningRateSchedule
{
    private protected LearningRateSchedule(double baseRate) => BaseRate = baseRate;

    /// <summary>The rate that the schedule starts from, after warm-up.</summary>
    internal double BaseRate { get; }

    /// <summary>Steps of <see cref="WithWarmup"/>; 0 for none.</summary>
    internal long WarmupSteps { get; private set; }

    /// <summary>The same schedule with a linear warm-up: step s of it, from 0, takes (s + 1) / <paramref name="steps"/> of the schedule's rate.</summary>
    /// <param name="steps">Steps of the warm-up; 0 for none.</param>
    public LearningRateSchedule WithWarmup(long steps)
    {
        var schedule = (LearningRateSchedule)MemberwiseClone();
        schedule.WarmupSteps = steps;
        return schedule;
    }

    /// <summary>A constant rate.</summary>
    /// <param name="rate">The rate.</param>
    public static LearningRateSchedule Constant(double rate) => new ConstantRate(rate);

    /// <summary>A rate that is multiplied by <paramref name="gamma"/> every <paramref name="epochs"/> epochs (PyTorch's <c>StepLR</c>).</summary>
    /// <param name="rate">The first rate.</param>
    /// <param name="epochs">Epochs from one drop to the next, at least 1.</param>
    /// <param name="gamma">Factor of a drop.</param>
    public static LearningRateSchedule Step(double rate, int epochs, double gamma = 0.1) => new StepRate(rate, epochs, gamma);

    /// <summary>A rate that is multiplied by <paramref name="gamma"/> when each of the given epochs begins (PyTorch's <c>MultiStepLR</c>).</summary>
    /// <param name="rate">The first rate.</param>
    /// <param name="milestones">Epochs done at each drop: 120 and 130 for a run of 120, 10 and 10 epochs.</param>
    /// <param name="gamma">Factor of a drop.</param>
    public static LearningRateSchedule MultiStep(double rate, IReadOnlyList<int> milestones, double gamma = 0.1) => new MultiStepRate(rate, milestones, gamma);

    /// <summary>Half a cosine from <paramref name="rate"/> down to <paramref name="minimum"/>, step by step (Loshchilov and Hutter 2017, "SGDR", equation 5, without restarts).</summary>
    /// <param name="rate">The first rate.</param>
    /// <param name="epochs">Epochs of the whole training, at least 1.</param>
    /// <param name="minimum">The rate at the end.</param>
    public static LearningRateSchedule Cosine(double rate, int epochs, double minimum = 0) => new CosineRate(rate, epochs, minimum);

    /// <summary>A rate that is multiplied by <paramref name="gamma"/> when the loss has not improved (PyTorch's <c>ReduceLROnPlateau</c> with mode min and relative threshold).</summary>
    /// <param name="rate">The first rate.</param>
    /// <param name="patience">Number of validations without improvement before the rate drops.</param>
    /// <param name="gamma">Factor of a drop.</param>
    /// <param name="threshold">A loss counts as improved below (1 − threshold) times the best one.</param>
    public static LearningRateSchedule Plateau(double rate, int patience = 10, double gamma = 0.1, double threshold = 1e-4) => new PlateauRate(rate, patience, gamma, threshold);

    /// <summary>The rate of a step.</summary>
    /// <param name="step">Steps done since the training began.</param>
    /// <param name="epoch">Epochs done, with the fraction of the current one: 2.5 in the middle of the third.</param>
    /// <param name="losses">The loss after each epoch that was validated, oldest first; without validation images the training loss of every epoch.</param>
    internal double Rate(long step, double epoch, ReadOnlySpan<double> losses)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        double rate = BaseRate * Factor(epoch, losses);
        return step < WarmupSteps ? rate * (step + 1) / WarmupSteps : rate;
    }

    /// <summary>Rate / <see cref="BaseRate"/>, without warm-up; the parameters as for <see cref="Rate"/>.</summary>
    private protected abstract double Factor(double epoch, ReadOnlySpan<double> losses);

    /// <summary>Throws for settings that no training could use.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of its range; the message names it.</exception>
    internal virtual void Validate()
    {
        if (!(BaseRate >= 0) || !double.IsFinite(BaseRate))
            throw new ArgumentOutOfRangeException(nameof(BaseRate), BaseRate, "the learning rate must be a finite number, 0 or above");
        ArgumentOutOfRangeException.ThrowIfNegative(WarmupSteps);
    }
}

/// <summary>A constant rate.</summary>
/// <param name="baseRate">The rate.</param>
internal sealed class ConstantRate(double baseRate) : LearningRateSchedule(baseRate)
{
    /// <inheritdoc/>
    private protected override double Factor(double epoch, ReadOnlySpan<double> losses) => 1;
}

/// <summary>Multiplies the rate by <paramref name="gamma"/> every <paramref name="epochs"/> epochs.</summary>
/// <param name="baseRate">The first rate.</param>
/// <param name="epochs">Epochs from one drop to the next, at least 1.</param>
/// <param name="gamma">Factor of a drop.</param>
internal sealed class StepRate(double baseRate, int epochs, double gamma = 0.1) : LearningRateSchedule(baseRate)
{
    /// <summary>Epochs from one drop to the next, at least 1.</summary>
    public int Epochs { get; } = epochs;

    /// <summary>Factor of a drop.</summary>
    public double Gamma { get; } = gamma;

    /// <inheritdoc/>
    private protected override double Factor(double epoch, ReadOnlySpan<double> losses) => Math.Pow(Gamma, Math.Floor(epoch / Epochs));

    /// <inheritdoc/>
    internal override void Validate()
    {
        base.Validate();
        ArgumentOutOfRangeException.ThrowIfLessThan(Epochs, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Gamma);
    }
}

/// <summary>Multiplies the rate by <paramref name="gamma"/> when each of the given epochs begins.</summary>
/// <param name="baseRate">The first rate.</param>
/// <param name="milestones">Epochs done at each drop: 120 and 130 for a run of 120, 10 and 10 epochs.</param>
/// <param name="gamma">Factor of a drop.</param>
internal sealed class MultiStepRate(double baseRate, IReadOnlyList<int> milestones, double gamma = 0.1) : LearningRateSchedule(baseRate)
{
    /// <summary>Epochs done at each drop: 120 and 130 for a run of 120, 10 and 10 epochs.</summary>
    public IReadOnlyList<int> Milestones { get; } = milestones;

    /// <summary>Factor of a drop.</summary>
    public double Gamma { get; } = gamma;

    /// <inheritdoc/>
    private protected override double Factor(double epoch, ReadOnlySpan<double> losses)
    {
        int drops = 0;
        foreach (int milestone in Milestones)
            if (epoch >= milestone)
                drops++;
        return Math.Pow(Gamma, drops);
    }

    /// <inheritdoc/>
    internal override void Validate()
    {
        base.Validate();
        foreach (int milestone in Milestones)
            ArgumentOutOfRangeException.ThrowIfNegative(milestone, nameof(Milestones));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Gamma);
    }
}

/// <summary>
/// Half a cosine from the base rate down to <paramref name="minimumRate"/>, step by step (Loshchilov and Hutter 2017, "SGDR", equation 5,
/// without restarts).
/// </summary>
/// <param name="baseRate">The first rate.</param>
/// <param name="epochs">Epochs of the whole training, at least 1.</param>
/// <param name="minimumRate">The rate at the end.</param>
internal sealed class CosineRate(double baseRate, int epochs, double minimumRate = 0) : LearningRateSchedule(baseRate)
{
    /// <summary>Epochs of the whole training, at least 1.</summary>
    public int Epochs { get; } = epochs;

    /// <summary>The rate at the end.</summary>
    public double MinimumRate { get; } = minimumRate;

    /// <inheritdoc/>
    private protected override double Factor(double epoch, ReadOnlySpan<double> losses)
    {
        double minimum = BaseRate == 0 ? 0 : MinimumRate / BaseRate;
        return minimum + (1 - minimum) * (1 + Math.Cos(Math.PI * Math.Min(epoch / Epochs, 1))) / 2;
    }

    /// <inheritdoc/>
    internal override void Validate()
    {
        base.Validate();
        ArgumentOutOfRangeException.ThrowIfLessThan(Epochs, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(MinimumRate);
    }
}

/// <summary>
/// Multiplies the rate by <paramref name="gamma"/> when the loss has not improved for more than <paramref name="patience"/> epochs (validations)
/// (PyTorch's <c>ReduceLROnPlateau</c> with mode min and relative threshold).
/// </summary>
/// <param name="baseRate">The first rate.</param>
/// <param name="patience">Number of epochs without improvement before the rate drops.</param>
/// <param name="gamma">Factor of a drop.</param>
/// <param name="threshold">A loss counts as improved below (1 − threshold) times the best one.</param>
internal sealed class PlateauRate(double baseRate, int patience = 10, double gamma = 0.1, double threshold = 1e-4) : LearningRateSchedule(baseRate)
{
    /// <summary>Number of epochs without improvement before the rate drops.</summary>
    public int Patience { get; } = patience;

    /// <summary>Factor of a drop.</summary>
    public double Gamma { get; } = gamma;

    /// <summary>A loss counts as improved below (1 − threshold) times the best one.</summary>
    public double Threshold { get; } = threshold;

    /// <inheritdoc/>
    private protected override double Factor(double epoch, ReadOnlySpan<double> losses)
    {
        double best = double.PositiveInfinity, factor = 1;
        int bad = 0;
        foreach (double loss in losses)
        {
            if (loss < best * (1 - Threshold))
            {
                best = loss;
                bad = 0;
            }
            else if (++bad > Patience)
            {
                factor *= Gamma;
                bad = 0;
            }
        }
        return factor;
    }

    /// <inheritdoc/>
    internal override void Validate()
    {
        base.Validate();
        ArgumentOutOfRangeException.ThrowIfNegative(Patience);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Gamma);
        ArgumentOutOfRangeException.ThrowIfNegative(Threshold);
    }
}

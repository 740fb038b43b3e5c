using System.Globalization;

namespace AlexNetSharp.Training;

// When a training is given up because its numbers run away.
public sealed unsafe partial class Trainer
{
    private void CheckLoss(double loss, double rate)
    {
        if (!double.IsFinite(loss))
            throw Diverged(string.Create(CultureInfo.InvariantCulture, $"the loss is {loss}"), rate);
        if (Step == 0)
            FirstLoss = loss;
        double bound = Options.DivergenceFactor * Math.Max(FirstLoss, Math.Log(Network.OutputShape.Length));
        // A single bad batch is no divergence: look at the mean over at least a few steps.
        if (StepInEpoch >= 10 && Running.Loss > bound)
            throw Diverged(string.Create(CultureInfo.InvariantCulture, $"the loss rose from {FirstLoss:0.###} to {Running.Loss:0.###}"), rate);
    }

    private TrainingDivergedException Diverged(string what, double rate) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"training diverged at step {Step + 1} (epoch {_history.Count + 1}): {what} at learning rate {rate:g4}; use a smaller learning rate, warm-up, gradient clipping or other initial values"));

    /// <summary>Throws if a weight is infinite or NaN, so that such weights never replace a good checkpoint.</summary>
    /// <exception cref="TrainingDivergedException">One is.</exception>
    internal void RequireFiniteWeights()
    {
        if (!double.IsFinite(Norm(Parameters)))
            throw Diverged("the weights are not finite", LastRate());
    }
}

using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Training;

public sealed class LearningRateScheduleTests
{
    [Fact]
    public void ConstantRateStays() => Assert.Equal(0.1, new ConstantRate(0.1).Rate(1_000_000, 37.5, []));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(9.999, 1)]
    [InlineData(10, 0.5)]
    [InlineData(39.5, 0.125)]
    public void StepDropsEverySoManyEpochs(double epoch, double factor) =>
        Assert.Equal(0.2 * factor, new StepRate(0.2, epochs: 10, gamma: 0.5).Rate(100, epoch, []), 1e-15);

    [Theory]
    [InlineData(0, 0.001)]
    [InlineData(119.99, 0.001)]
    [InlineData(120, 0.0001)]
    [InlineData(130, 0.00001)]
    [InlineData(139.99, 0.00001)]
    public void MultiStepDropsAtItsMilestones(double epoch, double rate) =>
        Assert.Equal(rate, new MultiStepRate(0.001, [120, 130]).Rate(100, epoch, []), 1e-15);

    [Theory]
    [InlineData(0, 0.1)]
    [InlineData(5, 0.055)]
    [InlineData(2.5, 0.01 + 0.09 * (1 + 0.70710678118654752) / 2)]
    [InlineData(10, 0.01)]
    [InlineData(12, 0.01)]
    public void CosineFallsFromTheBaseToTheMinimum(double epoch, double rate) =>
        Assert.Equal(rate, new CosineRate(0.1, epochs: 10, minimumRate: 0.01).Rate(100, epoch, []), 1e-12);

    [Fact]
    public void PlateauDropsAfterMoreThanPatienceEpochsWithoutImprovement()
    {
        var schedule = new PlateauRate(1, patience: 2, gamma: 0.5, threshold: 0.01);
        Assert.Equal(1, schedule.Rate(0, 0, []));
        Assert.Equal(1, schedule.Rate(0, 3, [3, 2, 1]));
        Assert.Equal(1, schedule.Rate(0, 3, [1, 1, 1]));
        Assert.Equal(0.5, schedule.Rate(0, 4, [1, 1, 1, 1]));
        // 0.995 is within the threshold of the best and so no improvement.
        Assert.Equal(0.5, schedule.Rate(0, 4, [1, 1.2, 0.995, 0.992]));
        Assert.Equal(1, schedule.Rate(0, 4, [1, 1.2, 0.9, 1.1]));
        Assert.Equal(0.25, schedule.Rate(0, 7, [1, 1, 1, 1, 1, 1, 1]));
    }

    [Theory]
    [InlineData(0, 0.025)]
    [InlineData(1, 0.05)]
    [InlineData(3, 0.1)]
    [InlineData(4, 0.1)]
    public void WarmUpRisesLinearly(long step, double rate) =>
        Assert.Equal(rate, new ConstantRate(0.1).WithWarmup(4).Rate(step, 0, []), 1e-15);

    [Fact]
    public void SettingsOutOfRangeAreRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConstantRate(double.NaN).Validate());
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConstantRate(-0.1).Validate());
        Assert.Throws<ArgumentOutOfRangeException>(() => new StepRate(0.1, 0).Validate());
        Assert.Throws<ArgumentOutOfRangeException>(() => new MultiStepRate(0.1, [-1]).Validate());
        Assert.Throws<ArgumentOutOfRangeException>(() => new CosineRate(0.1, 0).Validate());
        Assert.Throws<ArgumentOutOfRangeException>(() => new PlateauRate(0.1, -1).Validate());
        Assert.Throws<ArgumentOutOfRangeException>(() => new ConstantRate(0.1).WithWarmup(-1).Validate());
    }
}

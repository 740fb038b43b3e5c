using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Tests.Oracles;

namespace AlexNetSharp.Tests.Golden;

/// <summary>The narrow AlexNet, executed by a plan, against libtorch's values: logits, both losses, every gradient.</summary>
public class TinyAlexNetPlanTests
{
    private readonly GoldenTinyAlexNet _tiny = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CrossEntropy(bool precise)
    {
        Network network = GoldenTinyAlexNet.Network(reluAfterLogits: false);
        using ParameterSet parameters = _tiny.Parameters(network);
        using Plan plan = Forward(network, parameters, precise);
        Close("logits", _tiny.Values("logits"), plan.Output, Tolerances.GoldenOperation);
        OracleTensor logits = OracleTensor.From(plan.Output, 4, 1, 1, 10);
        (double loss, OracleTensor gradient) = OracleLoss.CrossEntropy(logits, _tiny.Labels);
        Compare.Close("loss", _tiny.Values("cross_entropy"), [loss], Tolerances.GoldenOperation);
        CheckGradients("grad_ce", plan, gradient);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void L2(bool precise)
    {
        Network network = GoldenTinyAlexNet.Network(reluAfterLogits: true);
        using ParameterSet parameters = _tiny.Parameters(network);
        using Plan plan = Forward(network, parameters, precise);
        Close("fc8_relu", _tiny.Values("fc8_relu"), plan.Output, Tolerances.GoldenOperation);
        (double loss, OracleTensor gradient) = OracleLoss.L2(OracleTensor.From(plan.Output, 4, 1, 1, 10));
        Compare.Close("loss", _tiny.Values("l2_loss"), [loss], Tolerances.GoldenOperation);
        CheckGradients("grad_l2", plan, gradient);
    }

    private Plan Forward(Network network, ParameterSet parameters, bool precise)
    {
        var plan = new Plan(
            network, parameters, new PlanOptions { BatchSize = 4, Gradients = GradientScope.All, InputGradient = true, Precise = precise });
        _tiny.Images.ToFloats().CopyTo(plan.Input);
        plan.Forward();
        return plan;
    }

    private void CheckGradients(string prefix, Plan plan, OracleTensor gradOutput)
    {
        gradOutput.ToFloats().CopyTo(plan.OutputGradient);
        plan.Backward();
        Close($"{prefix}/x", _tiny.ImageGradient(prefix), plan.InputGradient, Tolerances.GoldenNetwork);
        Assert.Equal(16, plan.Gradients!.Parameters.Count);
        foreach (Parameter p in plan.Gradients.Parameters)
            Close($"{prefix}/{p.Name}", _tiny.Parameter(prefix, p.Name), OracleFromNetwork.ReadFloats(p), Tolerances.GoldenNetwork);
    }

    private static void Close(string what, double[] expected, ReadOnlySpan<float> actual, double bound) =>
        Compare.Close(what, expected, actual, bound);
}

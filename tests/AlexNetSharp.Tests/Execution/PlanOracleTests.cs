using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Tests.Oracles;

namespace AlexNetSharp.Tests.Execution;

/// <summary>Whole networks, forward and backward, against the float64 oracle.</summary>
public class PlanOracleTests
{
    public static TheoryData<string> Networks => TinyNetworks.Names;

    public static TheoryData<string> NetworksWithConvolutions => [.. Networks.Select(row => row.Data).Where(name => name != "only linear")];

    [Theory, MemberData(nameof(Networks))]
    public void AllGradientsAgree(string name) => Check(name, new PlanOptions { BatchSize = 3, Gradients = GradientScope.All, InputGradient = true });

    [Theory, MemberData(nameof(Networks))]
    public void PreciseAlgorithmsAgree(string name) =>
        Check(name, new PlanOptions { BatchSize = 2, Gradients = GradientScope.All, InputGradient = true, Precise = true });

    [Theory, MemberData(nameof(Networks))]
    public void AllGradientsAgreeWhenActivationsAreKept(string name) =>
        Check(name, new PlanOptions { BatchSize = 2, Gradients = GradientScope.All, InputGradient = true, KeepActivations = true });

    [Theory, MemberData(nameof(Networks))]
    public void AllGradientsAgreeWithoutTheInputs(string name) => Check(name, new PlanOptions { BatchSize = 2, Gradients = GradientScope.All });

    [Theory, MemberData(nameof(NetworksWithConvolutions))]
    public void GradientsOfConvolutionsAgree(string name) => Check(name, new PlanOptions { BatchSize = 2, Gradients = GradientScope.Convolution });

    [Theory, MemberData(nameof(Networks))]
    public void TheInputsGradientAloneAgrees(string name) => Check(name, new PlanOptions { BatchSize = 1, InputGradient = true });

    [Theory, MemberData(nameof(Networks))]
    public void ForwardAgrees(string name) => Check(name, new PlanOptions { BatchSize = 4, Threads = 3 });

    [Theory, MemberData(nameof(Networks))]
    public void TrainingAgreesWithTheMasksThatDropoutDrew(string name) =>
        Check(name, new PlanOptions { BatchSize = 3, Gradients = GradientScope.All, InputGradient = true, KeepActivations = true, Seed = 5 }, training: true);

    private static void Check(string name, PlanOptions options, bool training = false)
    {
        Network network = TinyNetworks.Create(name);
        using ParameterSet parameters = TinyNetworks.Parameters(network);
        using var plan = new Plan(network, parameters, options);
        TinyNetworks.Fill(plan.Input, seed: 2);
        // A first step with other numbers leaves traces that a second one must not see.
        Step(plan, training: false, step: 0);
        TinyNetworks.Fill(plan.Input, seed: 3);
        float[] input = plan.Input.ToArray();
        plan.Forward(training, step: 1);

        // Dropped or negative before: for the oracle it is the same, because the gradient stops there either way.
        Func<string, bool[]>? kept = training ? layer => Array.ConvertAll(plan.Activation(layer).ToArray(), v => v != 0) : null;
        OracleNetwork oracle = OracleFromNetwork.Create(network, parameters, kept);
        Shape shape = network.InputShape;
        OracleTensor x = shape.IsVector
            ? OracleTensor.From(input, options.BatchSize, 1, 1, (int)shape.Length)
            : OracleTensor.From(input, options.BatchSize, shape.Height, shape.Width, shape.Channels);
        OracleTensor output = oracle.Forward(x);
        Compare.Close($"{name}: output", output.Data, plan.Output, Tolerances.SmallNetwork);
        Compare.SameBits($"{name}: the input, which is only read", input, plan.Input);
        if (!HasBackward(plan))
            return;

        OracleTensor gradOutput = output.ZerosLike();
        TinyNetworks.Fill(plan.OutputGradient, seed: 4);
        for (int i = 0; i < gradOutput.Data.Length; i++)
            gradOutput.Data[i] = plan.OutputGradient[i];
        OracleTensor gradInput = oracle.Backward(gradOutput);
        plan.Backward();
        if (options.InputGradient)
            Compare.Close($"{name}: gradient of the input", gradInput.Data, plan.InputGradient, Tolerances.SmallNetwork);
        foreach (OracleParameter p in oracle.Parameters)
        {
            if (plan.Gradients is null)
                continue;
            if (options.Gradients.In(network).Any(spec => spec.Name == p.Name))
                Compare.Close($"{name}: gradient of {p.Name}", p.Gradient, OracleFromNetwork.ReadFloats(plan.Gradients[p.Name]), Tolerances.SmallNetwork);
            else
                Assert.Throws<KeyNotFoundException>(() => plan.Gradients[p.Name]);
        }
    }

    private static void Step(Plan plan, bool training, ulong step)
    {
        plan.Forward(training, step);
        if (!HasBackward(plan))
            return;
        TinyNetworks.Fill(plan.OutputGradient, seed: 9);
        plan.Backward();
    }

    private static bool HasBackward(Plan plan) => plan.Options.InputGradient || plan.Gradients is not null;
}

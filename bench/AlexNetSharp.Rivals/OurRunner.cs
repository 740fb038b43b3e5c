using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Rivals;

/// <summary>Runs AlexNetSharp.</summary>
internal sealed class OurRunner : ITrainingRunner
{
    private readonly Workload _workload;
    private readonly RunnerOptions _options;
    private readonly Plan _plan;
    private ulong _step;

    public OurRunner(Workload workload, RunnerOptions options)
    {
        _workload = workload;
        _options = options;
        _plan = new Plan(workload.Network, workload.Parameters, new PlanOptions
        {
            BatchSize = workload.Batch,
            Threads = options.Threads,
            Gradients = options.Gradients,
            Precision = options.Precision,
        });
        workload.Images.CopyTo(_plan.Input);
    }

    public string Name => "AlexNetSharp";

    /// <summary>Whether no gradients are computed.</summary>
    public bool IsInference => _options.Gradients == GradientScope.None;

    public void Forward() => _plan.Forward(_options.Dropout, _step++);

    public float[] Logits() => _plan.Output.ToArray();

    public void ForwardBackward()
    {
        // As after an update: the weights are transformed again in every step.
        _workload.Parameters.MarkChanged();
        Forward();
        _plan.Output.CopyTo(_plan.OutputGradient);
        _plan.Backward();
    }

    public float[] Gradient(string parameter)
    {
        Parameter gradient = _plan.Gradients![parameter];
        return InTorchOrder(gradient);
    }

    public void Dispose() => _plan.Dispose();

    private static float[] InTorchOrder(Parameter gradient)
    {
        float[] dense = new float[gradient.Spec.Length];
        gradient.CopyTo(dense);
        if (gradient.Spec.Role != ParameterRole.ConvolutionWeight)
            return dense;
        IReadOnlyList<int> d = gradient.Spec.Dimensions;
        float[] result = new float[dense.Length];
        int kernel = d[0] * d[1];
        for (int k = 0; k < kernel; k++)
            for (int i = 0; i < d[2]; i++)
                for (int o = 0; o < d[3]; o++)
                    result[((long)o * d[2] + i) * kernel + k] = dense[((long)k * d[2] + i) * d[3] + o];
        return result;
    }
}

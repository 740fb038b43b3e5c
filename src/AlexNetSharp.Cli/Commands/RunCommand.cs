using System.CommandLine;
using System.Globalization;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Models;
using AlexNetSharp.Execution;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Commands;

/// <summary><c>alexnet run</c>: raw tensors in, raw tensors out, so that results can be compared with those of other programs.</summary>
internal sealed class RunCommand : CliCommand
{
    private enum Objective
    {
        L2,
        CrossEntropy,
    }

    private readonly ModelInput _model;
    private readonly Option<string?> _input = CommandOptions.RequiredPath("--input", "the images as a NumPy array [batch, height, width, channels]");
    private readonly Option<string?> _output = CommandOptions.RequiredPath("--output", "write the network's output (logits, before any softmax) as a NumPy array [batch, classes]");
    private readonly Option<string?> _gradients = CommandOptions.Path("--gradients", "write the gradients of all parameters as safetensors, named and laid out as in a model file");
    private readonly ChoiceOption<Objective> _objective = new(
        "--objective", "the loss to differentiate: half the sum of squares of the output, or the softmax cross-entropy averaged over the batch", null,
        ("l2", Objective.L2), ("cross-entropy", Objective.CrossEntropy));
    private readonly Option<string?> _labels = new("--labels") { Description = "the class of each image, counted from 0, for cross-entropy: 1,2,…", HelpName = "LIST" };
    private readonly Option<int> _threads = CommandOptions.Threads();

    public RunCommand()
        : base("run", "Run raw tensors through a network, without preprocessing or dropout; optionally compute gradients.")
    {
        _model = new ModelInput(this);
        foreach (Option option in (Option[])[_input, _output, _gradients, _objective, _labels, _threads])
            Add(option);
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Examples =>
    [
        "alexnet run model.safetensors --input x.npy --output y.npy",
        "alexnet run model.safetensors --input x.npy --output y.npy --gradients g.safetensors --objective cross-entropy --labels 3,1,4",
    ];

    /// <inheritdoc/>
    public override int Run(CommandContext context)
    {
        string? gradients = context.Get(_gradients);
        int[]? labels = Labels(context);
        OutputFile.CheckDifferent("--output", context.Get(_output), "--gradients", gradients);
        OutputFile.Check("--output", context.Get(_output));
        OutputFile.Check("--gradients", gradients);
        using Model model = _model.Load(context);
        string input = context.Get(_input)!;
        (float[] values, long[] shape) = Npy.Load(input);
        int batch = BatchOf(input, shape, model.Network);
        int classes = (int)model.Network.OutputShape.Length;
        CheckLabels(labels, batch, classes);

        using var plan = new Plan(model.Network, model.Parameters, new PlanOptions
        {
            BatchSize = batch,
            Threads = context.Get(_threads),
            Gradients = gradients is null ? GradientScope.None : GradientScope.All,
        });
        values.CopyTo(plan.Input);
        plan.Forward();
        Npy.Save(context.Get(_output)!, plan.Output, [batch, classes]);
        if (gradients is null)
            return ExitCode.Success;

        double loss = Loss(plan, labels, classes);
        plan.Backward();
        ModelFile.SaveParameters(gradients, plan.Gradients!);
        context.WriteLine(string.Create(CultureInfo.InvariantCulture, $"loss {loss:g9}"));
        return ExitCode.Success;
    }

    /// <summary>Computes the objective, and passes its gradient to the plan.</summary>
    private static double Loss(Plan plan, int[]? labels, int classes)
    {
        if (labels is null)
            return L2Loss.Compute(plan.Output, plan.OutputGradient);
        using var crossEntropy = new SoftmaxCrossEntropy(labels.Length, classes);
        return crossEntropy.Compute(plan.Output, labels, plan.OutputGradient);
    }

    /// <summary>Returns the labels for cross-entropy; null for the other objective.</summary>
    private int[]? Labels(CommandContext context)
    {
        bool crossEntropy = context.Get(_objective) == Objective.CrossEntropy;
        string? list = context.Get(_labels);
        if (context.Get(_gradients) is null && (context.Has(_objective) || list is not null))
            throw new UsageException("--objective and --labels are for gradients; add --gradients FILE");
        if (crossEntropy != (list is not null))
            throw new UsageException(crossEntropy
                ? "--objective cross-entropy needs the class of each image: --labels 1,2,…"
                : "--labels are for cross-entropy; add --objective cross-entropy");
        return list is null ? null : [.. list.Split(',').Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int label)
            ? label : throw new UsageException($"--labels must be whole numbers separated by commas, but has '{text}'"))];
    }

    private static void CheckLabels(int[]? labels, int batch, int classes)
    {
        if (labels is not null && labels.Length != batch)
            throw new UsageException(FormattableString.Invariant($"--labels has {labels.Length} labels for {batch} images"));
        foreach (int label in labels ?? [])
            if (label >= classes)
                throw new UsageException(FormattableString.Invariant($"--labels has {label}, but the network has the classes 0 to {classes - 1}"));
    }

    private static int BatchOf(string path, long[] shape, Network network)
    {
        Shape image = network.InputShape;
        if (shape is [> 0 and <= int.MaxValue, ..] && shape.AsSpan(1).SequenceEqual((long[])[image.Height, image.Width, image.Channels]))
            return (int)shape[0];
        throw new InvalidDataException(FormattableString.Invariant(
            $"{path}: the array has shape [{string.Join(", ", shape)}], but network '{network.Name}' takes [batch, {image.Height}, {image.Width}, {image.Channels}]"));
    }
}

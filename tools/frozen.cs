#:project ../src/AlexNetSharp/AlexNetSharp.csproj
#:property RestorePackagesWithLockFile=false
#:property PublishAot=false
// Compares the cost of a training step with frozen convolutions with the sum of its parts. Measures alternately, with the same threads:
//   everything   a step that trains all layers: forward, backward, SGD with momentum
//   frozen       a step that trains only the fully connected layers
//   front        inference of the layers before them, with the output copied to the input of the rest
//   head         a step of the fully connected layers alone, on activations in memory
// and prints the median of the rounds, and the ratio of "frozen" to front + head.
//   dotnet run -c Release tools/frozen.cs [ROUNDS [BATCH [THREADS]]]
using System.Diagnostics;
using System.Globalization;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Random;
using AlexNetSharp.Training;

if (args.Length > 3)
{
    Console.Error.WriteLine("usage: dotnet run -c Release tools/frozen.cs [ROUNDS [BATCH [THREADS]]]");
    return 2;
}
int rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 21;
int batchSize = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 32;
int threads = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : Environment.ProcessorCount;

Network network = AlexNet.Torchvision();
int boundary = network.Layers.ToList().FindIndex(layer => layer is Linear);
using ParameterSet parameters = ParameterSet.Initialize(network, seed: 1);
using ParameterSet frontParameters = parameters.Of(network.Until(boundary)), headParameters = parameters.Of(network.From(boundary));
var images = new float[batchSize * network.InputShape.Length];
new Philox(seed: 2).FillNormal(images, 1);

using var everything = new Learner(network, parameters, GradientScope.All, batchSize, threads);
using var frozen = new Learner(network, parameters, GradientScope.Of([.. network.From(boundary).Parameters.Select(parameter => parameter.Name)]), batchSize, threads);
using var front = new Plan(network.Until(boundary), frontParameters, new PlanOptions { BatchSize = batchSize, Threads = threads });
using var head = new Learner(network.From(boundary), headParameters, GradientScope.All, batchSize, threads);
images.CopyTo(front.Input);
front.Forward();
var features = front.Output.ToArray();

(string Name, Action Work)[] works =
[
    ("everything learns", () => everything.Step(images)),
    ("convolutions frozen", () => frozen.Step(images)),
    ("front: inference", () =>
    {
        images.CopyTo(front.Input);
        front.Forward();
        front.Output.CopyTo(features);
    }),
    ("head: step", () => head.Step(features)),
];
List<double>[] seconds = [.. works.Select(_ => new List<double>())];
for (int round = -3; round < rounds; round++)
    for (int i = 0; i < works.Length; i++)
    {
        long start = Stopwatch.GetTimestamp();
        works[i].Work();
        if (round >= 0)
            seconds[i].Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

double[] middle = [.. seconds.Select(values => values.Order().ElementAt(values.Count / 2))];
Console.WriteLine(FormattableString.Invariant($"torchvision, batch {batchSize}, {threads} threads, {rounds} rounds\n| | ms (middle) |\n|---|---|"));
for (int i = 0; i < works.Length; i++)
    Console.WriteLine(FormattableString.Invariant($"| {works[i].Name} | {1e3 * middle[i]:0.0} |"));
Console.WriteLine(FormattableString.Invariant(
    $"\nfrozen / (front + head): {middle[1] / (middle[2] + middle[3]):0.00}; frozen / everything: {middle[1] / middle[0]:0.00}"));
return 0;

/// <summary>Plan and optimizer of the trained layers.</summary>
internal sealed class Learner(Network network, ParameterSet parameters, GradientScope learns, int batchSize, int threads) : IDisposable
{
    private const float LearningRate = 1e-6f;

    private readonly Plan _plan = new(network, parameters, new PlanOptions { BatchSize = batchSize, Threads = threads, Gradients = learns });
    private Sgd? _optimizer;
    private ulong _step;

    /// <summary>One step; the gradient of the loss is a thousandth of the logits.</summary>
    public void Step(ReadOnlySpan<float> input)
    {
        _optimizer ??= new Sgd(_plan) { Momentum = 0.9f };
        input.CopyTo(_plan.Input);
        _plan.Forward(training: true, _step++);
        for (int i = 0; i < _plan.Output.Length; i++)
            _plan.OutputGradient[i] = 1e-3f * _plan.Output[i];
        _plan.Backward();
        _optimizer.Step(_plan.Gradients!, LearningRate);
    }

    public void Dispose()
    {
        _optimizer?.Dispose();
        _plan.Dispose();
    }
}

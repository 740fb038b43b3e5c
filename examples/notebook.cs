#:project ../src/AlexNetSharp/AlexNetSharp.csproj

// The TensorFlow notebook "Using Tensorflow to implement AlexNet" in C#, step by step, to be read side by side. It derives from TensorFlow's
// AlexNet benchmark: https://github.com/tensorflow/models/tree/v1.13.0/tutorials/image/alexnet
// Run it with: dotnet run -c Release examples/notebook.cs

// Step 1: import namespaces and define helper functions.

using System.Diagnostics;
using System.Globalization;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Random;
using AlexNetSharp.Tensors;

const int batchSize = 32;
const int numBatches = 100;

// Print layer name and layer shape.
static void PrintActivation(Network network, string layer) =>
    Console.WriteLine($"{layer}   {network.OutputOf(network.IndexOf(layer)).ToString(batchSize)}");

// A fully connected layer. Weights and biases start as a truncated normal with standard deviation 1; dropout keeps a value with probability
// 1 - dropOut and multiplies it by 1 / (1 - dropOut).
static Layer[] FullConnect(string name, int numOut, float dropOut = 0)
{
    var random = Initializer.TruncatedNormal(1);
    var linear = new Linear("fc" + name, numOut, weightInitializer: random, biasInitializer: random);
    return dropOut > 0 ? [linear, new ReLU("relu" + name), new Dropout("drop" + name, dropOut)] : [linear, new ReLU("relu" + name)];
}

// Step 2: construct AlexNet.

static Network Inference(Shape images)
{
    // Trained kernels would show meaningful patterns; these are random. Biases start at 0. SAME: zeros around the input, so that the
    // output has ceil(input / stride) rows and columns; VALID, the default: no padding.
    var kernels = Initializer.TruncatedNormal(0.1f);
    var network = new Network("alexnet", images,
    [
        // 64 kernels of 11 × 11 pixels × 3 colors, with stride 4.
        new Conv2d("conv1", 64, 11, stride: 4, padding: Padding.Same, weightInitializer: kernels),
        new ReLU("relu1"),
        new LocalResponseNorm("lrn1", radius: 4, bias: 1, alpha: 0.001f / 9, beta: 0.75f),
        new MaxPool2d("pool1", 3, stride: 2),

        new Conv2d("conv2", 192, 5, padding: Padding.Same, weightInitializer: kernels),
        new ReLU("relu2"),
        new LocalResponseNorm("lrn2", radius: 4, bias: 1, alpha: 0.001f / 9, beta: 0.75f),
        new MaxPool2d("pool2", 3, stride: 2),

        new Conv2d("conv3", 384, 3, padding: Padding.Same, weightInitializer: kernels),
        new ReLU("relu3"),
        new Conv2d("conv4", 256, 3, padding: Padding.Same, weightInitializer: kernels),
        new ReLU("relu4"),
        new Conv2d("conv5", 256, 3, padding: Padding.Same, weightInitializer: kernels),
        new ReLU("relu5"),
        new MaxPool2d("pool5", 3, stride: 2),

        new Flatten("flatten"),
        .. FullConnect("6", 4096, dropOut: 0.5f),
        .. FullConnect("7", 4096, dropOut: 0.5f),
        .. FullConnect("8", 1000),
    ]);
    foreach (string layer in (string[])["conv1", "pool1", "conv2", "pool2", "conv3", "conv4", "conv5", "pool5"])
        PrintActivation(network, layer);
    return network;
}

// Step 3: evaluate training time.

static void TimeRun(Action<int> target, string info)
{
    const int numStepsBurnIn = 10;
    double totalDuration = 0, totalDurationSquared = 0;
    for (int i = 0; i < numStepsBurnIn + numBatches; i++)
    {
        long start = Stopwatch.GetTimestamp();
        target(i);
        double duration = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (i < numStepsBurnIn)
            continue;
        if (i % 10 == 0)
            Print($"step:{i - numStepsBurnIn}. duration = {duration:0.000}");
        totalDuration += duration;
        totalDurationSquared += duration * duration;
    }
    double mean = totalDuration / numBatches;
    double deviation = Math.Sqrt(Math.Max(0, totalDurationSquared / numBatches - mean * mean));
    Print($"{info} across {numBatches} steps, {mean:0.000} +/- {deviation:0.000} sec / batch");

    static void Print(FormattableString line) =>
        Console.WriteLine($"{DateTime.Now.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)}: {FormattableString.Invariant(line)}");
}

static void RunBenchmark()
{
    const int imageSize = 224;
    Network network = Inference(new Shape(imageSize, imageSize, 3));
    using ParameterSet parameters = ParameterSet.Initialize(network, seed: 0);

    // A plan corresponds to a session with its graph in TensorFlow: it computes the forward pass and the requested gradients.
    using (var forward = new Plan(network, parameters, new PlanOptions { BatchSize = batchSize }))
    {
        new Philox(seed: 1).FillNormal(forward.Input, deviation: 0.1f);
        TimeRun(step => forward.Forward(training: true, (ulong)step), "forward");
    }

    // The notebook computes the gradients of the convolution kernels and biases.
    using var gradients = new Plan(network, parameters, new PlanOptions { BatchSize = batchSize, Gradients = GradientScope.Convolution });
    new Philox(seed: 1).FillNormal(gradients.Input, deviation: 0.1f);
    TimeRun(
        step =>
        {
            parameters.MarkChanged(); // as an optimizer would, so that transforming changed weights is included
            gradients.Forward(training: true, (ulong)step);
            gradients.Output.CopyTo(gradients.OutputGradient); // l2_loss(t) = sum(t²) / 2, so its gradient with respect to t is t
            gradients.Backward();
        },
        "forward-backward");
}

RunBenchmark();

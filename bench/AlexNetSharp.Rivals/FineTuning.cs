using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Training;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace AlexNetSharp.Rivals;

/// <summary>
/// Fine-tuning as in <c>alexnet train --from</c>, without decoding: computes the features of all images once, then trains the new last layer
/// on them for some epochs, using SGD with momentum. Both programs use the same images, weights, order and settings.
/// </summary>
internal sealed class FineTuning : IDisposable
{
    private const int Batch = 32, Batches = 8, Classes = 5, Epochs = 50;
    private const float LearningRate = 1e-3f, Momentum = 0.9f;

    private readonly int _threads;
    private readonly Workload _whole, _front;
    private readonly Network _head;
    private readonly float[] _images;
    private readonly int[] _labels;
    private readonly TorchRunner _torchFront;
    private readonly Tensor[] _torchImages;
    private readonly Tensor _torchLabels;
    private readonly float[][] _initial;
    private readonly float[] _torchWeight;
    private readonly long[] _torchShape;

    /// <summary>Creates images, labels and weights.</summary>
    /// <param name="threads">Number of threads of both programs.</param>
    public FineTuning(int threads)
    {
        _threads = threads;
        Network network = AlexNet.Torchvision().WithHead(Classes);
        _whole = new Workload(network, Batch);
        _front = new Workload(network.Until(network.HeadIndex), Batch);
        _head = network.From(network.HeadIndex);
        // Every run starts from the same weights, including the rival's.
        _initial = [.. _head.Parameters.Select(spec =>
        {
            var values = new float[spec.Length];
            _whole.Parameters[spec.Name].CopyTo(values);
            return values;
        })];
        (_torchWeight, _torchShape) = _whole.InTorchOrder($"{_head.Layers[0].Name}.weight");
        int count = Batch * Batches, length = _front.Images.Length;
        _images = new float[length * Batches];
        _torchImages = new Tensor[Batches];
        for (int b = 0; b < Batches; b++)
        {
            // Different images in every batch, and separable classes: each class is brighter than the previous one.
            for (int i = 0; i < length; i++)
                _images[b * length + i] = _front.Images[(i + 31 * b) % length] * (1 + i / (length / Batch) % Classes);
            _torchImages[b] = tensor(_front.InTorchOrder(_images.AsSpan(b * length, length)), [Batch, 3, network.InputShape.Height, network.InputShape.Width]);
        }
        _labels = [.. Enumerable.Range(0, count).Select(i => i % Batch % Classes)];
        _torchLabels = tensor([.. _labels.Select(label => (long)label)], [count]);
        _torchFront = new TorchRunner(_front, new RunnerOptions(threads));
        Name = _torchFront.Name;
    }

    /// <summary>Name and version of the rival.</summary>
    public string Name { get; }

    /// <summary>Short description of what is measured.</summary>
    public static string Description => $"fine-tuning the last layer, torchvision, {Batch * Batches} images, {Epochs} epochs, features once";

    /// <summary>Returns the weights of the head after our run, [4096, 5].</summary>
    public float[] Ours()
    {
        ParameterSet parameters = _whole.Parameters;
        using ParameterSet headParameters = parameters.Of(_head);
        foreach ((Parameter parameter, float[] initial) in headParameters.Parameters.Zip(_initial))
            parameter.CopyFrom(initial);
        parameters.MarkChanged();
        var images = new MemoryBatches(_front.Network.InputShape, _images, _labels, Batch);
        using var front = new Plan(_front.Network, parameters, new PlanOptions { BatchSize = Batch, Threads = _threads });
        using FeatureBatches features = FeatureBatches.Compute(front, images, Batch, seed: null);
        using var plan = new Plan(_head, headParameters, new PlanOptions { BatchSize = Batch, Threads = _threads, Gradients = GradientScope.All });
        using var optimizer = new Sgd(plan) { Momentum = Momentum };
        using var trainer = new Trainer(plan, optimizer, features, null, new TrainerOptions { Epochs = Epochs, Schedule = LearningRateSchedule.Constant(LearningRate) });
        trainer.Run();
        Parameter weight = headParameters[$"{_head.Layers[0].Name}.weight"];
        var values = new float[weight.Spec.Length];
        weight.CopyTo(values);
        return values;
    }

    /// <summary>Returns the same for libtorch.</summary>
    public float[] Torch()
    {
        using var scope = NewDisposeScope();
        Tensor features;
        using (inference_mode())
            features = cat([.. _torchImages.Select(_torchFront.Run)]);
        // Cloned outside inference mode: a tensor created in inference mode cannot take part in autograd.
        features = features.clone();
        TorchSharp.Modules.Parameter weight = nn.Parameter(tensor(_torchWeight, _torchShape)), bias = nn.Parameter(tensor(_initial[1]));
        using var optimizer = optim.SGD([weight, bias], LearningRate, Momentum);
        for (int epoch = 0; epoch < Epochs; epoch++)
            for (int b = 0; b < Batches; b++)
            {
                using var step = NewDisposeScope();
                Tensor logits = F.linear(features.narrow(0, b * Batch, Batch), weight, bias);
                optimizer.zero_grad();
                F.cross_entropy(logits, _torchLabels.narrow(0, b * Batch, Batch)).backward();
                optimizer.step();
            }
        return [.. weight.detach().t().contiguous().data<float>()];
    }

    /// <summary>Frees everything.</summary>
    public void Dispose()
    {
        _torchFront.Dispose();
        foreach (Tensor images in _torchImages)
            images.Dispose();
        _torchLabels.Dispose();
        _whole.Dispose();
        _front.Dispose();
    }
}

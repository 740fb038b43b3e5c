using AlexNetSharp.Execution;
using AlexNetSharp.Networks;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace AlexNetSharp.Rivals;

/// <summary>libtorch through TorchSharp, CPU backend with oneDNN; images are padded before timing where SAME padding is asymmetric.</summary>
internal sealed class TorchRunner : ITrainingRunner
{
    private readonly Workload _workload;
    private readonly RunnerOptions _options;
    private readonly Dictionary<string, Tensor> _parameters = [];
    private readonly Tensor _images;
    private Tensor? _logits;

    public TorchRunner(Workload workload, RunnerOptions options)
    {
        _workload = workload;
        _options = options;
        set_num_threads(options.Threads);
        HashSet<string> learning = [.. options.Gradients.In(workload.Network).Select(spec => spec.Name)];
        foreach (ParameterSpec spec in workload.Network.Parameters)
        {
            (float[] values, long[] shape) = workload.InTorchOrder(spec.Name);
            _parameters[spec.Name] = tensor(values, shape).requires_grad_(learning.Contains(spec.Name));
        }
        var input = workload.Network.InputShape;
        using Tensor images = tensor(workload.ImagesInTorchOrder(), [workload.Batch, input.Channels, input.Height, input.Width]);
        var first = (Conv2d)workload.Network.Layers[0];
        _images = Pad(images, first).contiguous();
    }

    public string Name => $"libtorch through TorchSharp {typeof(torch).Assembly.GetName().Version!.ToString(3)}";

    /// <summary>Returns null if the native library can be loaded, otherwise the reason why not.</summary>
    public static string? WhyNot()
    {
        try
        {
            using Tensor probe = zeros(1);
            return null;
        }
        catch (Exception e) when (e is TypeInitializationException or DllNotFoundException or NotSupportedException or EntryPointNotFoundException)
        {
            return (e.InnerException ?? e).Message.Split('\n')[0];
        }
    }

    public void Forward()
    {
        using var scope = NewDisposeScope();
        if (_options.Gradients == GradientScope.None)
        {
            using var _ = inference_mode();
            Run();
        }
        else
        {
            using var _ = no_grad();
            Run();
        }
    }

    public float[] Logits() => _logits!.detach().data<float>().ToArray();

    public void ForwardBackward()
    {
        using var scope = NewDisposeScope();
        foreach (Tensor parameter in _parameters.Values)
            parameter.grad = null;
        Tensor logits = Run();
        Tensor loss = logits.square().sum() / 2;
        loss.backward();
    }

    public float[] Gradient(string parameter) => _parameters[parameter].grad!.data<float>().ToArray();

    public void Dispose()
    {
        _images.Dispose();
        _logits?.Dispose();
        foreach (Tensor parameter in _parameters.Values)
            parameter.Dispose();
    }

    /// <summary>Returns the logits of images in PyTorch's layout, not yet padded for the first layer.</summary>
    public Tensor Run(Tensor images) => Compute(Pad(images, (Conv2d)_workload.Network.Layers[0]));

    private Tensor Run()
    {
        Tensor x = Compute(_images);
        _logits?.Dispose();
        _logits = x.DetachFromDisposeScope();
        return x;
    }

    private Tensor Compute(Tensor x)
    {
        bool first = true;
        for (int i = 0; i < _workload.Network.Layers.Count; i++)
        {
            Layer layer = _workload.Network.Layers[i];
            x = layer switch
            {
                Conv2d c => F.conv2d(
                    first ? x : Pad(x, c), _parameters[c.Name + ".weight"], _parameters[c.Name + ".bias"],
                    strides: [c.Stride, c.Stride], padding: SymmetricPadding(c, i, first), groups: c.Groups),
                ReLU => F.relu(x),
                LocalResponseNorm n => F.local_response_norm(x, 2 * n.Radius + 1, n.Alpha * (2 * n.Radius + 1), n.Beta, n.Bias),
                MaxPool2d p => F.max_pool2d(x, [p.KernelSize, p.KernelSize], [p.Stride, p.Stride]),
                AdaptiveAvgPool2d a => F.adaptive_avg_pool2d(x, [a.OutputHeight, a.OutputWidth]),
                Flatten => x.flatten(1),
                Linear l => F.linear(x, _parameters[l.Name + ".weight"], _parameters[l.Name + ".bias"]),
                Dropout d => F.dropout(x, d.Rate, training: _options.Dropout),
                _ => throw new NotSupportedException(layer.Name),
            };
            first = false;
        }
        return x;
    }

    private Tensor Pad(Tensor x, Conv2d c)
    {
        WindowSpan rows = c.Padding.Vertical((int)x.shape[2], c.KernelSize, c.Stride);
        WindowSpan columns = c.Padding.Horizontal((int)x.shape[3], c.KernelSize, c.Stride);
        bool symmetric = rows.Before == rows.After && columns.Before == columns.After;
        return symmetric ? x : F.pad(x, [columns.Before, columns.After, rows.Before, rows.After]);
    }

    private long[] SymmetricPadding(Conv2d c, int layer, bool first)
    {
        var input = _workload.Network.InputOf(layer);
        WindowSpan rows = c.Padding.Vertical(input.Height, c.KernelSize, c.Stride);
        WindowSpan columns = c.Padding.Horizontal(input.Width, c.KernelSize, c.Stride);
        bool symmetric = rows.Before == rows.After && columns.Before == columns.After;
        return symmetric ? [rows.Before, columns.Before] : [0, 0];
    }
}

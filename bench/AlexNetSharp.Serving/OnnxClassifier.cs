using System.Collections.Concurrent;
using System.Numerics.Tensors;
using AlexNetSharp.Data;
using AlexNetSharp.Images;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using Microsoft.ML.OnnxRuntime;

namespace AlexNetSharp.Serving;

/// <summary>A classifier based on ONNX Runtime's CPU provider: our decoder, preprocessing and weights (as an ONNX file), with its own graph optimizations and threads.</summary>
internal sealed class OnnxClassifier : IDisposable
{
    private readonly InferenceSession _session;
    private readonly BlockingCollection<Waiting> _waiting = [];
    private readonly ConcurrentBag<Reader> _readers = [];
    private readonly ImageDecoder _decoder = new();
    private readonly Preprocessing _preprocessing;
    private readonly Thread[] _threads;
    private readonly int _outputs;

    public OnnxClassifier(string path, OnnxSettings settings)
    {
        using Model model = ModelFile.Load(path);
        _preprocessing = model.RequirePreprocessing();
        _outputs = (int)model.Network.OutputShape.Length;
        Classes = model.Classes.Count > 0 ? [.. model.Classes] : [.. Enumerable.Range(0, _outputs).Select(i => new ClassName($"{i}", $"class {i}"))];
        string onnx = Path.Combine(Path.GetTempPath(), $"serving-{Environment.ProcessId}.onnx");
        try
        {
            ModelFile.Save(onnx, model);
            using var options = new SessionOptions
            {
                IntraOpNumThreads = settings.Threads,
                InterOpNumThreads = 1,
                GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
                ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            };
            if (!settings.Spins)
                options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
            _session = new InferenceSession(onnx, options);
        }
        finally
        {
            File.Delete(onnx);
        }
        _threads = [.. Enumerable.Range(0, settings.Runs).Select(_ => new Thread(() => Compute(settings.Batch)) { IsBackground = true })];
        foreach (Thread thread in _threads)
            thread.Start();
    }

    /// <summary>The classes, in the order of the outputs.</summary>
    public ClassName[] Classes { get; }

    /// <summary>Returns the probabilities of all classes for an image file.</summary>
    public async Task<float[]> ClassifyAsync(ReadOnlyMemory<byte> encoded)
    {
        if (!_readers.TryTake(out Reader? reader))
            reader = new Reader(_preprocessing);
        _decoder.Decode(encoded.Span, reader.Pixels, "image");
        reader.Preprocessor.Apply(reader.Pixels, reader.Values);
        reader.ToChannels(_preprocessing.Channels);
        var waiting = new Waiting(reader.Input, new TaskCompletionSource<float[]>(TaskCreationOptions.RunContinuationsAsynchronously));
        _waiting.Add(waiting);
        float[] probabilities = await waiting.Result.Task;
        _readers.Add(reader);
        return probabilities;
    }

    public void Dispose()
    {
        _waiting.CompleteAdding();
        foreach (Thread thread in _threads)
            thread.Join();
        _waiting.Dispose();
        _session.Dispose();
    }

    /// <summary>Executes runs one after another, each with the images waiting when it starts.</summary>
    private void Compute(int most)
    {
        int length = _preprocessing.Length;
        float[] images = new float[most * length], logits = new float[most * _outputs];
        OrtValue[] inputs = new OrtValue[most + 1], outputs = new OrtValue[most + 1];
        for (int n = 1; n <= most; n++)
        {
            inputs[n] = OrtValue.CreateTensorValueFromMemory(
                OrtMemoryInfo.DefaultInstance, images.AsMemory(0, n * length), [n, _preprocessing.Channels, _preprocessing.CropHeight, _preprocessing.CropWidth]);
            outputs[n] = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, logits.AsMemory(0, n * _outputs), [n, _outputs]);
        }
        string[] inputNames = [.. _session.InputNames], outputNames = [.. _session.OutputNames];
        using var run = new RunOptions();
        var batch = new List<Waiting>(most);
        foreach (Waiting first in _waiting.GetConsumingEnumerable())
        {
            batch.Clear();
            batch.Add(first);
            while (batch.Count < most && _waiting.TryTake(out Waiting? next))
                batch.Add(next);
            for (int i = 0; i < batch.Count; i++)
                batch[i].Input.CopyTo(images, i * length);
            _session.Run(run, inputNames, [inputs[batch.Count]], outputNames, [outputs[batch.Count]]);
            for (int i = 0; i < batch.Count; i++)
            {
                float[] probabilities = new float[_outputs];
                TensorPrimitives.SoftMax(logits.AsSpan(i * _outputs, _outputs), probabilities);
                batch[i].Result.SetResult(probabilities);
            }
        }
        foreach (OrtValue value in inputs.Concat(outputs).Where(value => value is not null))
            value.Dispose();
    }

    /// <summary>An image waiting for a run.</summary>
    /// <param name="Input">[channels, height, width].</param>
    /// <param name="Result">Receives the probabilities.</param>
    private sealed record Waiting(float[] Input, TaskCompletionSource<float[]> Result);

    /// <summary>Reusable buffers for preparing the image of a request.</summary>
    private sealed class Reader(Preprocessing preprocessing)
    {
        public PixelBuffer Pixels { get; } = new();

        public Preprocessor Preprocessor { get; } = new(preprocessing);

        public float[] Values { get; } = new float[preprocessing.Length];

        public float[] Input { get; } = new float[preprocessing.Length];

        /// <summary>Converts [height, width, channels] to [channels, height, width].</summary>
        public void ToChannels(int channels)
        {
            int pixels = Values.Length / channels;
            for (int c = 0; c < channels; c++)
            {
                Span<float> plane = Input.AsSpan(c * pixels, pixels);
                for (int p = 0, i = c; p < plane.Length; p++, i += channels)
                    plane[p] = Values[i];
            }
        }
    }
}

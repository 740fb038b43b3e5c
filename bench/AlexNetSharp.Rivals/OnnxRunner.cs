using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using Microsoft.ML.OnnxRuntime;

namespace AlexNetSharp.Rivals;

/// <summary>ONNX Runtime with its CPU provider and all graph optimizations, on the network written by our exporter (without dropout, as for inference).</summary>
internal sealed class OnnxRunner : IRunner
{
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly OrtValue _input, _output;
    private readonly string[] _inputNames, _outputNames;
    private readonly float[] _logits;

    public OnnxRunner(Workload workload, RunnerOptions options)
    {
        string path = Path.Combine(Path.GetTempPath(), $"rivals-{Environment.ProcessId}-{workload.Network.Name}.onnx");
        try
        {
            // The model is not disposed: its weights belong to the workload.
            OnnxWriter.Write(path, new Model(workload.Parameters));
            using var settings = new SessionOptions
            {
                IntraOpNumThreads = options.Threads,
                InterOpNumThreads = 1,
                GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
                ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            };
            _session = new InferenceSession(path, settings);
        }
        finally
        {
            File.Delete(path);
        }
        _inputNames = [.. _session.InputNames];
        _outputNames = [.. _session.OutputNames];
        var shape = workload.Network.InputShape;
        _input = OrtValue.CreateTensorValueFromMemory(
            workload.ImagesInTorchOrder(), [workload.Batch, shape.Channels, shape.Height, shape.Width]);
        _logits = new float[workload.Batch * workload.Network.OutputShape.Length];
        _output = OrtValue.CreateTensorValueFromMemory(_logits, [workload.Batch, workload.Network.OutputShape.Length]);
    }

    public string Name => $"ONNX Runtime {OrtEnv.Instance().GetVersionString()}";

    public void Forward() => _session.Run(_run, _inputNames, [_input], _outputNames, [_output]);

    public float[] Logits() => _logits;

    public void Dispose()
    {
        _input.Dispose();
        _output.Dispose();
        _run.Dispose();
        _session.Dispose();
    }
}

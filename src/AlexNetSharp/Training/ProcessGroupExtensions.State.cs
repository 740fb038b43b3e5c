using System.Runtime.InteropServices;
using System.Text.Json;
using AlexNetSharp.Models;

namespace AlexNetSharp.Training;

public static unsafe partial class ProcessGroupExtensions
{
    /// <summary>Sends the parameters of the first process to all.</summary>
    /// <param name="group">The processes; each of them calls this.</param>
    /// <param name="parameters">The parameters of this process, of the same network in all.</param>
    public static void Broadcast(this IProcessGroup group, ParameterSet parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        Broadcast(group, parameters.Parameters);
        parameters.MarkChanged();
    }

    /// <summary>Sends the state of the first process's training to all: parameters, the optimizer's state, progress.</summary>
    /// <param name="group">The processes; each of them calls this.</param>
    /// <param name="trainer">The trainer of this process.</param>
    public static void Broadcast(this IProcessGroup group, Trainer trainer)
    {
        byte[] header = group.BroadcastMessage(group.Rank > 0 ? null : JsonSerializer.SerializeToUtf8Bytes(
            new CheckpointHeader(trainer.Executor.Seed, trainer.State), CheckpointJson.Default.CheckpointHeader));
        trainer.State = JsonSerializer.Deserialize(header, CheckpointJson.Default.CheckpointHeader)!.State;
        Broadcast(group, trainer.Parameters.Parameters.Concat(trainer.Optimizer.State.Parameters));
        trainer.Parameters.MarkChanged();
    }

    private static void Broadcast(IProcessGroup group, IEnumerable<Parameter> parameters)
    {
        foreach (Parameter parameter in parameters)
            group.Broadcast(MemoryMarshal.AsBytes(parameter.Storage));
    }
}

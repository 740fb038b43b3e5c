using System.Text;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Training;

namespace AlexNetSharp.Cli.Runs;

/// <summary>The model that fine-tuning starts from, read by the first process and shared with all.</summary>
/// <param name="Model">The model; without preprocessing in all processes but the first.</param>
/// <param name="Continued">Whether it is a checkpoint of the run that continues.</param>
internal sealed record SharedModel(Model Model, bool Continued) : IDisposable
{
    /// <summary>Sends the model of this process, the first one, to the others.</summary>
    public void Tell(IProcessGroup group)
    {
        using var message = new MemoryStream();
        using (var writer = new BinaryWriter(message))
        {
            writer.Write(Continued);
            writer.Write(Model.Network.ToJson());
            writer.Write(Model.Classes.Count);
            foreach (ClassName name in Model.Classes)
            {
                writer.Write(name.Id);
                writer.Write(name.Name);
            }
        }
        group.BroadcastMessage(message.ToArray());
        group.Broadcast(Model.Parameters);
    }

    /// <summary>Receives the model of the first process.</summary>
    public static SharedModel Receive(IProcessGroup group)
    {
        using var reader = new BinaryReader(new MemoryStream(group.BroadcastMessage(null)));
        bool continued = reader.ReadBoolean();
        Network network = Network.FromJson(reader.ReadString(), group.Describe(0));
        ClassName[] classes = [.. Enumerable.Range(0, reader.ReadInt32()).Select(_ => new ClassName(reader.ReadString(), reader.ReadString()))];
        var model = new Model(new ParameterSet(network), classes: classes);
        try
        {
            group.Broadcast(model.Parameters);
            return new SharedModel(model, continued);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Model.Dispose();
}

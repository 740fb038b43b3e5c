using System.Text.Json;
using AlexNetSharp.Diagnostics;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Training;

/// <summary>
/// A training between two steps as one safetensors file: a model as <see cref="ModelFile.Save"/> writes it, the optimizer's state under
/// <c>optimizer/</c> and its names, and the state of the training in the metadata.
/// </summary>
/// <remarks>
/// Files are written completely or not at all. A training that is restored from one continues with bit-identical results. Whatever reads a model
/// (<see cref="ModelFile.Load(string, string?)"/>) reads a checkpoint.
/// </remarks>
public sealed class Checkpoint : IDisposable
{
    private readonly TensorFile _file;

    private Checkpoint(TensorFile file, CheckpointHeader header)
    {
        (_file, Header) = (file, header);
        (Network, Preprocessing, Classes) = ModelFile.Describe(file);
    }

    /// <summary>The network.</summary>
    public Network Network { get; }

    /// <summary>How images are preprocessed; null if the file does not say.</summary>
    public Preprocessing? Preprocessing { get; }

    /// <summary>The classes in the order of the outputs; empty if the file does not say.</summary>
    public IReadOnlyList<ClassName> Classes { get; }

    /// <summary>What the file says about the training.</summary>
    internal CheckpointHeader Header { get; }

    /// <summary>Finished epochs.</summary>
    public int Epoch => Header.State.Epoch;

    /// <summary>Steps done in the unfinished epoch.</summary>
    public int StepInEpoch => Header.State.StepInEpoch;

    /// <summary>Path of the file.</summary>
    public string Path => _file.Path;

    /// <summary>Opens a checkpoint.</summary>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is damaged or no checkpoint.</exception>
    public static Checkpoint Open(string path)
    {
        TensorFile file = TensorFile.Open(path);
        try
        {
            if (!file.Metadata.TryGetValue(ModelMetadata.TrainingKey, out string? json))
                throw new InvalidDataException($"{path}: this file holds weights, but no state of a training; use a checkpoint that 'train' wrote");
            CheckpointHeader header = JsonSerializer.Deserialize(json, CheckpointJson.Default.CheckpointHeader)
                ?? throw new InvalidDataException($"{path}: the state of the training is empty");
            if (header.State.Contradiction is { } contradiction)
                throw new InvalidDataException($"{path}: {contradiction}");
            return new Checkpoint(file, header);
        }
        catch (JsonException e)
        {
            file.Dispose();
            throw new InvalidDataException($"{path}: the state of the training cannot be read: {Printable.Of(e.Message)}", e);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Writes a checkpoint of <paramref name="trainer"/>.</summary>
    /// <param name="path">The file; an older one is replaced when the new one is complete.</param>
    /// <param name="trainer">The training, between two steps.</param>
    /// <param name="preprocessing">How images are preprocessed; null if unknown.</param>
    /// <param name="classes">The classes in the order of the outputs; null or empty if unknown.</param>
    /// <param name="whole">The parameters of the whole network, where the trainer trains only its last layers; null for the trainer's.</param>
    /// <exception cref="ArgumentException">Preprocessing or classes do not fit the network (<see cref="Model"/>).</exception>
    /// <exception cref="IOException">The file cannot be written; an older one stays.</exception>
    public static void Save(
        string path, Trainer trainer, Preprocessing? preprocessing = null, IReadOnlyList<ClassName>? classes = null, ParameterSet? whole = null)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        Save(path, trainer, trainer.State, preprocessing, classes, whole);
    }

    /// <summary>Writes a checkpoint with the parameters as they are and another state of the training.</summary>
    internal static void Save(
        string path, Trainer trainer, TrainingState state, Preprocessing? preprocessing, IReadOnlyList<ClassName>? classes, ParameterSet? whole)
    {
        ParameterSet parameters = whole ?? trainer.Parameters;
        // Not disposed of: the parameters are the caller's.
        Dictionary<string, string> metadata = ModelMetadata.Describe(new Model(parameters, preprocessing, classes));
        var header = new CheckpointHeader(trainer.Executor.Seed, state) { Images = trainer.Images };
        metadata[ModelMetadata.TrainingKey] = JsonSerializer.Serialize(header, CheckpointJson.Default.CheckpointHeader);
        metadata["format"] = "pt";
        SafetensorsWriter.Write(path, [.. WeightSources.Of(parameters), .. WeightSources.Of(trainer.Optimizer.State, OptimizerName)], metadata);
    }

    /// <summary>Restores parameters, optimizer state and progress of a trainer. If the checkpoint does not fit, the trainer is left unchanged.</summary>
    /// <param name="trainer">The trainer.</param>
    /// <param name="whole">The parameters of the whole network, where the trainer trains only its last layers; null for the trainer's.</param>
    /// <exception cref="InvalidDataException">The file belongs to another network.</exception>
    /// <exception cref="ArgumentException">The file belongs to a training with another seed, other images or another batch size.</exception>
    public void Restore(Trainer trainer, ParameterSet? whole = null)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        if (trainer.Executor.Seed != Header.Seed)
            throw new ArgumentException(FormattableString.Invariant($"{Path}: the training had seed {Header.Seed}, not {trainer.Executor.Seed}"));
        RequireImages(trainer.Images);
        if (trainer.Refusal(Header.State) is { } refusal)
            throw new ArgumentException($"{Path}: {refusal}");
        // All tensors are looked for before the first parameter changes.
        ParameterSet state = trainer.Optimizer.State;
        WeightMapping weights = Weights(whole ?? trainer.Parameters);
        WeightMapping optimizer = WeightMapping.Check(_file, trainer.Network, [.. state.Parameters.Select(tensor => tensor.Spec)], OptimizerName);
        weights.CopyTo(whole ?? trainer.Parameters);
        optimizer.CopyTo(state);
        trainer.State = Header.State;
    }

    /// <summary>Copies only the weights.</summary>
    /// <param name="parameters">Receives them.</param>
    /// <exception cref="InvalidDataException">The file belongs to another network.</exception>
    public void CopyTo(ParameterSet parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        Weights(parameters).CopyTo(parameters);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private WeightMapping Weights(ParameterSet parameters) => Network.HasSameLayers(parameters.Network)
        ? WeightMapping.Check(_file, parameters.Network, flipColors: false)
        : throw new InvalidDataException($"{Path}: the file belongs to network '{Network.Name}' with {Classes.Count} classes, the training to '{parameters.Network.Name}' with {parameters.Network.OutputShape.Length} or other layers");

    private static string OptimizerName(string parameter) => WeightNames.TrainingStatePrefix + parameter;

    private void RequireImages(CheckpointImages found)
    {
        if (Header.Images is not { } expected)
            return;
        if (expected with { Fingerprint = null } != found with { Fingerprint = null })
            throw new ArgumentException($"{Path}: the training had {Describe(expected)}, but here are {Describe(found)}; use the same");
        if (expected.Fingerprint is not null && found.Fingerprint is not null && expected.Fingerprint != found.Fingerprint)
            throw new ArgumentException(FormattableString.Invariant(
                $"{Path}: the training had {expected.Count} other images than those here: names, order or classes differ; use the same"));

        static string Describe(CheckpointImages images) => FormattableString.Invariant(
            $"{images.Count} images in batches of {images.BatchSize}, {images.MicroBatch} computed at once");
    }
}

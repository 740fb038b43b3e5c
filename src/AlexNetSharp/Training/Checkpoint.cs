using System.Text.Json;
using AlexNetSharp.Formats;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Training;

/// <summary>
/// A training between two steps as one safetensors file: the parameters under their names, the optimizer's velocities under
/// <c>optimizer/</c> and the name, and everything else in the metadata.
/// </summary>
/// <remarks>Files are written whole or not at all. A training that is restored from one continues with bit-identical results.</remarks>
public sealed class Checkpoint : IDisposable
{
    private readonly TensorFile _file;

    private Checkpoint(TensorFile file, CheckpointHeader header) => (_file, Header) = (file, header);

    /// <summary>What the file says besides its tensors.</summary>
    public CheckpointHeader Header { get; }

    /// <summary>Path of the file.</summary>
    public string Path => _file.Path;

    /// <summary>The tensors of the file.</summary>
    public TensorFile Tensors => _file;

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
            CheckpointHeader? header = JsonSerializer.Deserialize(json, CheckpointJson.Default.CheckpointHeader);
            if (header?.State.Contradiction is { } contradiction)
                throw new InvalidDataException($"{path}: {contradiction}");
            if (header is { Input.Count: not 3 })
                throw new InvalidDataException($"{path}: the input of the network must have height, width and channels");
            if (header is not null && !header.Classes.Append(header.Network).All(ClassNames.IsName))
                throw new InvalidDataException($"{path}: the name of the network or of a class is missing, too long or holds control characters");
            return new Checkpoint(file, header ?? throw new InvalidDataException($"{path}: the state of the training is empty"));
        }
        catch (JsonException e)
        {
            file.Dispose();
            throw new InvalidDataException($"{path}: the state of the training cannot be read: {e.Message}", e);
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
    /// <param name="classes">Names of the classes, in the order of the outputs.</param>
    /// <param name="preprocessing">What happens to an image before the network, as text.</param>
    /// <exception cref="ArgumentException">A class has no name that a checkpoint can hold: empty, too long, or with control characters.</exception>
    /// <exception cref="IOException">The file cannot be written; an older one stays.</exception>
    public static void Save(string path, Trainer trainer, IReadOnlyList<string> classes, string preprocessing = "")
    {
        ArgumentNullException.ThrowIfNull(trainer);
        RequireNames(classes);
        Network network = trainer.Network;
        var header = new CheckpointHeader(
            network.Name,
            [network.InputShape.Height, network.InputShape.Width, network.InputShape.Channels],
            classes,
            preprocessing,
            trainer.Options.Seed,
            trainer.State)
        {
            Images = trainer.Images,
        };
        var tensors = new List<TensorSource>();
        foreach (Parameter parameter in trainer.Parameters.Parameters)
            tensors.Add(Source(parameter.Name, parameter));
        foreach (Parameter velocity in trainer.Optimizer.Velocities.Parameters)
            tensors.Add(Source(WeightNames.TrainingStatePrefix + velocity.Name, velocity));
        SafetensorsWriter.Write(path, tensors, new Dictionary<string, string>
        {
            ["format"] = WeightMapping.NativeFormat,
            [ModelMetadata.TrainingKey] = JsonSerializer.Serialize(header, CheckpointJson.Default.CheckpointHeader),
        });
    }

    /// <summary>Refuses names of classes that <see cref="Open"/> would refuse.</summary>
    internal static void RequireNames(IReadOnlyList<string> classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        if (!classes.All(ClassNames.IsName))
            throw new ArgumentException(
                $"the name of class '{FormatError.Printable(classes.First(name => !ClassNames.IsName(name)) ?? "")}' is empty, too long or holds control characters; rename it");
    }

    /// <summary>Brings a trainer to where the file's training stood: parameters, velocities, state. One that is refused stays as it is.</summary>
    /// <exception cref="InvalidDataException">The file belongs to another network.</exception>
    /// <exception cref="ArgumentException">The file belongs to a training with another seed, other images or another batch size.</exception>
    public void Restore(Trainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        if (trainer.Options.Seed != Header.Seed)
            throw new ArgumentException(FormattableString.Invariant($"{Path}: the training had seed {Header.Seed}, not {trainer.Options.Seed}"));
        RequireImages(trainer.Images);
        if (trainer.Refusal(Header.State) is { } refusal)
            throw new ArgumentException($"{Path}: {refusal}");
        Copy([
            .. trainer.Parameters.Parameters.Select(parameter => (parameter.Name, parameter)),
            .. trainer.Optimizer.Velocities.Parameters.Select(velocity => (WeightNames.TrainingStatePrefix + velocity.Name, velocity)),
        ]);
        trainer.Parameters.MarkChanged();
        trainer.State = Header.State;
    }

    /// <summary>Makes the network that the file belongs to.</summary>
    /// <exception cref="InvalidDataException">There is no network of that name for such images.</exception>
    public Network CreateNetwork()
    {
        try
        {
            return NetworkCatalog.Build(Header.Network, Header.Classes.Count, new Shape(Header.Input[0], Header.Input[1], Header.Input[2]))
                ?? throw new InvalidDataException($"{Path}: there is no network '{Header.Network}'");
        }
        catch (ArgumentException e)
        {
            throw new InvalidDataException($"{Path}: {e.Message}", e);
        }
    }

    /// <summary>Copies the parameters alone.</summary>
    /// <exception cref="InvalidDataException">The file belongs to another network.</exception>
    public void CopyTo(ParameterSet parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        Copy([.. parameters.Parameters.Select(parameter => (parameter.Name, parameter))]);
        parameters.MarkChanged();
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

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

    /// <summary>Sets parameters; all are looked for before the first one changes.</summary>
    private void Copy(IReadOnlyList<(string Name, Parameter Target)> wanted)
    {
        NamedTensor[] found = [.. wanted.Select(pair => Find(pair.Name, pair.Target))];
        for (int i = 0; i < found.Length; i++)
            wanted[i].Target.CopyFrom(found[i].ToArray());
    }

    private NamedTensor Find(string name, Parameter target)
    {
        long[] shape = [.. target.Spec.Dimensions.Select(size => (long)size)];
        if (!_file.TryGet(name, out NamedTensor? tensor) || !tensor.Shape.SequenceEqual(shape))
            throw new InvalidDataException(
                $"{Path}: tensor '{name}' of shape [{string.Join(", ", shape)}] is missing or has another shape; the file belongs to network '{Header.Network}' with {Header.Classes.Count} classes");
        return tensor;
    }

    /// <summary>A parameter to write, in the order of its dimensions and without a second copy of it.</summary>
    private static TensorSource Source(string name, Parameter parameter)
    {
        long[] shape = [.. parameter.Spec.Dimensions.Select(size => (long)size)];
        return new TensorSource(name, shape, parameter.CopyRange);
    }
}

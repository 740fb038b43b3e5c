using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using Spectre.Console;

namespace AlexNetSharp.Cli.Runs;

/// <summary>The starting point of fine-tuning: a trained model, its head for the classes of the data, and the frozen layers.</summary>
internal sealed class StartingModel : IDisposable
{
    /// <summary>Number of training images above which only the convolutions are frozen by default.</summary>
    public const int FewImages = 5000;

    private const int HashedAtOnce = 1 << 20;

    private readonly HashSet<string> _new;
    private readonly IReadOnlyList<ParameterGroup> _groups;
    private readonly bool _keptHead;

    /// <summary>Creates the network to train from the model.</summary>
    /// <param name="settings">Settings of the run.</param>
    /// <param name="model">The model given with <c>--from</c>; its weights are copied.</param>
    /// <param name="classes">The classes of the data, in the order of the outputs.</param>
    /// <param name="images">Number of training images.</param>
    /// <param name="augmented">Whether there is random augmentation.</param>
    /// <param name="continued">Whether the model is a checkpoint of this run: its head is then kept whatever the settings say.</param>
    /// <exception cref="UsageException">An option names a layer that the network does not have, or nothing would be trained.</exception>
    public StartingModel(TrainSettings settings, Model model, IReadOnlyList<string> classes, int images, bool augmented, bool continued)
    {
        int[]? order = settings.NewHead ? null : OrderOf(model, classes);
        _keptHead = order is not null;
        Network = _keptHead ? model.Network : HeadFor(model.Network, classes.Count);
        Parameters = ParameterSet.Initialize(Network, settings.Seed);
        try
        {
            string[] except = _keptHead || continued ? [] : [$"{Network.Layers[Network.HeadIndex].Name}.*"];
            _new = [.. Parameters.CopyMatching(model.Parameters, except).Select(left => left.Name)];
            if (order is not null)
                Reorder(order);
            Freeze = settings.Freeze ?? DefaultFreeze(images, augmented);
            Boundary = BoundaryOf(Freeze);
            _groups = [.. Frozen(), .. Rates(settings)];
            try
            {
                GradientScope.Learning(_groups).In(Network);
            }
            catch (ArgumentException e)
            {
                throw new UsageException($"--rate: {e.Message}", e);
            }
        }
        catch
        {
            Parameters.Dispose();
            throw;
        }
    }

    /// <summary>The network to train.</summary>
    public Network Network { get; }

    /// <summary>Its parameters: the model's, and initial values for new layers.</summary>
    public ParameterSet Parameters { get; }

    /// <summary>Value of <c>--freeze</c>, given or by default.</summary>
    public string Freeze { get; }

    /// <summary>Whether the last fully connected layer was reinitialized.</summary>
    public bool HasNewHead => !_keptHead;

    /// <summary>Index of the first trained layer; the layers before it run in inference mode.</summary>
    public int Boundary { get; }

    /// <summary>Whether only the last fully connected layer is trained.</summary>
    public bool HeadOnly => Boundary == Network.HeadIndex;

    /// <summary>Returns the parameter groups for the whole network, or for the part from the boundary on.</summary>
    /// <param name="network">The network, or the part of it.</param>
    public IReadOnlyList<ParameterGroup> GroupsOf(Network network) =>
        [.. _groups.Where(group => network.Parameters.Any(parameter => group.Matches(parameter.Name)))];

    /// <summary>Returns the default of <c>--freeze</c>: with few images and no augmentation, only the last layer is trained.</summary>
    public static string DefaultFreeze(int images, bool augmented) => images <= FewImages && !augmented ? "all-but-last" : "conv";

    /// <summary>Returns a key of everything that the features before the boundary depend on, in hexadecimal digits.</summary>
    /// <param name="preprocessing">Preprocessing from an image to the network's input.</param>
    /// <param name="images">The images, identified by name, size and time of their files.</param>
    public string FeatureKey(Preprocessing preprocessing, IImageDataset images)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Network front = Network.Until(Boundary);
        Append(front.ToJson());
        Append(preprocessing.ToString());
        foreach (float value in preprocessing.Mean)
            Append(value.ToString("R", CultureInfo.InvariantCulture));
        foreach (ParameterSpec spec in front.Parameters)
        {
            for (Span<float> values = Parameters[spec.Name].Storage; values.Length > 0; values = values[Math.Min(values.Length, HashedAtOnce)..])
                hash.AppendData(MemoryMarshal.AsBytes(values[..Math.Min(values.Length, HashedAtOnce)]));
        }
        for (int i = 0; i < images.Count; i++)
        {
            var file = new FileInfo(images.Name(i));
            Append(FormattableString.Invariant($"{images.Name(i)} {images.Label(i)} {(file.Exists ? file.Length : -1)} {(file.Exists ? file.LastWriteTimeUtc.Ticks : 0)}"));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void Append(string text) => hash.AppendData(Encoding.UTF8.GetBytes(text + "\n"));
    }

    /// <summary>Prints which layers come from the model, are new or are frozen, and the number of trained parameters.</summary>
    public void Print(CommandContext context, string path)
    {
        Table table = Tables.Create("layer", ">parameters", "values", "learns", ">rate");
        HashSet<string> learns = [.. GradientScope.Learning(_groups).In(Network).Select(spec => spec.Name)];
        long learning = 0;
        for (int i = 0; i < Network.Parameters.Count; i++)
        {
            ParameterSpec spec = Network.Parameters[i];
            bool frozen = !learns.Contains(spec.Name);
            learning += frozen ? 0 : spec.Length;
            string values = _new.Contains(spec.Name) ? "new" : _keptHead && i >= Network.Parameters.Count - 2 ? "from the model, in the order of the classes" : "from the model";
            table.Row(
                spec.Name, spec.Length.ToString("#,0", CultureInfo.InvariantCulture), values, frozen ? "frozen" : "yes",
                frozen ? "" : FormattableString.Invariant($"× {FactorOf(spec.Name):g4}"));
        }
        context.WriteTable(table);
        context.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"from {path}: {learning:#,0} of {Network.ParameterCount:#,0} parameters learn{(Boundary == 0 ? "" : $"; the layers before {Network.Layers[Boundary].Name} are frozen and run in inference mode")}"));
    }

    /// <summary>Returns the factor on a parameter's learning rate: that of the last group that sets one.</summary>
    private float FactorOf(string name) => _groups.LastOrDefault(group => group.LearningRateFactor is not null && group.Matches(name))?.LearningRateFactor ?? 1;

    /// <summary>Frees the parameters.</summary>
    public void Dispose() => Parameters.Dispose();

    /// <summary>Returns the model's output index for each class of the data; null unless the classes are the same.</summary>
    private static int[]? OrderOf(Model model, IReadOnlyList<string> classes)
    {
        if (model.Classes.Count != classes.Count)
            return null;
        int[] order = [.. classes.Select(name => Enumerable.Range(0, model.Classes.Count).FirstOrDefault(k => model.Classes[k].Id == name || model.Classes[k].Name == name, -1))];
        return order.Contains(-1) || order.Distinct().Count() != order.Length ? null : order;
    }

    private static Network HeadFor(Network network, int classes)
    {
        try
        {
            return network.WithHead(classes);
        }
        catch (InvalidOperationException e)
        {
            throw new UsageException($"--from: {e.Message}", e);
        }
    }

    private void Reorder(int[] order)
    {
        string head = Network.Layers[Network.HeadIndex].Name;
        foreach (string role in (string[])["weight", "bias"])
        {
            Parameter parameter = Parameters[$"{head}.{role}"];
            var from = new float[parameter.Spec.Length];
            parameter.CopyTo(from);
            var to = new float[from.Length];
            for (int i = 0; i < to.Length; i++)
                to[i] = from[i - i % order.Length + order[i % order.Length]];
            parameter.CopyFrom(to);
        }
        Parameters.MarkChanged();
    }

    /// <summary>Returns the index of the first trained layer with parameters.</summary>
    private int BoundaryOf(string freeze)
    {
        int[] layers = [.. Enumerable.Range(0, Network.Layers.Count).Where(i => Network.ParametersOf(i).Count > 0)];
        int last = freeze switch
        {
            "none" => -1,
            "conv" => layers.LastOrDefault(i => Network.Layers[i] is Conv2d, -1),
            "all-but-last" => layers.Length < 2 ? -1 : layers[^2],
            _ => Network.IndexOf(freeze),
        };
        if (last < 0 && freeze is not ("none" or "conv" or "all-but-last"))
            throw new UsageException($"--freeze: network '{Network.Name}' has no layer '{freeze}'{NearestName.Suggestion(freeze, Network.Layers.Select(layer => layer.Name))}; use a layer name, conv, all-but-last or none");
        int first = layers.FirstOrDefault(i => i > last, -1);
        return first >= 0 ? first : throw new UsageException($"--freeze {freeze} leaves nothing to learn");
    }

    private IEnumerable<ParameterGroup> Frozen() => Network.Layers.Take(Boundary)
        .Where((layer, i) => Network.ParametersOf(i).Count > 0)
        .Select(layer => new ParameterGroup($"{layer.Name}.*") { Frozen = true });

    private IEnumerable<ParameterGroup> Rates(TrainSettings settings)
    {
        // A new layer gets a higher rate than pretrained ones; if it is trained alone, the rate applies as is.
        if (!_keptHead && !HeadOnly)
            yield return new ParameterGroup($"{Network.Layers[Network.HeadIndex].Name}.*") { LearningRateFactor = (float)settings.NewLayerRate };
        foreach ((string layer, double factor) in settings.Rates is null ? [] : ValueRule.ParseFactors(settings.Rates)!)
            yield return new ParameterGroup($"{layer}.*") { LearningRateFactor = (float)factor };
    }
}

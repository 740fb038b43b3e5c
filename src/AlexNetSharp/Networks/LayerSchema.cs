using System.Text.Json;

namespace AlexNetSharp.Networks;

/// <summary>How one kind of layer is written as JSON, and read back; <c>docs/networks.md</c> is its description for people.</summary>
/// <param name="Type">The value of the field <c>type</c>.</param>
/// <param name="Layer">The class.</param>
/// <param name="Write">Writes the fields, without type and name.</param>
/// <param name="Read">Reads them; what is missing and has a default gets it.</param>
internal sealed record LayerSchema(string Type, Type Layer, Action<Layer, Utf8JsonWriter> Write, Func<string, JsonFields, Layer> Read)
{
    /// <summary>One entry a kind of layer.</summary>
    public static IReadOnlyList<LayerSchema> All { get; } =
    [
        Of<Conv2d>(
            "conv2d",
            (layer, json) =>
            {
                json.WriteNumber("out_channels", layer.OutputChannels);
                json.WriteNumber("kernel_size", layer.KernelSize);
                json.WriteNumber("stride", layer.Stride);
                WritePadding(json, layer.Padding);
                json.WriteNumber("groups", layer.Groups);
                WriteInitializer(json, "weight", layer.WeightInitializer);
                WriteInitializer(json, "bias", layer.BiasInitializer);
            },
            (name, json) =>
                new Conv2d(
                    name, json.Int("out_channels"), json.Int("kernel_size"), json.Int("stride", 1), ReadPadding(json), json.Int("groups", 1),
                    ReadInitializer(json, "weight"), ReadInitializer(json, "bias"))),
        Of<Linear>(
            "linear",
            (layer, json) =>
            {
                json.WriteNumber("out_features", layer.OutputFeatures);
                WriteInitializer(json, "weight", layer.WeightInitializer);
                WriteInitializer(json, "bias", layer.BiasInitializer);
            },
            (name, json) => new Linear(name, json.Int("out_features"), ReadInitializer(json, "weight"), ReadInitializer(json, "bias"))),
        Of<ReLU>("relu", (_, _) => { }, (name, _) => new ReLU(name)),
        Of<Dropout>("dropout", (layer, json) => json.WriteNumber("rate", layer.Rate), (name, json) => new Dropout(name, json.Float("rate", 0.5f))),
        Of<Flatten>("flatten", (_, _) => { }, (name, _) => new Flatten(name)),
        Of<MaxPool2d>(
            "max_pool2d",
            (layer, json) => WriteWindow(json, layer.KernelSize, layer.Stride, layer.Padding, layer.RoundUp),
            (name, json) => new MaxPool2d(name, json.Int("kernel_size"), json.Int("stride"), ReadPadding(json), json.Bool("ceil_mode", false))),
        Of<AvgPool2d>(
            "avg_pool2d",
            (layer, json) =>
            {
                WriteWindow(json, layer.KernelSize, layer.Stride, layer.Padding, layer.RoundUp);
                json.WriteBoolean("count_include_pad", layer.CountPadding);
            },
            (name, json) => new AvgPool2d(
                name, json.Int("kernel_size"), json.Int("stride"), ReadPadding(json), json.Bool("ceil_mode", false), json.Bool("count_include_pad", true))),
        Of<AdaptiveAvgPool2d>(
            "adaptive_avg_pool2d",
            (layer, json) =>
            {
                json.WriteNumber("out_height", layer.OutputHeight);
                json.WriteNumber("out_width", layer.OutputWidth);
            },
            (name, json) => new AdaptiveAvgPool2d(name, json.Int("out_height"), json.Int("out_width"))),
        Of<LocalResponseNorm>(
            "local_response_norm",
            (layer, json) =>
            {
                json.WriteNumber("radius", layer.Radius);
                json.WriteNumber("bias", layer.Bias);
                json.WriteNumber("alpha", layer.Alpha);
                json.WriteNumber("beta", layer.Beta);
            },
            (name, json) => new LocalResponseNorm(name, json.Int("radius"), json.Float("bias"), json.Float("alpha"), json.Float("beta"))),
        Of<WithinChannelNorm>(
            "within_channel_norm",
            (layer, json) =>
            {
                json.WriteNumber("size", layer.Size);
                json.WriteNumber("alpha", layer.Alpha);
                json.WriteNumber("beta", layer.Beta);
            },
            (name, json) => new WithinChannelNorm(name, json.Int("size"), json.Float("alpha"), json.Float("beta"))),
    ];

    private static LayerSchema Of<T>(string type, Action<T, Utf8JsonWriter> write, Func<string, JsonFields, T> read)
        where T : Layer => new(type, typeof(T), (layer, json) => write((T)layer, json), read);

    private static void WriteWindow(Utf8JsonWriter json, int kernelSize, int stride, Padding padding, bool roundUp)
    {
        json.WriteNumber("kernel_size", kernelSize);
        json.WriteNumber("stride", stride);
        WritePadding(json, padding);
        json.WriteBoolean("ceil_mode", roundUp);
    }

    private static void WritePadding(Utf8JsonWriter json, Padding padding)
    {
        if (padding.IsSame)
            json.WriteString("padding", "same");
        else if (padding.IsEven)
            json.WriteNumber("padding", padding.Top);
        else
        {
            json.WriteStartArray("padding");
            foreach (int size in (int[])[padding.Top, padding.Bottom, padding.Left, padding.Right])
                json.WriteNumberValue(size);
            json.WriteEndArray();
        }
    }

    private static Padding ReadPadding(JsonFields json)
    {
        const string expected = "\"same\", \"valid\", one number for all sides, or [top, bottom, left, right]";
        if (json.Take("padding") is not { } element)
            return Padding.Valid;
        int[] sizes = element.ValueKind switch
        {
            JsonValueKind.String when element.ValueEquals("same") => [-1],
            JsonValueKind.String when element.ValueEquals("valid") => [0],
            JsonValueKind.Number when element.TryGetInt32(out int size) && size >= 0 => [size],
            JsonValueKind.Array when element.GetArrayLength() == 4
                && element.EnumerateArray().All(item => item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int size) && size >= 0) =>
                [.. element.EnumerateArray().Select(item => item.GetInt32())],
            _ => throw json.Wrong("padding", expected, element),
        };
        return sizes switch
        {
            [-1] => Padding.Same,
            [int all] => Padding.All(all),
            _ => Padding.Explicit(sizes[0], sizes[1], sizes[2], sizes[3]),
        };
    }

    private static void WriteInitializer(Utf8JsonWriter json, string name, Initializer initializer)
    {
        json.WriteStartObject(name);
        switch (initializer)
        {
            case ConstantInitializer constant:
                json.WriteString("type", "constant");
                json.WriteNumber("value", constant.Value);
                break;
            case NormalInitializer normal:
                json.WriteString("type", "normal");
                json.WriteNumber("standard_deviation", normal.StandardDeviation);
                break;
            case TruncatedNormalInitializer normal:
                json.WriteString("type", "truncated_normal");
                json.WriteNumber("standard_deviation", normal.StandardDeviation);
                break;
            default:
                json.WriteString("type", "he");
                break;
        }
        json.WriteEndObject();
    }

    private static Initializer? ReadInitializer(JsonFields json, string name)
    {
        if (json.Take(name) is not { } element)
            return null;
        var fields = new JsonFields(element, json.Error($"'{name}'").Message);
        string type = fields.Text("type");
        Initializer initializer = type switch
        {
            "constant" => Initializer.Constant(fields.Float("value")),
            "normal" => Initializer.Normal(fields.Float("standard_deviation")),
            "truncated_normal" => Initializer.TruncatedNormal(fields.Float("standard_deviation")),
            "he" => Initializer.He,
            _ => throw fields.Error($"'{type}' is not a known way to draw initial values; known are constant, normal, truncated_normal, he"),
        };
        fields.End();
        return initializer;
    }
}

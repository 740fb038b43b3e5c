using AlexNetSharp.Formats;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Models;

/// <summary>Reads Caffe's description of a network, NetParameter as text: for use (deploy.prototxt) or for training (train_val.prototxt).</summary>
/// <remarks>
/// Layers of today (<c>layer</c>, types as texts) and of before 2014 (<c>layers</c>, types as words). What belongs to the training alone
/// (loss, accuracy) is left out; a softmax at the end is, too. Source of fields and defaults:
/// https://github.com/BVLC/caffe/blob/master/src/caffe/proto/caffe.proto.
/// </remarks>
internal sealed class CaffePrototxt
{
    private const int MostLayers = 1000;

    private static readonly string[] s_data = ["DATA", "IMAGEDATA", "HDF5DATA", "MEMORYDATA", "DUMMYDATA", "WINDOWDATA", "INPUT", "ANNOTATEDDATA", "PYTHON"];
    private static readonly string[] s_trainingOnly =
        ["ACCURACY", "SOFTMAXWITHLOSS", "SOFTMAXLOSS", "SIGMOIDCROSSENTROPYLOSS", "EUCLIDEANLOSS", "HINGELOSS", "MULTINOMIALLOGISTICLOSS", "SILENCE", "ARGMAX"];

    private readonly ProtoText _net;
    private readonly List<Layer> _layers = [];
    private readonly HashSet<string> _names = [];
    private readonly Shape _input;
    private Shape _shape;
    private string _top;

    private CaffePrototxt(ProtoText net, Shape input, string top)
    {
        _net = net;
        _input = _shape = input;
        _top = top;
    }

    /// <summary>The network, and what its data layer says about images; null if it says nothing.</summary>
    /// <exception cref="InvalidDataException">It is no chain of layers that are known here; the message names line and layer.</exception>
    public static (Network Network, Preprocessing? Preprocessing) Read(ProtoText net)
    {
        ProtoText[] layers = [.. net.Messages("layer"), .. net.Messages("layers")];
        if (layers.Length is 0 or > MostLayers)
            throw net.Error(1, layers.Length == 0 ? "no layers: this is no Caffe network (JSON begins with '{')" : FormattableString.Invariant($"more than {MostLayers} layers"));
        ProtoText[] used = [.. layers.Where(layer => IsUsed(layer, "TEST"))], data = [.. used.Where(layer => s_data.Contains(TypeOf(layer)))];
        ProtoText? source = data.FirstOrDefault();
        (Shape shape, string top) = Input(net, source);
        var reader = new CaffePrototxt(net, shape, top);
        foreach (ProtoText layer in used.Except(data))
            reader.Take(layer);
        return (reader.Build(), source is null ? null : PreprocessingOf(source, shape));
    }

    /// <summary>Whether a layer is there in a phase.</summary>
    private static bool IsUsed(ProtoText layer, string phase)
    {
        ProtoText[] include = [.. layer.Messages("include")], exclude = [.. layer.Messages("exclude")];
        bool Is(ProtoText rule) => rule.Text("phase") is not { } only || only == phase;
        return (include.Length == 0 || include.Any(Is)) && !exclude.Any(rule => rule.Text("phase") == phase);
    }

    /// <summary>The type as one word in capitals, whichever way it is written: InnerProduct and INNER_PRODUCT.</summary>
    private static string TypeOf(ProtoText layer) => (layer.Text("type") ?? "").Replace("_", "", StringComparison.Ordinal).ToUpperInvariant();

    private static (Shape Shape, string Top) Input(ProtoText net, ProtoText? data)
    {
        int[] sizes = net.Messages("input_shape").FirstOrDefault()?.Ints("dim") ?? net.Ints("input_dim");
        if (sizes.Length == 0 && data is not null)
            sizes = data.Part("input_param").Messages("shape").FirstOrDefault()?.Ints("dim") ?? [];
        int line = net.Find("input")?.Line ?? data?.Line ?? 1;
        if (sizes.Length == 0 && data is not null && (data.Part("transform_param").Int("crop_size", 0), OldCrop(data)) is var (crop, old) && Math.Max(crop, old) is > 0 and var size)
            sizes = [1, data.Part("transform_param").Bool("force_gray", false) ? 1 : 3, size, size];
        string top = net.Text("input") ?? data?.Text("top") ?? "data";
        // A data layer lists its images before its labels.
        top = net.Text("input") is null && data?.All("top").FirstOrDefault() is { } first ? first.Value : top;
        const int most = 1 << 16;
        return sizes is [_, > 0 and <= most and var channels, > 0 and <= most and var height, > 0 and <= most and var width]
            ? (new Shape(height, width, channels), top)
            : throw net.Error(line, "the size of images is not stated; add: input: \"data\" input_shape { dim: 1 dim: 3 dim: 224 dim: 224 } (batch, channels, height, width)");
    }

    /// <summary>Where layers of before 2014 say their crop.</summary>
    private static int OldCrop(ProtoText data) => data.Part("data_param").Int("crop_size", data.Part("image_data_param").Int("crop_size", 0));

    private void Take(ProtoText layer)
    {
        string name = layer.Text("name") ?? "", type = TypeOf(layer);
        if (s_trainingOnly.Contains(type))
            return;
        string[] bottoms = [.. layer.All("bottom").Select(field => field.Value)], tops = [.. layer.All("top").Select(field => field.Value)];
        if (bottoms is not [var bottom] || tops is not [var top])
            throw Fault(layer, FormattableString.Invariant($"has {bottoms.Length} inputs and {tops.Length} outputs; only chains are supported, in which each layer has one of each"));
        if (bottom != _top)
            throw Fault(layer, $"reads {FormatError.Quote(bottom)}, but the layer before it gives {FormatError.Quote(_top)}; only chains are supported");
        _top = top;
        switch (type)
        {
            case "CONVOLUTION":
                Add(layer, Convolution(layer, name));
                break;
            case "INNERPRODUCT":
                InnerProduct(layer, name);
                break;
            case "RELU":
                if (layer.Part("relu_param").Float("negative_slope", 0) != 0)
                    throw Fault(layer, "has a negative slope, which is not supported");
                Add(layer, new ReLU(Unique(name)));
                break;
            case "POOLING":
                Add(layer, Pool(layer, name));
                break;
            case "LRN":
                Add(layer, Normalization(layer, name));
                break;
            case "DROPOUT":
                Add(layer, new Dropout(Unique(name), layer.Part("dropout_param").Float("dropout_ratio", 0.5f)));
                break;
            case "FLATTEN":
                Add(layer, new Flatten(Unique(name)));
                break;
            case "SPLIT" or "SOFTMAX":
                break;
            case "BATCHNORM" or "SCALE" or "BN":
                throw Fault(layer, "normalizes by batches, which is computed with the convolution before it: fold it into that one's weights, or give the network as ONNX");
            default:
                throw Fault(layer, $"is of type {FormatError.Quote(layer.Text("type") ?? "")}, which is not supported; supported are Convolution, InnerProduct, ReLU, Pooling, LRN, Dropout, Flatten, Softmax");
        }
    }

    private Conv2d Convolution(ProtoText layer, string name)
    {
        ProtoText settings = layer.Part("convolution_param");
        if (settings.Ints("dilation").Any(dilation => dilation != 1))
            throw Fault(layer, "is dilated, which is not supported");
        int kernel = Square(layer, settings, "kernel_size", "kernel", 0), stride = Square(layer, settings, "stride", "stride", 1), groups = settings.Int("group", 1);
        (int rows, int columns) = Sides(layer, settings, "pad", "pad", 0);
        long inputs = (long)kernel * kernel * (_shape.Channels / Math.Max(1, groups));
        return new Conv2d(
            Unique(name), settings.Int("num_output", 0), kernel, stride, Padding.Explicit(rows, rows, columns, columns), groups,
            Filler(settings, "weight_filler", inputs), Filler(settings, "bias_filler", inputs));
    }

    private void InnerProduct(ProtoText layer, string name)
    {
        ProtoText settings = layer.Part("inner_product_param");
        if (settings.Int("axis", 1) != 1 || settings.Bool("transpose", false))
            throw Fault(layer, "multiplies along another axis, which is not supported");
        if (!_shape.IsVector)
            Add(layer, new Flatten(Unique("flatten")));
        var plain = new Linear(Unique(name), settings.Int("num_output", 0));
        Add(layer, plain.With(weight: Filler(settings, "weight_filler", _shape.Length), bias: Filler(settings, "bias_filler", _shape.Length)));
    }

    private Layer Pool(ProtoText layer, string name)
    {
        ProtoText settings = layer.Part("pooling_param");
        string kind = settings.Text("pool") ?? "MAX";
        bool global = settings.Bool("global_pooling", false), roundUp = (settings.Text("round_mode") ?? "CEIL") is not ("FLOOR" or "1");
        if (kind is "AVE" or "1" && global)
            return new AdaptiveAvgPool2d(Unique(name), 1, 1);
        if (global && _shape.Height != _shape.Width)
            throw Fault(layer, $"takes the maximum of a whole map of {_shape}, which is supported for square maps");
        int kernel = global ? _shape.Height : Square(layer, settings, "kernel_size", "kernel", 0), stride = Square(layer, settings, "stride", "stride", 1);
        (int rows, int columns) = Sides(layer, settings, "pad", "pad", 0);
        Padding padding = Padding.Explicit(rows, rows, columns, columns);
        return kind switch
        {
            "MAX" or "0" => new MaxPool2d(Unique(name), kernel, stride, padding, roundUp),
            "AVE" or "1" => new AvgPool2d(Unique(name), kernel, stride, padding, roundUp),
            _ => throw Fault(layer, $"pools by {FormatError.Quote(kind)}; MAX and AVE are supported"),
        };
    }

    private Layer Normalization(ProtoText layer, string name)
    {
        ProtoText settings = layer.Part("lrn_param");
        int size = settings.Int("local_size", 5);
        float alpha = settings.Float("alpha", 1), beta = settings.Float("beta", 0.75f);
        if (size % 2 == 0)
            throw Fault(layer, FormattableString.Invariant($"has a window of {size}; an odd size is needed"));
        // Caffe divides alpha by the window's size; the description does not.
        return settings.Text("norm_region") is "WITHIN_CHANNEL" or "1"
            ? new WithinChannelNorm(Unique(name), size, alpha, beta)
            : new LocalResponseNorm(Unique(name), size / 2, settings.Float("k", 1), alpha / size, beta);
    }

    /// <summary>Initial values; null if nothing is said, or a way that is not known here.</summary>
    private static Initializer? Filler(ProtoText settings, string name, long inputs)
    {
        ProtoText filler = settings.Part(name);
        return filler.Text("type") switch
        {
            "gaussian" => Initializer.Normal(filler.Float("std", 1)),
            "constant" => Initializer.Constant(filler.Float("value", 0)),
            // A uniform distribution of this standard deviation there.
            "xavier" => Initializer.Normal(1 / MathF.Sqrt(Math.Max(1, inputs))),
            "msra" => Initializer.He,
            _ => null,
        };
    }

    private int Square(ProtoText layer, ProtoText settings, string name, string prefix, int missing)
    {
        (int rows, int columns) = Sides(layer, settings, name, prefix, missing);
        return rows == columns ? rows : throw Fault(layer, FormattableString.Invariant($"has a {name} of {rows}×{columns}; the same for rows and columns is supported"));
    }

    private (int Rows, int Columns) Sides(ProtoText layer, ProtoText settings, string name, string prefix, int missing)
    {
        const int most = 1 << 15;
        (int rows, int columns) = settings.Ints(name) switch
        {
            [] => (settings.Int(prefix + "_h", missing), settings.Int(prefix + "_w", missing)),
            [int both] => (both, both),
            [int first, int second] => (first, second),
            _ => throw Fault(layer, $"has a {name} of more than two numbers"),
        };
        return rows <= most && columns <= most ? (rows, columns) : throw Fault(layer, FormattableString.Invariant($"has a {name} of {rows}×{columns}, which cannot be"));
    }

    private void Add(ProtoText source, Layer layer)
    {
        try
        {
            _shape = layer.OutputShape(_shape);
        }
        catch (Exception e) when (e is ArgumentException or OverflowException)
        {
            throw _net.Error(source.Line, e.Message.ReplaceLineEndings(" "));
        }
        _layers.Add(layer);
    }

    private Network Build()
    {
        if (_layers.Count == 0)
            throw _net.Error(1, "no layer computes anything");
        if (_shape is { IsVector: false, Height: 1, Width: 1 })
            _layers.Add(new Flatten(Unique("flatten")));
        string name = _net.Text("name") is { Length: > 0 and <= 100 } text && !text.Any(char.IsControl) ? text : "caffe-network";
        return new Network(NetworkCatalog.Find(name) is null ? name : name + "-prototxt", _input, _layers);
    }

    /// <summary>
    /// What a data layer says: crop, scale, means. Caffe reads images with OpenCV: blue, green, red, and both sides of the images in its databases
    /// were 256 before the crop.
    /// </summary>
    private static Preprocessing? PreprocessingOf(ProtoText data, Shape input)
    {
        ProtoText transform = data.Part("transform_param");
        if (input.Height != input.Width || input.Channels is not (1 or 3) || TypeOf(data) == "INPUT" || transform.Find("mean_file") is not null)
            return null;
        float[] mean = transform.Floats("mean_value");
        float scale = transform.Float("scale", 1);
        var preprocessing = new Preprocessing
        {
            Resize = ResizeMode.Square,
            ResizeTo = Math.Max(input.Height, transform.Int("crop_size", 0) > 0 ? 256 : input.Height),
            CropHeight = input.Height,
            CropWidth = input.Width,
            ChannelOrder = input.Channels == 1 ? ChannelOrder.Gray : ChannelOrder.Bgr,
            Scale = scale,
            // Caffe subtracts before it scales.
            Mean = [.. (mean.Length == 1 ? Enumerable.Repeat(mean[0], input.Channels) : mean).Select(value => value * scale)],
        };
        try
        {
            preprocessing.Validate();
            return preprocessing;
        }
        catch (ArgumentException e)
        {
            throw data.Error(data.Line, e.Message.ReplaceLineEndings(" "));
        }
    }

    private string Unique(string wanted)
    {
        string name = wanted.Length is > 0 and <= 200 && !wanted.Any(char.IsControl) ? wanted : FormattableString.Invariant($"layer{_layers.Count + 1}"), free = name;
        for (int i = 2; !_names.Add(free); i++)
            free = FormattableString.Invariant($"{name}_{i}");
        return free;
    }

    private InvalidDataException Fault(ProtoText layer, string message) => _net.Error(layer.Line, $"layer {FormatError.Quote(layer.Text("name") ?? "")} {message}");
}

namespace AlexNetSharp.Tests.Oracles;

/// <summary>A parameter and its gradient. Convolution kernels are [ky, kx, c / groups, o], fully connected weights [i, o], biases [o].</summary>
internal sealed class OracleParameter(string name, int length)
{
    public string Name { get; } = name;
    public double[] Value { get; } = new double[length];
    public double[] Gradient { get; set; } = [];
}

/// <summary>A layer of an <see cref="OracleNetwork"/>: remembers in forward what backward needs.</summary>
internal abstract class OracleLayer
{
    protected OracleTensor Input { get; private set; } = new(0, 0, 0, 0);

    public virtual IReadOnlyList<OracleParameter> Parameters => [];

    public OracleTensor Forward(OracleTensor x)
    {
        Input = x;
        return Compute(x);
    }

    /// <summary>What backward decides by.</summary>
    public IReadOnlyList<double> Decided => Input.Data;

    /// <summary>Lets backward decide by other values than this layer's own input: which ReLUs pass, where a maximum is.</summary>
    public void DecideBy(OracleTensor input) => Input = input;

    /// <summary>Sets the parameters' gradients and returns the input's.</summary>
    public abstract OracleTensor Backward(OracleTensor gradY);

    protected abstract OracleTensor Compute(OracleTensor x);
}

/// <summary>A layer without parameters, given by its two functions.</summary>
internal sealed class OracleFunction(Func<OracleTensor, OracleTensor> forward, Func<OracleTensor, OracleTensor, OracleTensor> backward) : OracleLayer
{
    public static OracleFunction ReLU() => new(OracleReLU.Forward, OracleReLU.Backward);

    public static OracleFunction Flatten() => new(x => x.Flatten(), (x, g) => g.Unflatten(x.Height, x.Width, x.Channels));

    public static OracleFunction MaxPool(OracleWindow window)
    {
        var pool = new OracleMaxPool(window);
        return new OracleFunction(pool.Forward, pool.Backward);
    }

    public static OracleFunction AveragePool(OracleWindow window, bool countPadding)
    {
        var pool = new OracleAveragePool(window, countPadding);
        return new OracleFunction(pool.Forward, pool.Backward);
    }

    public static OracleFunction AdaptiveAveragePool(int height, int width)
    {
        var pool = new OracleAdaptiveAveragePool(height, width);
        return new OracleFunction(pool.Forward, pool.Backward);
    }

    public static OracleFunction LocalResponseNorm(int radius, double bias, double alpha, double beta)
    {
        var norm = new OracleLocalResponseNorm(radius, bias, alpha, beta);
        return new OracleFunction(norm.Forward, norm.Backward);
    }

    public static OracleFunction WithinChannelNorm(int size, double alpha, double beta)
    {
        var norm = new OracleWithinChannelNorm(size, alpha, beta);
        return new OracleFunction(norm.Forward, norm.Backward);
    }

    public static OracleFunction Dropout(bool[] kept, double keepProbability) =>
        new(x => OracleDropout.Apply(x, kept, keepProbability), (_, g) => OracleDropout.Apply(g, kept, keepProbability));

    public override OracleTensor Backward(OracleTensor gradY) => backward(Input, gradY);

    protected override OracleTensor Compute(OracleTensor x) => forward(x);
}

/// <summary>A convolution with its kernel and bias.</summary>
internal sealed class OracleConvolutionLayer(string name, OracleConvolution convolution, int inputChannels) : OracleLayer
{
    private readonly OracleParameter _weight = new(
        $"{name}.weight", convolution.KernelHeight * convolution.KernelWidth * (inputChannels / convolution.Groups) * convolution.OutputChannels);
    private readonly OracleParameter _bias = new($"{name}.bias", convolution.OutputChannels);

    public override IReadOnlyList<OracleParameter> Parameters => [_weight, _bias];

    public override OracleTensor Backward(OracleTensor gradY)
    {
        _weight.Gradient = convolution.BackwardWeight(Input, gradY);
        _bias.Gradient = OracleConvolution.BackwardBias(gradY);
        return convolution.BackwardInput(Input, _weight.Value, gradY);
    }

    protected override OracleTensor Compute(OracleTensor x) => convolution.Forward(x, _weight.Value, _bias.Value);
}

/// <summary>A fully connected layer with its weight and bias.</summary>
internal sealed class OracleLinearLayer(string name, int inputs, int outputs) : OracleLayer
{
    private readonly OracleParameter _weight = new($"{name}.weight", checked(inputs * outputs));
    private readonly OracleParameter _bias = new($"{name}.bias", outputs);

    public override IReadOnlyList<OracleParameter> Parameters => [_weight, _bias];

    public override OracleTensor Backward(OracleTensor gradY)
    {
        _weight.Gradient = OracleLinear.BackwardWeight(Input, gradY);
        _bias.Gradient = OracleConvolution.BackwardBias(gradY);
        return OracleLinear.BackwardInput(Input, _weight.Value, gradY);
    }

    protected override OracleTensor Compute(OracleTensor x) => OracleLinear.Forward(x, _weight.Value, _bias.Value);
}

/// <summary>Two layers as one.</summary>
internal sealed class OracleSequence(OracleLayer first, OracleLayer second) : OracleLayer
{
    public override IReadOnlyList<OracleParameter> Parameters => [.. first.Parameters, .. second.Parameters];

    public override OracleTensor Backward(OracleTensor gradY) => first.Backward(second.Backward(gradY));

    protected override OracleTensor Compute(OracleTensor x) => second.Forward(first.Forward(x));
}

/// <summary>Layers one after the other, in float64.</summary>
internal sealed class OracleNetwork(params IReadOnlyList<OracleLayer> layers)
{
    public IReadOnlyList<OracleLayer> Layers { get; } = layers;

    public IReadOnlyList<OracleParameter> Parameters { get; } = [.. layers.SelectMany(l => l.Parameters)];

    public OracleParameter this[string name] => Parameters.Single(p => p.Name == name);

    public OracleTensor Forward(OracleTensor x) => Layers.Aggregate(x, (value, layer) => layer.Forward(value));

    /// <summary>Sets all parameters' gradients and returns the gradient of the input.</summary>
    public OracleTensor Backward(OracleTensor gradY) => Layers.Reverse().Aggregate(gradY, (gradient, layer) => layer.Backward(gradient));
}

namespace AlexNetSharp.Tests;

/// <summary>
/// The one table of accepted errors, all as max|actual − reference| / max|reference| against float64. Each says what it rests on.
/// A bound is never raised to make a test pass: an error above it is understood first.
/// </summary>
internal static class Tolerances
{
    /// <summary>The float32 rounding unit 2⁻²⁴.</summary>
    public const double Epsilon = 1.0 / (1 << 24);

    /// <summary>
    /// A single operation against the values of libtorch. Those were computed in float64 and stored as float32, so they carry half a unit in
    /// the last place themselves.
    /// </summary>
    public const double GoldenOperation = 2e-5;

    /// <summary>The oracle against libtorch's values: both float64, so the only difference is the rounding when the values were stored.</summary>
    public const double GoldenOracle = 2 * Epsilon;

    /// <summary>The same for a whole network: its weights and images, too, were rounded when they were stored, and twenty operations carry that on.</summary>
    public const double GoldenOracleNetwork = 2e-6;

    /// <summary>Gradients of the narrow golden network, and its weights after five SGD steps: a chain of about twenty operations.</summary>
    public const double GoldenNetwork = 1e-4;

    /// <summary>Losses and weights of the narrow golden network in ten fine-tuning steps of SGD or AdamW: what is promised of fine-tuning.</summary>
    public const double GoldenFinetuning = 1e-4;

    /// <summary>
    /// Losses and weights of a small network after ten steps in float32 against the same steps in float64: each step adds roundings of some
    /// 1e-6, and the steps after it carry them on.
    /// </summary>
    public const double SmallTraining = 1e-4;

    /// <summary>Output and gradients of the narrow networks of these tests.</summary>
    public const double SmallNetwork = 1e-4;

    /// <summary>Output of the full-size network at batch 2 against the oracle. A Winograd pipeline was measured at 2.9e-6, so this is seven times that.</summary>
    public const double FullNetworkOutput = 2e-5;

    /// <summary>Gradients of the full-size network at batch 2: forward errors, and flips of ReLU and maximum decisions that they cause, add up.</summary>
    public const double FullNetworkGradient = 2e-4;

    /// <summary>Logits of a network against another program in float32 that runs the same weights (ONNX Runtime): what the documentation promises.</summary>
    public const double OtherProgramLogits = 1e-5;

    /// <summary>
    /// An image alone against the same image in a batch: both in float32 with the same weights; only the order of sums may differ where an
    /// algorithm is chosen by the batch.
    /// </summary>
    public const double OtherBatch = 1e-5;

    /// <summary>
    /// Probabilities with fully connected weights as bfloat16: each weight is off by 2⁻⁹ at most, which three layers may carry to 1 % of the
    /// logits, and a probability is off by its logit's absolute error; the logits of these tests are of size 1 to 3.
    /// </summary>
    public const double BFloat16Probabilities = 0.03;

    /// <summary>
    /// Outputs of a network whose 8-bit weights are exact float32 numbers, computed from both: only the scale is taken out of the sums, a rounding
    /// or two for each output, in three layers.
    /// </summary>
    public const double Int8AgainstItsFloat32 = 1e-5;

    /// <summary>Elementwise operations, pooling and normalization: a few roundings, and 1/√x within 3e-7.</summary>
    public const double Elementwise = 2e-6;

    /// <summary>
    /// A sum of n products in float32: with random signs, n additions in sequence are off by about ε · √n of the sum's own size; the factor is
    /// for the worst of many sums. Measured with the plain loops: at most a third of this. Fully connected layers and direct convolution.
    /// </summary>
    public static double Direct(long reductionLength) => 3 * Epsilon * Math.Sqrt(reductionLength + 16);

    /// <summary>
    /// What a convolution algorithm may lose in one direction: direct sums as <see cref="Direct"/>; Winograd's transforms amplify rounding by a
    /// factor that depends on the tile (measured with random values: 1.2e-5 forward, 1.1e-5 for the input and 2.5e-5 for the weight gradient).
    /// </summary>
    /// <param name="algorithm">Name of the candidate.</param>
    /// <param name="direction">Which result.</param>
    /// <param name="reductionLength">Products summed for one value of the result.</param>
    public static double Convolution(string algorithm, Direction direction, long reductionLength) =>
        (algorithm.Contains("winograd", StringComparison.OrdinalIgnoreCase), direction) switch
        {
            (_, Direction.BackwardBias) or (false, _) => Direct(reductionLength),
            (true, Direction.Forward) => 2e-5,
            (true, Direction.BackwardInput) => 2e-5,
            (true, _) => 4e-5,
        };
}

/// <summary>The results of an operation.</summary>
internal enum Direction
{
    Forward,
    BackwardInput,
    BackwardWeight,
    BackwardBias,
}

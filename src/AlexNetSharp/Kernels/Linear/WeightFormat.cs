namespace AlexNetSharp.Kernels.Linear;

/// <summary>What forward of a fully connected layer reads its weight as; sums are float32 in each case.</summary>
internal enum WeightFormat
{
    /// <summary>float32, the weight itself.</summary>
    Float32,

    /// <summary>A copy rounded to bfloat16.</summary>
    BFloat16,

    /// <summary>A copy in 8-bit integers with a scale for each output (<see cref="Tensors.Int8"/>).</summary>
    Int8,
}

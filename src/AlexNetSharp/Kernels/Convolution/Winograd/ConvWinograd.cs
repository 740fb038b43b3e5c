using AlexNetSharp.Simd;

namespace AlexNetSharp.Kernels.Convolution.Winograd;

/// <summary>Winograd convolution as an entry of <see cref="ConvAlgorithms"/>.</summary>
internal static class ConvWinograd
{
    /// <summary>Multiplications that must be saved for the transforms to pay: direct convolution needs at least this many times as many.</summary>
    private const double LeastSaving = 1.4;

    /// <summary>Channels on either side below which the transforms cost more than the products save.</summary>
    private const int LeastChannels = 16;

    /// <summary>Accepts convolutions with kernels of 2 to 5 taps (times the stride) that have channels enough, unless precision is asked for.</summary>
    public static ConvCandidate Candidate(ConvGeometry geometry, ConvRequest request)
    {
        const string name = "winograd";
        if (request.Precise)
            return new(name, null, "the rounding error of direct convolution was asked for");
        if (!Supports(geometry))
            return new(name, null, $"no tile for a kernel of {geometry.KernelHeight}×{geometry.KernelWidth} at stride {geometry.StrideHeight}×{geometry.StrideWidth}");
        var fold = new KernelFold(geometry);
        int outputChannels = geometry.OutputChannels / geometry.Groups;
        if (Math.Min(fold.Channels, outputChannels) < LeastChannels)
            return new(name, null, $"{fold.Channels} to {outputChannels} channels are too few for the transforms to pay (at least {LeastChannels})");
        ConvAlgorithm algorithm = Create(geometry, request, SimdTiers.Best);
        double saving = (double)geometry.MultiplyAdds / algorithm.ForwardMultiplications;
        return saving < LeastSaving
            ? new(name, null, FormattableString.Invariant($"saves a factor {saving:0.00} of multiplications, too little to pay (at least {LeastSaving})"))
            : new(algorithm.Name, algorithm, FormattableString.Invariant($"saves a factor {saving:0.00} of multiplications"));
    }

    /// <summary>Whether there are tiles for the kernel and stride.</summary>
    public static bool Supports(ConvGeometry geometry) =>
        KernelFold.Taps(geometry.KernelHeight, geometry.StrideHeight) > 0 && KernelFold.Taps(geometry.KernelWidth, geometry.StrideWidth) > 0;

    /// <summary>The algorithm on vectors of the given tier, whether it pays or not.</summary>
    /// <exception cref="ArgumentException"><see cref="Supports"/> is false.</exception>
    public static ConvAlgorithm Create(ConvGeometry geometry, ConvRequest request, SimdTier tier)
    {
        if (!Supports(geometry))
            throw new ArgumentException($"There are no Winograd tiles for {geometry}.", nameof(geometry));
        return tier switch
        {
            SimdTier.Vector512 => new ConvWinograd<F32x16>(geometry, request),
            SimdTier.Vector256 => new ConvWinograd<F32x8>(geometry, request),
            SimdTier.Vector128 => new ConvWinograd<F32x4>(geometry, request),
            _ => new ConvWinograd<F32x1>(geometry, request),
        };
    }
}

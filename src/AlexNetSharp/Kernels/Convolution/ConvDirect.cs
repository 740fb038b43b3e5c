using AlexNetSharp.Simd;

namespace AlexNetSharp.Kernels.Convolution;

/// <summary>Direct convolution without packing, for few input channels, as an entry of <see cref="ConvAlgorithms"/>.</summary>
internal static class ConvDirect
{
    /// <summary>Weights of an output channel (5×5×32) up to which this was measured to be faster than <see cref="ConvGemm"/> forward and backward.</summary>
    /// <remarks>With longer ones packing is a smaller part of the work, and the sums of the parts of the weight gradient leave the caches.</remarks>
    private const int MostColumns = 800;

    /// <summary>Pixels in a row of the output below which a tile has too few sums to hide the latency of a multiply-add.</summary>
    private const int LeastWidth = 4;

    /// <summary>Floats of padded input rows for one row of the output up to which they stay in the second-level cache: 256 KiB.</summary>
    private const long MostInput = 64 << 10;

    /// <summary>Accepts convolutions of one group with few weights for each output channel, as those have that read an image.</summary>
    public static ConvCandidate Candidate(ConvGeometry geometry, ConvRequest request)
    {
        const string name = "direct";
        ConvGeometry g = geometry;
        if (g.Groups != 1)
            return new(name, null, $"{g.Groups} groups; it takes one");
        long columns = (long)g.KernelHeight * g.KernelWidth * g.InputChannels;
        if (columns > MostColumns)
            return new(name, null, $"{g.KernelHeight}×{g.KernelWidth}×{g.InputChannels} = {columns} weights an output channel are too many (at most {MostColumns})");
        if (g.OutputWidth < LeastWidth)
            return new(name, null, $"{g.OutputWidth} output pixels in a row are too few for a tile (at least {LeastWidth})");
        long rowLength = ((g.OutputWidth - 1L) * g.StrideWidth + g.KernelWidth) * g.InputChannels;
        if (rowLength * g.KernelHeight > MostInput)
            return new(name, null, $"{g.KernelHeight} padded rows of {rowLength} floats are too long for the second-level cache (at most {MostInput} together)");
        return new(name, Create(geometry, request, SimdTiers.Best), $"{columns} weights an output channel: patches are read where they lie, without packing");
    }

    /// <summary>The algorithm on vectors of the given tier, whether it pays or not.</summary>
    /// <exception cref="ArgumentException">There is more than one group.</exception>
    public static ConvAlgorithm Create(ConvGeometry geometry, ConvRequest request, SimdTier tier)
    {
        if (geometry.Groups != 1)
            throw new ArgumentException($"Direct convolution without packing takes one group, not {geometry.Groups}.", nameof(geometry));
        return tier switch
        {
            SimdTier.Vector512 => new ConvDirect<F32x16>(geometry, request),
            SimdTier.Vector256 => new ConvDirect<F32x8>(geometry, request),
            SimdTier.Vector128 => new ConvDirect<F32x4>(geometry, request),
            _ => new ConvDirect<F32x1>(geometry, request),
        };
    }
}

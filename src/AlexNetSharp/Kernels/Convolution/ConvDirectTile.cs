namespace AlexNetSharp.Kernels.Convolution;

/// <summary>Micro-kernel of direct convolution: a few adjacent output pixels, two vectors of channels wide, held in registers over the whole kernel.</summary>
/// <remarks>
/// <para>
/// c[i·cRowStride + j] = bias[j] + Σ over r &lt; runs and k &lt; run of a[r·(run + skip) + i·step + k] · b[32·(r·run + k) + j], or max(0, ·) of it, for
/// i &lt; height and j &lt; 2·V.Count. A row of the kernel is one run of kernelWidth · ic floats in the padded image, and the run of the next pixel
/// begins step = stride · ic floats further on: so the image is read as it lies, nothing is packed.
/// </para>
/// <para>Eight pixels are enough to keep the multipliers busy, and as many distances of pixels as there are general registers for.</para>
/// </remarks>
[ConvTiles(maxHeight: 8, gradient: false)]
internal static partial class ConvDirectTile;

/// <summary>Micro-kernel of its weight gradient: a few taps of one row of the kernel, two vectors of channels wide, held in registers over some rows of the output.</summary>
/// <remarks>
/// c[32·i + j] += Σ over y &lt; rows and x &lt; width of a[y·(width·step + skip) + x·step + i] · b[32·(y·width + x) + j], for i &lt; height and
/// j &lt; 2·V.Count. The loop prefetches <c>streamStep</c> floats for every pixel, from <c>stream</c> on: what the caller will need next.
/// </remarks>
[ConvTiles(maxHeight: 14, gradient: true)]
internal static partial class ConvDirectGradientTile;

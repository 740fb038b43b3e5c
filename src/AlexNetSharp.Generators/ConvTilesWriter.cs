using System.Linq;
using static AlexNetSharp.Generators.TileClassWriter;

namespace AlexNetSharp.Generators;

/// <summary>Writes the source of the tile methods of direct convolution.</summary>
internal static class ConvTilesWriter
{
    /// <summary>Steps along the kernel per loop iteration, see <see cref="GemmTilesWriter"/>.</summary>
    private const int Steps = 4;

    private const string
        ForwardParameters = "float* a, nint step, nint skip, float* b, float* bias, float* c, nint cRowStride, nint run, nint runs, bool relu",
        ForwardArguments = "a, step, skip, b, bias, c, cRowStride, run, runs, relu",
        GradientParameters = "float* a, nint step, nint skip, float* b, float* c, nint width, nint rows, float* stream, nint streamStep",
        GradientArguments = "a, step, skip, b, c, width, rows, stream, streamStep";

    /// <summary>Returns the source file for one class.</summary>
    public static string Write(ConvTileClass tile)
    {
        string parameters = tile.Gradient ? GradientParameters : ForwardParameters;
        string arguments = tile.Gradient ? GradientArguments : ForwardArguments;
        return TileClassWriter.Write(tile.Namespace, tile.Name, tile.MaxHeight, expanded: false, "void", parameters, arguments, tile.Gradient ? Gradient : Forward);
    }

    private static string Forward(int height) => $$"""
                {{(height > 2 ? "nint " + string.Join(", ", Enumerable.Range(2, height - 2).Select(i => $"s{i} = {i} * step")) + ";" : "")}}
                V value, bl = V.Load(bias), br = V.Load(bias + V.Count);
        {{Each(height, 8, i => $"V c{i}l = bl, c{i}r = br; Prefetch.Near(c + {i} * cRowStride); Prefetch.Near(c + {i} * cRowStride + V.Count);")}}
                for (; runs > 0; runs--)
                {
                    nint k = run;
                    for (; k >= {{Steps}}; k -= {{Steps}})
                    {
        {{string.Concat(Enumerable.Range(0, Steps).Select(step => ForwardStep(height, step)))}}                a += {{Steps}};
                        b += {{32 * Steps}};
                    }
                    for (; k > 0; k--)
                    {
        {{ForwardStep(height, 0)}}                a++;
                        b += 32;
                    }
                    a += skip;
                }
                if (relu)
                {
        {{Each(height, 12, i => $"c{i}l = V.MaxNative(V.Zero, c{i}l); c{i}r = V.MaxNative(V.Zero, c{i}r);")}}        }
        {{Each(height, 8, i => $"V.Store(c{i}l, c + {i} * cRowStride); V.Store(c{i}r, c + {i} * cRowStride + V.Count);")}}
        """;

    private static string ForwardStep(int height, int step) =>
        $"                bl = V.Load(b + {32 * step}); br = V.Load(b + {32 * step} + V.Count);\n"
        + Each(height, 16, i => MultiplyAdd(i, i switch { 0 => $"a[{step}]", 1 => $"a[step + {step}]", _ => $"a[s{i} + {step}]" }));

    private static string Gradient(int height) => $$"""
        {{Each(height, 8, i => $"V c{i}l = V.Load(c + {32 * i}), c{i}r = V.Load(c + {32 * i} + V.Count);")}}
                for (; rows > 0; rows--)
                {
                    for (nint p = width; p > 0; p--)
                    {
                        V value, bl = V.Load(b), br = V.Load(b + V.Count);
                        Prefetch.Far(stream);
        {{Each(height, 16, i => MultiplyAdd(i, $"a[{i}]"))}}                a += step;
                        b += 32;
                        stream += streamStep;
                    }
                    a += skip;
                }
        {{Each(height, 8, i => $"V.Store(c{i}l, c + {32 * i}); V.Store(c{i}r, c + {32 * i} + V.Count);")}}
        """;
}

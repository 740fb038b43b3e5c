using System.Linq;
using static AlexNetSharp.Generators.TileClassWriter;

namespace AlexNetSharp.Generators;

/// <summary>Writes the source of the tile methods of matrix products.</summary>
internal static class GemmTilesWriter
{
    /// <summary>Floats of a cache line.</summary>
    private const int Line = 16;

    /// <summary>Returns the source file for one class.</summary>
    public static string Write(TileClass tile)
    {
        string parameters = Parameters(tile.Transposed, tile.Expanded);
        string arguments = (tile.Transposed ? "a, " : "a, aPanelStride, ") + "b, c, depth, stream, streamStep, accumulate";
        return TileClassWriter.Write(
            tile.Namespace, tile.Name, tile.MaxHeight, tile.Expanded, parameters, arguments, height => Body(height, tile.Transposed, tile.Expanded));
    }

    private static string Parameters(bool transposed, bool expanded) =>
        (transposed ? "float* a, " : "float* a, nint aPanelStride, ")
        + (expanded ? "byte* b, " : "float* b, ")
        + "float* c, nint depth, float* stream, nint streamStep, bool accumulate";

    private static string Body(int height, bool transposed, bool expanded)
    {
        int steps = Steps(height);
        string size = expanded ? " * W.Size" : "";
        string rows = string.Concat(Enumerable.Range(0, steps).Select(k => Step(height, k, transposed, expanded)));
        string loop = transposed
            ? $$"""
                        for (; depth >= {{steps}}; depth -= {{steps}})
                        {
                            {{Stream(steps)}}
                {{rows}}            a += {{32 * steps}};
                            b += {{32 * steps}}{{size}};
                        }
                        for (; depth > 0; depth--)
                        {
                            {{Stream(1)}}
                {{Step(height, 0, transposed, expanded)}}            a += 32;
                            b += 32{{size}};
                        }

                """
            : $$"""
                        float* nextTile = a + 32 * {{height}};
                        for (; depth > 0; depth -= 32)
                        {
                            float* next = depth > 32 ? a + aPanelStride : nextTile, end = a + aPanelStride;
                            nint k = Math.Min(depth, 32);
                            for (; k >= {{steps}}; k -= {{steps}})
                            {
                                {{Stream(steps)}}
                                {{string.Join(" ", Enumerable.Range(0, (steps * height + Line - 1) / Line).Select(line => $"Prefetch.Near(next + {line * Line});"))}}
                {{rows}}                a += {{steps}};
                                b += {{32 * steps}}{{size}};
                                next += {{steps * height}};
                            }
                            for (; k > 0; k--)
                            {
                                {{Stream(1)}}
                {{Step(height, 0, transposed, expanded)}}                a++;
                                b += 32{{size}};
                            }
                            a = end;
                        }

                """;
        return $$"""
            {{Each(height, 8, i => $"V c{i}l = V.Zero, c{i}r = V.Zero; Prefetch.Near(c + {32 * i}); if (V.Count >= {Line}) Prefetch.Near(c + {32 * i} + V.Count);")}}{{loop}}        if (accumulate)
                    {
            {{Each(height, 12, i => $"c{i}l += V.Load(c + {32 * i}); c{i}r += V.Load(c + {32 * i} + V.Count);")}}        }
            {{Each(height, 8, i => $"V.Store(c{i}l, c + {32 * i}); V.Store(c{i}r, c + {32 * i} + V.Count);")}}
            """;
    }

    /// <summary>
    /// Rows of B per iteration. To count and to prefetch at each would hold up a processor that decodes few instructions at once, as it does for two threads
    /// on a core; and the compiler lets the accumulators of a short tile change registers, and moves them back at the end of an iteration.
    /// </summary>
    private static int Steps(int height) => height > 8 ? 4 : 8;

    private static string Stream(int steps) =>
        $"if (streamStep > 0) {{ {string.Concat(Enumerable.Repeat("Prefetch.Far(stream); stream += streamStep; ", steps))}}}";

    /// <summary>The statements for one row of B.</summary>
    private static string Step(int height, int k, bool transposed, bool expanded)
    {
        string Load(string offset) => expanded ? $"W.Load<V>(b + ({32 * k}{offset}) * W.Size)" : $"V.Load(b + {32 * k}{offset})";
        return $$"""
                            {
                                V x, bl = {{Load("")}}, br = {{Load(" + V.Count")}};
                                {{(transposed ? $"Prefetch.Near(a + {32 * (8 + k)});" : "")}}
            {{Each(height, 20, i => MultiplyAdd(i, $"{(transposed ? i + 32 * k : 32 * i + k)}"))}}                }

            """;
    }
}

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
        string b = tile.Expanded ? "byte* b" : "float* b";
        return tile.Transposed
            ? TileClassWriter.Write(
                tile.Namespace, tile.Name, tile.MaxHeight, tile.Expanded, "void",
                $"nint count, float* a, {b}, float* c, nint depth, nint lines, bool accumulate",
                "count, a, b, c, depth, lines, accumulate", height => Transposed(height, tile.Expanded))
            : TileClassWriter.Write(
                tile.Namespace, tile.Name, tile.MaxHeight, tile.Expanded, "float*",
                $"nint count, float* a, nint aPanelStride, {b}, float* c, nint depth, float* stream, float* streamEnd, nint lines, nint lineStep, bool accumulate",
                "count, a, aPanelStride, b, c, depth, stream, streamEnd, lines, lineStep, accumulate", height => Plain(height, tile.Expanded));
    }

    private static string Plain(int height, bool expanded)
    {
        int steps = Steps(height);
        return Tiles(height, expanded, $"a += {32 * height}", $"nint ahead = stream < streamEnd ? {Ahead(steps)} : 0;", $$"""
                            for (nint rest = depth; rest > 0; rest -= 32)
                            {
                                float* next = rest > 32 ? x + aPanelStride : a + {{32 * height}}, end = x + aPanelStride;
                                nint k = Math.Min(rest, 32);
                                for (; k >= {{steps}}; k -= {{steps}})
                                {
                                    {{PrefetchLines("lineStep")}}
                                    {{string.Join(" ", Enumerable.Range(0, (steps * height + Line - 1) / Line).Select(line => $"Prefetch.Near(next + {line * Line});"))}}
            {{AllSteps(height, transposed: false, expanded)}}                        x += {{steps}};
                                    y += {{32 * steps}}{{Size(expanded)}};
                                    next += {{steps * height}};
                                }
                                for (; k > 0; k--)
                                {
            {{Step(height, 0, transposed: false, expanded)}}                        x++;
                                    y += 32{{Size(expanded)}};
                                }
                                x = end;
                            }

            """) + "        return stream;\n";
    }

    private static string Transposed(int height, bool expanded)
    {
        int steps = Steps(height);
        return Tiles(height, expanded, $"a += {height}", $"float* stream = c + {32 * height}; nint ahead = {Ahead(steps)};", $$"""
                            nint k = depth;
                            for (; k >= {{steps}}; k -= {{steps}})
                            {
                                {{PrefetchLines($"{Line}")}}
            {{AllSteps(height, transposed: true, expanded)}}                    x += {{32 * steps}};
                                y += {{32 * steps}}{{Size(expanded)}};
                            }
                            for (; k > 0; k--)
                            {
            {{Step(height, 0, transposed: true, expanded)}}                    x += 32;
                                y += 32{{Size(expanded)}};
                            }

            """);
    }

    /// <summary>All tiles below one another and beside one another: each sets its accumulators to zero, runs the loop and stores them.</summary>
    private static string Tiles(int height, bool expanded, string nextRows, string before, string loop) => $$"""
                for (; count > 0; count--, {{nextRows}}, c += {{32 * height}})
                {
                    {{before}}
                    for (nint column = 0; column < 32; column += 2 * V.Count)
                    {
                        float* x = a, z = c + column;
                        {{(expanded ? "byte" : "float")}}* y = b + column{{Size(expanded)}};
        {{Each(height, 16, i => $"V c{i}l = V.Zero, c{i}r = V.Zero; Prefetch.Near(z + {32 * i}); if (V.Count >= {Line}) Prefetch.Near(z + {32 * i} + V.Count);")}}{{loop}}                if (accumulate)
                        {
        {{Each(height, 20, i => $"c{i}l += V.Load(z + {32 * i}); c{i}r += V.Load(z + {32 * i} + V.Count);")}}                }
        {{Each(height, 16, i => $"V.Store(c{i}l, z + {32 * i}); V.Store(c{i}r, z + {32 * i} + V.Count);")}}            }
                }

        """;

    private static string Size(bool expanded) => expanded ? " * W.Size" : "";

    /// <summary>Cache lines to prefetch per iteration; <c>lines</c> counts those for eight rows of B.</summary>
    private static string Ahead(int steps) => steps == 8 ? "lines" : $"(lines * {steps} + 7) / 8";

    /// <summary>Asks for the next few cache lines of what the caller will need next.</summary>
    private static string PrefetchLines(string step) => $"for (nint line = ahead; line > 0; line--, stream += {step}) Prefetch.Far(stream);";

    /// <summary>
    /// Rows of B per iteration. To count and to prefetch at each would hold up a processor that decodes few instructions at once, as it does for two threads
    /// on a core; and the compiler lets the accumulators of a short tile change registers, and moves them back at the end of an iteration.
    /// </summary>
    private static int Steps(int height) => height > 8 ? 4 : 8;

    private static string AllSteps(int height, bool transposed, bool expanded) =>
        string.Concat(Enumerable.Range(0, Steps(height)).Select(k => Step(height, k, transposed, expanded)));

    /// <summary>The statements for one row of B.</summary>
    private static string Step(int height, int k, bool transposed, bool expanded)
    {
        string Load(string offset) => expanded ? $"W.Load<V>(y + ({32 * k}{offset}) * W.Size)" : $"V.Load(y + {32 * k}{offset})";
        return $$"""
                            {
                                V value, bl = {{Load("")}}, br = {{Load(" + V.Count")}};
                                {{(transposed ? $"Prefetch.Near(x + {32 * (8 + k)});" : "")}}
            {{Each(height, 20, i => MultiplyAdd(i, $"x[{(transposed ? i + 32 * k : 32 * i + k)}]"))}}                }

            """;
    }
}

using static AlexNetSharp.Generators.TileClassWriter;

namespace AlexNetSharp.Generators;

/// <summary>Writes the source of the tile methods of matrix products.</summary>
internal static class GemmTilesWriter
{
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
        string left = expanded ? "W.Load<V>(b)" : "V.Load(b)", right = expanded ? "W.Load<V>(b + V.Count * W.Size)" : "V.Load(b + V.Count)";
        string nextRow = expanded ? "b += 32 * W.Size" : "b += 32";
        string step = Each(height, transposed ? 12 : 16, i => MultiplyAdd(i, $"{(transposed ? i : 32 * i)}"));
        string loop = transposed
            ? $$"""
                        for (nint k = depth; k > 0; k--)
                        {
                            V x, bl = {{left}}, br = {{right}};
                            Prefetch.Near(a + 32 * 8);
                            Prefetch.Far(stream);
                {{step}}            a += 32;
                            {{nextRow}};
                            stream += streamStep;
                        }

                """
            : $$"""
                        float* nextTile = a + 32 * {{height}};
                        for (; depth > 0; depth -= 32)
                        {
                            float* next = depth > 32 ? a + aPanelStride : nextTile;
                            for (nint k = Math.Min(depth, 32); k > 0; k--)
                            {
                                V x, bl = {{left}}, br = {{right}};
                                Prefetch.Near(next);
                                Prefetch.Far(stream);
                {{step}}                a++;
                                {{nextRow}};
                                next += {{height}};
                                stream += streamStep;
                            }
                            a += aPanelStride - 32;
                        }

                """;
        return $$"""
            {{Each(height, 8, i => $"V c{i}l = V.Zero, c{i}r = V.Zero; Prefetch.Near(c + {32 * i}); Prefetch.Near(c + {32 * i} + V.Count);")}}{{loop}}        if (accumulate)
                    {
            {{Each(height, 12, i => $"c{i}l += V.Load(c + {32 * i}); c{i}r += V.Load(c + {32 * i} + V.Count);")}}        }
            {{Each(height, 8, i => $"V.Store(c{i}l, c + {32 * i}); V.Store(c{i}r, c + {32 * i} + V.Count);")}}
            """;
    }
}

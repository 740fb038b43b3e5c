using static AlexNetSharp.Generators.TileClassWriter;

namespace AlexNetSharp.Generators;

/// <summary>The source of the tile methods.</summary>
internal static class GemmTilesWriter
{
    /// <summary>The file for one class.</summary>
    public static string Write(TileClass tile)
    {
        string parameters = Parameters(tile.Transposed, tile.BFloat16);
        string arguments = (tile.Transposed ? "a, " : "a, aPanelStride, ") + "b, c, depth, stream, streamStep, accumulate";
        return TileClassWriter.Write(
            tile.Namespace, tile.Name, tile.MaxHeight, parameters, arguments, height => Body(height, tile.Transposed, tile.BFloat16));
    }

    private static string Parameters(bool transposed, bool bfloat16) =>
        (transposed ? "float* a, " : "float* a, nint aPanelStride, ")
        + (bfloat16 ? "ushort* b, " : "float* b, ")
        + "float* c, nint depth, float* stream, nint streamStep, bool accumulate";

    private static string Body(int height, bool transposed, bool bfloat16)
    {
        string load = bfloat16 ? "V.LoadBFloat16" : "V.Load";
        string step = Each(height, transposed ? 12 : 16, i => MultiplyAdd(i, $"{(transposed ? i : 32 * i)}"));
        string loop = transposed
            ? $$"""
                        for (nint k = depth; k > 0; k--)
                        {
                            V x, bl = {{load}}(b), br = {{load}}(b + V.Count);
                            Prefetch.Near(a + 32 * 8);
                            Prefetch.Far(stream);
                {{step}}            a += 32;
                            b += 32;
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
                                V x, bl = {{load}}(b), br = {{load}}(b + V.Count);
                                Prefetch.Near(next);
                                Prefetch.Far(stream);
                {{step}}                a++;
                                b += 32;
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

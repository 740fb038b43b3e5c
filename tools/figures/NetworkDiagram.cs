using System.Globalization;
using AlexNetSharp.Cli.Plots;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using SkiaSharp;

namespace AlexNetSharp.Figures;

/// <summary>A network as a row of blocks, with the cost of each layer below. All numbers come from the network's description.</summary>
internal static class NetworkDiagram
{
    private const int Width = 1120, Height = 500, ColumnWidth = 92, Middle = 170, CaptionTop = 298, BarsBottom = 462, BarHeight = 66;

    private static readonly SKColor s_image = new(0x80, 0x80, 0x80);

    /// <summary>The notebook's AlexNet: maps, sizes, layers, multiply-adds and parameters.</summary>
    public static byte[] AlexNet()
    {
        Network network = Networks.AlexNet.TensorFlow(reluAfterLogits: false);
        Stage[] stages = [.. Stages(network)];
        long mostWork = stages.Max(stage => stage.MultiplyAdds), mostParameters = stages.Max(stage => stage.Parameters);
        return Canvas.Png(Width, Height, canvas =>
        {
            for (int i = 0; i < stages.Length; i++)
            {
                float x = 16 + (i + 0.5f) * ColumnWidth;
                if (i > 0)
                    Arrow(canvas, x - ColumnWidth / 2f);
                Block(canvas, stages[i], x);
                canvas.Words(stages[i].Name, x, CaptionTop, 14, SKTextAlign.Center, stages[i].Color);
                foreach ((int row, string words) in stages[i].Captions.Index())
                    canvas.Words(words, x, CaptionTop + 17 + 15 * row, 11, SKTextAlign.Center);
            }
            canvas.Words("Millions of", 24, BarsBottom - 48, 12);
            Key(canvas, 24, BarsBottom - 38, "multiply-adds", Canvas.Blue);
            Key(canvas, 24, BarsBottom - 18, "parameters", Canvas.Orange);
            foreach ((int i, Stage stage) in stages.Index().Where(item => item.Item.Parameters > 0))
            {
                float x = 16 + (i + 0.5f) * ColumnWidth;
                Bar(canvas, x - 30, stage.MultiplyAdds, mostWork, Canvas.Blue);
                Bar(canvas, x + 2, stage.Parameters, mostParameters, Canvas.Orange);
            }
            using var line = new SKPaint { Color = PlotStyle.Text, StrokeWidth = 1 };
            canvas.DrawLine(26 + ColumnWidth, BarsBottom, Width - 12, BarsBottom, line);
            canvas.Words(
                FormattableString.Invariant($"{network.MultiplyAdds / 1e6:0} million multiply-adds and {network.ParameterCount / 1e6:0.0} million parameters in all, for one image"),
                Width - 12, BarsBottom + 26, 13, SKTextAlign.Right);
        });
    }

    /// <summary>The image, and every layer that computes new values, with the layers that follow it in the caption.</summary>
    private static IEnumerable<Stage> Stages(Network network)
    {
        yield return new Stage("image", network.InputShape, s_image, ["red, green,", "blue"], 0, 0);
        for (int i = 0; i < network.Layers.Count; i++)
        {
            Layer layer = network.Layers[i];
            (SKColor Color, string[] Captions)? kind = layer switch
            {
                Conv2d conv => (Canvas.Blue, [$"{conv.KernelSize}×{conv.KernelSize}, stride {conv.Stride}"]),
                MaxPool2d pool => (Canvas.Green, ["maximum of", $"{pool.KernelSize}×{pool.KernelSize}, stride {pool.Stride}"]),
                Linear => (Canvas.Orange, ["fully connected"]),
                _ => null,
            };
            if (kind is not { } drawn)
                continue;
            string[] after = [.. network.Layers.Skip(i + 1).TakeWhile(next => next is not (Conv2d or MaxPool2d or Linear)).Select(next => next switch
            {
                ReLU => "ReLU",
                LocalResponseNorm => "normalization",
                Dropout => "dropout",
                _ => "",
            }).Where(name => name.Length > 0)];
            yield return new Stage(
                layer.Name, network.OutputOf(i), drawn.Color, [.. drawn.Captions, .. after], network.MultiplyAddsOf(i),
                network.ParametersOf(i).Sum(parameter => parameter.Length));
        }
    }

    /// <summary>Draws maps as a block whose height and depth are those of the maps and whose width is their number; a vector as a bar.</summary>
    /// <remarks>Sides scale with the square root: drawn to scale, 6 pixels next to 224 would be a dot.</remarks>
    private static void Block(SKCanvas canvas, Stage stage, float x)
    {
        bool isVector = stage.Shape is { Height: 1, Width: 1 };
        float height = isVector ? 2.6f * MathF.Sqrt(stage.Shape.Channels) : 11.5f * MathF.Sqrt(stage.Shape.Height);
        float width = isVector ? 12 : Math.Max(4, 1.6f * MathF.Sqrt(stage.Shape.Channels)), depth = isVector ? 5 : 0.3f * height;
        float left = x - (width + depth) / 2, top = Middle - (height - depth) / 2, right = left + width, bottom = top + height;
        Face(canvas, stage.Color, 0.45f, [new(left, top), new(left + depth, top - depth), new(right + depth, top - depth), new(right, top)]);
        Face(canvas, stage.Color, 0.7f, [new(right, top), new(right + depth, top - depth), new(right + depth, bottom - depth), new(right, bottom)]);
        Face(canvas, stage.Color, 0.25f, [new(left, top), new(right, top), new(right, bottom), new(left, bottom)]);
        string size = isVector
            ? FormattableString.Invariant($"{stage.Shape.Channels}")
            : FormattableString.Invariant($"{stage.Shape.Height}×{stage.Shape.Width}×{stage.Shape.Channels}");
        canvas.Words(size, x, Math.Min(top - depth - 10, Middle - 60), 12, SKTextAlign.Center);
    }

    /// <summary>Draws a face in a tint of a color: 1 is the color itself, 0 is white.</summary>
    private static void Face(SKCanvas canvas, SKColor color, float strength, SKPoint[] corners)
    {
        byte Tint(byte component) => (byte)(255 + (component - 255) * strength);
        using var path = new SKPath();
        path.AddPoly(corners);
        using var fill = new SKPaint { Color = new SKColor(Tint(color.Red), Tint(color.Green), Tint(color.Blue)), IsAntialias = true };
        using var edge = new SKPaint { Color = color, Style = SKPaintStyle.Stroke, StrokeWidth = 1, IsAntialias = true, StrokeJoin = SKStrokeJoin.Round };
        canvas.DrawPath(path, fill);
        canvas.DrawPath(path, edge);
    }

    private static void Arrow(SKCanvas canvas, float x)
    {
        using var paint = new SKPaint { Color = PlotStyle.Text, StrokeWidth = 1.5f, IsAntialias = true };
        canvas.DrawLine(x - 9, Middle, x + 6, Middle, paint);
        using var head = new SKPath();
        head.AddPoly([new(x + 10, Middle), new(x + 3, Middle - 4), new(x + 3, Middle + 4)]);
        canvas.DrawPath(head, paint);
    }

    private static void Bar(SKCanvas canvas, float x, long value, long largest, SKColor color)
    {
        float height = Math.Max(1, BarHeight * (float)value / largest);
        using var paint = new SKPaint { Color = color };
        canvas.DrawRect(SKRect.Create(x, BarsBottom - height, 28, height), paint);
        canvas.Words((value / 1e6).ToString(value < 10e6 ? "0.0#" : "0", CultureInfo.InvariantCulture), x + 14, BarsBottom - height - 5, 11, SKTextAlign.Center);
    }

    private static void Key(SKCanvas canvas, float x, float y, string words, SKColor color)
    {
        using var paint = new SKPaint { Color = color };
        canvas.DrawRect(x, y, 12, 12, paint);
        canvas.Words(words, x + 18, y + 11, 12);
    }

    /// <summary>A block of the diagram.</summary>
    private sealed record Stage(string Name, Shape Shape, SKColor Color, string[] Captions, long MultiplyAdds, long Parameters);
}

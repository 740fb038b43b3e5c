using System.Globalization;
using AlexNetSharp.Cli.Plots;
using SkiaSharp;

namespace AlexNetSharp.Figures;

/// <summary>F(2, 3) by hand: four inputs and three taps give two outputs with four multiplications. All numbers are computed.</summary>
internal static class WinogradDiagram
{
    private const float Cell = 40, RowStep = 52, Top = 74;

    private static readonly double[][] s_inputTransform = [[-1, 0, 1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]];
    private static readonly double[][] s_kernelTransform = [[1, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 1]];
    private static readonly double[][] s_outputTransform = [[-1, 0.5, 0.5, 0], [0, 0.5, -0.5, 1]];

    public static byte[] F2X3() => Canvas.Png(900, 340, canvas =>
    {
        double[] x = [1, 3, 2, 5], w = [2, -1, 3];
        double[] input = Multiply(s_inputTransform, x), kernel = Multiply(s_kernelTransform, w);
        double[] products = [.. input.Zip(kernel, (a, b) => a * b)], output = Multiply(s_outputTransform, products);

        Lines(canvas, s_inputTransform, 70, 210, 0);
        Lines(canvas, s_kernelTransform, 830, 690, RowStep / 2);
        Column(canvas, 30, "input x", x, Canvas.Paper);
        Column(canvas, 210, "Bᵀx", input, Canvas.Blue.WithAlpha(50));
        Column(canvas, 650, "Gw", kernel, Canvas.Blue.WithAlpha(50));
        Column(canvas, 830, "kernel w", w, Canvas.Paper, RowStep / 2);
        Column(canvas, 430, "(Bᵀx) ⊙ (Gw)", products, Canvas.Orange.WithAlpha(70));
        for (int i = 0; i < 4; i++)
        {
            float y = Top + RowStep * i + Cell / 2;
            Line(canvas, 252, y, 428, y, PlotStyle.Text, 1.5f);
            Line(canvas, 472, y, 648, y, PlotStyle.Text, 1.5f);
        }
        canvas.Words("blue: added", 132, 300, 12, SKTextAlign.Center, Canvas.Blue);
        canvas.Words("orange: subtracted", 132, 320, 12, SKTextAlign.Center, Canvas.Orange);
        string Term(double factor, double value, bool first) => string.Create(CultureInfo.InvariantCulture, $"{(factor < 0 ? "−" : first ? "" : "+")}{(first ? "" : " ")}{(Math.Abs(factor) is 1 ? "" : "½·")}{(value < 0 ? $"({value})" : $"{value}")}").Replace("(-", "(−", StringComparison.Ordinal);
        for (int i = 0; i < 2; i++)
            canvas.Words(
                $"y{"₀₁"[i]} = {string.Join(" ", s_outputTransform[i].Zip(products).Where(t => t.First != 0).Select((t, n) => Term(t.First, t.Second, n == 0)))} = {output[i].ToString(CultureInfo.InvariantCulture)}",
                450, 302 + 22 * i, 15, SKTextAlign.Center);
    });

    private static double[] Multiply(double[][] matrix, double[] vector) => [.. matrix.Select(row => row.Zip(vector, (a, b) => a * b).Sum())];

    private static void Column(SKCanvas canvas, float x, string title, double[] values, SKColor color, float down = 0)
    {
        canvas.Words(title, x + Cell / 2, 44, 14, SKTextAlign.Center);
        for (int i = 0; i < values.Length; i++)
            canvas.Grid(x, Top + down + RowStep * i, Cell, [[values[i]]], (_, _) => color);
    }

    /// <summary>Draws a line from each number to each sum that it is part of: blue if added, orange if subtracted.</summary>
    private static void Lines(SKCanvas canvas, double[][] matrix, float fromX, float toX, float fromDown)
    {
        for (int row = 0; row < matrix.Length; row++)
            for (int column = 0; column < matrix[row].Length; column++)
                if (matrix[row][column] != 0)
                    Line(
                        canvas, fromX, Top + fromDown + RowStep * column + Cell / 2, toX, Top + RowStep * row + Cell / 2,
                        matrix[row][column] > 0 ? Canvas.Blue : Canvas.Orange, 1.8f);
    }

    private static void Line(SKCanvas canvas, float x0, float y0, float x1, float y1, SKColor color, float width)
    {
        using var paint = new SKPaint { Color = color, StrokeWidth = width, IsAntialias = true };
        canvas.DrawLine(x0, y0, x1, y1, paint);
    }
}

using SkiaSharp;

namespace AlexNetSharp.Figures;

/// <summary>Figures with grids: convolution, padding and pooling. All numbers are computed, none are hard-coded.</summary>
internal static class Diagrams
{
    private static readonly SKColor s_window = Canvas.Blue.WithAlpha(50), s_result = Canvas.Orange.WithAlpha(70), s_zero = new(0xE8, 0xE8, 0xE8);

    /// <summary>A kernel that detects edges from dark to bright, slid over an image with such an edge.</summary>
    public static byte[] Convolution() => Canvas.Png(760, 300, canvas =>
    {
        const int size = 5, kernelSize = 3, row = 1, column = 1;
        double[][] image = [.. Enumerable.Range(0, size).Select(_ => new double[] { 0, 0, 0, 1, 1 })];
        double[][] kernel = [.. Enumerable.Range(0, kernelSize).Select(_ => new double[] { -1, 0, 1 })];
        double[][] output = [.. Enumerable.Range(0, size - kernelSize + 1).Select(y => Enumerable.Range(0, size - kernelSize + 1).Select(x =>
            Enumerable.Range(0, kernelSize).Sum(ky => Enumerable.Range(0, kernelSize).Sum(kx => image[y + ky][x + kx] * kernel[ky][kx]))).ToArray())];

        canvas.Words("input 5×5", 30, 36);
        canvas.Grid(30, 50, 40, Cells(image), (r, c) => Inside(r - row, kernelSize) && Inside(c - column, kernelSize) ? s_window : Canvas.Paper);
        canvas.Frame(30 + 40 * column, 50 + 40 * row, 120, 120, Canvas.Blue);
        canvas.Words("·", 258, 160, 30, SKTextAlign.Center);
        canvas.Words("kernel 3×3", 290, 76);
        canvas.Grid(290, 90, 40, Cells(kernel), (_, _) => s_window);
        canvas.Words("=", 445, 160, 26, SKTextAlign.Center);
        canvas.Words("output 3×3", 480, 76);
        canvas.Grid(480, 90, 40, Cells(output), (r, c) => (r, c) == (row, column) ? s_result : Canvas.Paper);
        canvas.Frame(480 + 40 * column, 90 + 40 * row, 40, 40, Canvas.Orange);
        canvas.Words("The kernel lies on the image as it is printed here: products of the numbers that meet, summed up.", 30, 280);
    });

    /// <summary>Positions of a kernel of size 3 on a row of 6 with stride 2, VALID and SAME.</summary>
    public static byte[] Padding() => Canvas.Png(540, 320, canvas =>
    {
        const int input = 6, kernel = 3, stride = 2;
        int valid = (input - kernel) / stride + 1;
        int same = (input + stride - 1) / stride, zeros = Math.Max(0, (same - 1) * stride + kernel - input), before = zeros / 2;
        Row(40, $"VALID: ⌊(6 − 3) / 2⌋ + 1 = {valid} positions; the last pixel is not used", valid, 0, 0);
        Row(190, $"SAME: ⌈6 / 2⌉ = {same} positions; {zeros} zero is needed, {before} before and {zeros - before} after", same, before, zeros - before);

        void Row(float y, string words, int positions, int zerosBefore, int zerosAfter)
        {
            const float cell = 44, left = 30;
            canvas.Words(words, 30, y);
            double?[] cells = [.. Enumerable.Repeat<double?>(0, zerosBefore), .. Enumerable.Range(1, input).Select(i => (double?)i), .. Enumerable.Repeat<double?>(0, zerosAfter)];
            canvas.Grid(left - zerosBefore * cell, y + 14, cell, [cells], (_, c) => c < zerosBefore || c >= zerosBefore + input ? s_zero : Canvas.Paper);
            for (int i = 0; i < positions; i++)
            {
                float x = left + (i * stride - zerosBefore) * cell;
                canvas.Bar(x + 2, y + 66 + 16 * i, kernel * cell - 4, i % 2 == 0 ? Canvas.Blue : Canvas.Orange);
                canvas.Words(FormattableString.Invariant($"output {i + 1}"), left + (input + 1.4f) * cell, y + 77 + 16 * i, 12, color: i % 2 == 0 ? Canvas.Blue : Canvas.Orange);
            }
        }
    });

    /// <summary>3×3 max pooling with stride 2 on 5×5 numbers, and where the gradient goes.</summary>
    public static byte[] Pooling() => Canvas.Png(760, 330, canvas =>
    {
        const int size = 5, window = 3, stride = 2, outputSize = (size - window) / stride + 1;
        double[][] input = [[1, 3, 2, 0, 4], [0, 2, 9, 1, 0], [5, 1, 3, 2, 6], [2, 0, 1, 6, 3], [1, 4, 0, 2, 1]];
        double[][] gradOutput = [[0.1, 0.2], [0.3, 0.4]];
        var output = new double[outputSize][];
        double[][] gradInput = [.. Enumerable.Range(0, size).Select(_ => new double[size])];
        for (int y = 0; y < outputSize; y++)
        {
            output[y] = new double[outputSize];
            for (int x = 0; x < outputSize; x++)
            {
                // The first maximum, row by row.
                (int atY, int atX) = (y * stride, x * stride);
                for (int ky = 0; ky < window; ky++)
                    for (int kx = 0; kx < window; kx++)
                        if (input[y * stride + ky][x * stride + kx] > input[atY][atX])
                            (atY, atX) = (y * stride + ky, x * stride + kx);
                output[y][x] = input[atY][atX];
                gradInput[atY][atX] += gradOutput[y][x];
            }
        }
        canvas.Words("input 5×5: four windows of 3×3, stride 2", 30, 36);
        canvas.Grid(30, 50, 40, Cells(input), (r, c) => gradInput[r][c] > 0 ? s_result : Canvas.Paper);
        canvas.Frame(30, 50, 120, 120, Canvas.Blue);
        canvas.Frame(112, 52, 118, 118, Canvas.Orange);
        canvas.Words("forward: the maximum", 300, 76);
        canvas.Grid(300, 90, 40, Cells(output), (_, _) => s_result);
        canvas.Words("its gradient", 300, 196);
        canvas.Grid(300, 210, 40, Cells(gradOutput), (_, _) => s_window);
        canvas.Words("backward: the first maximum gets it", 500, 36);
        canvas.Grid(500, 50, 40, Cells(gradInput), (r, c) => gradInput[r][c] > 0 ? s_window : Canvas.Paper);
        canvas.Words("The 9 is the maximum of two windows that overlap: it gets the gradients of both.", 30, 316);
    });

    private static double?[][] Cells(double[][] values) => [.. values.Select(row => row.Select(value => (double?)value).ToArray())];

    private static bool Inside(int i, int size) => i >= 0 && i < size;
}

using System.Diagnostics;
using System.Globalization;
using AlexNetSharp.Kernels;
using AlexNetSharp.Kernels.Convolution;
using AlexNetSharp.Kernels.Convolution.Winograd;
using AlexNetSharp.Simd;
using AlexNetSharp.Threading;

namespace AlexNetSharp.KernelBenchmarks;

/// <summary>Times the forward pass of convolutions with the tiles that are chosen by estimate, and with those that the estimate finds little worse.</summary>
/// <remarks>All tiles of a layer in turn, round after round, after their outputs have been compared; medians of the rounds.</remarks>
internal static unsafe class TileChoice
{
    /// <summary>How much more tiles may cost by the estimate and still be measured.</summary>
    private const double Worth = 1.5;

    /// <summary>Largest difference of outputs, relative to the largest output, that rounding explains.</summary>
    private const double Agreement = 1e-4;

    /// <summary>Measures all layers; returns the exit code.</summary>
    public static int Run(string[] arguments)
    {
        int rounds = 15;
        if (arguments.Length > 1 || (arguments.Length == 1 && !(int.TryParse(arguments[0], NumberStyles.None, CultureInfo.InvariantCulture, out rounds) && rounds > 0)))
        {
            Console.Error.WriteLine("usage: dotnet run -c Release --project bench/AlexNetSharp.Kernels -- tiles [ROUNDS]");
            return 2;
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{ProcessorInfo.Name}, {ProcessorInfo.VectorName}, {Environment.ProcessorCount} threads, batch 32, {rounds} rounds; chosen tiles in bold"));
        Console.WriteLine("\n| layer | tiles | forward ms | to the chosen | by the estimate |\n|---|---|---|---|---|");
        using var pool = new WorkerPool(Environment.ProcessorCount);
        // AlexNet's; the last layer is cifar10-quick's.
        foreach (ConvolutionBenchmarks.Layer layer in ConvolutionBenchmarks.Layers.SkipLast(1))
            Measure(layer, pool, rounds);
        return 0;
    }

    private static void Measure(ConvolutionBenchmarks.Layer layer, WorkerPool pool, int rounds)
    {
        ConvGeometry g = layer.Geometry;
        var request = new ConvRequest(Relu: true, WeightGradient: false, InputGradient: false, Precise: false);
        var fold = new KernelFold(g);
        TileGrid chosen = new WinogradSizes(g, request).Grid;
        double Cost(TileGrid grid) => grid.Cost(g.Batch, fold.Channels, g.OutputChannels);
        TileGrid[] grids = [chosen, .. TileAxis.Candidates(g.OutputHeight, fold.Height).Select(axis => new TileGrid(axis, axis))
            .Where(grid => grid != chosen && Cost(grid) <= Worth * Cost(chosen)).OrderBy(Cost)];

        using var memory = new Memory();
        float* input = memory.Noise(g.InputLength), weight = memory.Noise(g.WeightLength), bias = memory.Noise(g.OutputChannels);
        float*[] outputs = new float*[grids.Length];
        ConvKernel[] kernels = [.. grids.Select(grid => KernelSet.Best.ConvWinograd(g, request, grid))];
        for (int i = 0; i < kernels.Length; i++)
        {
            kernels[i].Bind(pool, new Operands
            {
                Input = input,
                Output = outputs[i] = memory.Noise(g.OutputLength),
                Weight = weight,
                Bias = bias,
                PreparedWeight = memory.Noise(kernels[i].PreparedWeightLength),
                Scratch = memory.Noise(kernels[i].ScratchLength(pool.Threads)),
            });
            kernels[i].PrepareWeights();
            kernels[i].Forward();
            RequireEqual(grids[i], new(outputs[0], (int)g.OutputLength), new(outputs[i], (int)g.OutputLength));
        }
        var times = new double[kernels.Length][];
        for (int i = 0; i < times.Length; i++)
            times[i] = new double[rounds];
        for (int round = 0; round < rounds; round++)
            for (int k = 0; k < kernels.Length; k++)
            {
                int i = round % 2 == 0 ? k : kernels.Length - 1 - k;
                kernels[i].Forward();
                long start = Stopwatch.GetTimestamp();
                kernels[i].Forward();
                kernels[i].Forward();
                times[i][round] = Stopwatch.GetElapsedTime(start).TotalMilliseconds / 2;
            }
        for (int i = 0; i < kernels.Length; i++)
        {
            // Round by round, so that what disturbs a whole round counts for nothing.
            double ratio = Median([.. times[i].Zip(times[0], (own, first) => own / first)]);
            string name = i == 0 ? $"**{grids[i].Name}**" : grids[i].Name;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {layer} | {name} | {Median([.. times[i]]):0.0} | {ratio:0.00} | {Cost(grids[i]) / Cost(chosen):0.00} |"));
        }
    }

    private static void RequireEqual(TileGrid grid, ReadOnlySpan<float> expected, ReadOnlySpan<float> found)
    {
        double largest = 0, difference = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs(expected[i]));
            difference = Math.Max(difference, Math.Abs(expected[i] - found[i]));
        }
        if (!(difference <= Agreement * largest))
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{grid.Name}: outputs differ by {difference / largest:0.0e+0} of the largest"));
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        return values[values.Length / 2];
    }
}

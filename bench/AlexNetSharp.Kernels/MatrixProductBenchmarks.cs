using AlexNetSharp.Benchmarks;
using AlexNetSharp.Kernels.Gemm;
using BenchmarkDotNet.Attributes;

namespace AlexNetSharp.KernelBenchmarks;

/// <summary>Matrix products in panels, C = A·B and C = Aᵀ·B: a large one, and those of the network's Winograd and fully connected layers.</summary>
public unsafe class MatrixProductBenchmarks : KernelBenchmark
{
    private GemmJob _job = null!;
    private float* _a, _b, _c;

    public static IEnumerable<MatrixProduct> Products =>
    [
        new("large", 2048, 2048, 2048),
        new("conv2 point", 1568, 192, 64),
        new("conv3 point", 288, 384, 192),
        new("conv4 point", 288, 256, 384),
        new("fc7", 32, 4096, 4096),
    ];

    [ParamsSource(nameof(Products))]
    public MatrixProduct Product { get; set; } = null!;

    [GlobalSetup]
    public void Setup()
    {
        _job = new GemmJob(Pool);
        _a = Noisy.Noise((long)GemmKernel.Panels(Math.Max(Product.Depth, Product.Rows)) * GemmKernel.PanelWidth * Math.Max(Product.Rows, Product.Depth));
        _b = Noisy.Noise((long)GemmKernel.Panels(Product.Columns) * GemmKernel.PanelWidth * Product.Depth);
        _c = Noisy.Noise((long)GemmKernel.Panels(Product.Columns) * GemmKernel.PanelWidth * Product.Rows);
    }

    [Benchmark]
    public void Multiply() => _job.Multiply(
        _a, Product.Rows * GemmKernel.PanelWidth, _b, Product.Depth * GemmKernel.PanelWidth, _c, Product.Rows * GemmKernel.PanelWidth,
        Product.Rows, GemmKernel.Panels(Product.Columns), Product.Depth, accumulate: false);

    [Benchmark]
    public void MultiplyTransposed() => _job.MultiplyTransposed(
        _a, Product.Depth * GemmKernel.PanelWidth, _b, Product.Depth * GemmKernel.PanelWidth, _c, Product.Rows * GemmKernel.PanelWidth,
        Product.Rows, GemmKernel.Panels(Product.Columns), Product.Depth, accumulate: false);

    /// <summary>One product.</summary>
    public sealed record MatrixProduct(string Name, int Rows, int Columns, int Depth) : IWork
    {
        public double Operations => 2.0 * Rows * Columns * Depth;

        public override string ToString() => FormattableString.Invariant($"{Name} {Rows}×{Columns}×{Depth}");
    }
}

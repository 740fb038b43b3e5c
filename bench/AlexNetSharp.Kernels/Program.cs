using AlexNetSharp.KernelBenchmarks;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;

// Each kernel at the shapes of the notebook's network, batch 32, on all processors:
//   dotnet run -c Release --project bench/AlexNetSharp.Kernels -- --filter '*Convolution*'
ManualConfig config = DefaultConfig.Instance
    .AddColumn(new ThroughputColumn(), new PeakShareColumn())
    .AddJob(Job.Default.WithWarmupCount(3).WithIterationCount(9));
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);

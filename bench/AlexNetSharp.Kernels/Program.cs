using AlexNetSharp.KernelBenchmarks;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;

// The tiles of Winograd's algorithms that the estimate of costs chooses, beside the others:
//   dotnet run -c Release --project bench/AlexNetSharp.Kernels -- tiles [ROUNDS]
if (args is ["tiles", .. var rest])
    return TileChoice.Run(rest);

// Each kernel at the shapes of the notebook's network, batch 32, on all CPUs:
//   dotnet run -c Release --project bench/AlexNetSharp.Kernels -- --filter '*Convolution*'
ManualConfig config = DefaultConfig.Instance
    .AddColumn(new ThroughputColumn(), new PeakShareColumn())
    .AddJob(Job.Default.WithWarmupCount(3).WithIterationCount(9));
bool ran = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config).Any();
// The arguments are BenchmarkDotNet's, which reports unknown ones and then does nothing.
return ran || args.Intersect(["--help", "--version", "--list", "--info"]).Any() ? 0 : 2;

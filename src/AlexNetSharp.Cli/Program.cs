using AlexNetSharp.Cli.Commands;
using AlexNetSharp.Cli.Hosting;

return CommandHost.Run(
    args,
    "AlexNet on the CPU, in C# alone: forward, backward and their benchmark.",
    examples:
    [
        "alexnet bench                                   time forward and forward-backward, as the TensorFlow notebook does",
        "alexnet summary                                 the layers with shapes, parameters and work",
    ],
    commands:
    [
        new BenchCommand(),
        new SummaryCommand(),
    ]);

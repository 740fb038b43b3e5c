using AlexNetSharp.Cli.Commands;
using AlexNetSharp.Cli.Hosting;

return CommandHost.Run(
    args,
    "AlexNet on the CPU, in C# alone: forward, backward and their benchmark, and training.",
    examples:
    [
        "alexnet bench                                   time forward and forward-backward, as the TensorFlow notebook does",
        "alexnet summary                                 the layers with shapes, parameters and work",
        "alexnet train images --out runs/first         train on your images, one folder a class",
        "alexnet eval runs/first images                how good it became, and what it confuses",
        "alexnet classify alexnet.pth cat.jpg            what is on an image, or on a folder of them",
        "alexnet similar alexnet.pth images cat.jpg    the images of a folder that are most like one",
    ],
    commands:
    [
        new BenchCommand(),
        new SummaryCommand(),
        new InitCommand(),
        new RunCommand(),
        new ConvertCommand(),
        new ExportCommand(),
        new InspectCommand(),
        new TrainCommand(),
        new EvalCommand(),
        new ClassifyCommand(),
        new SimilarCommand(),
        new ServeCommand(),
        new StudioCommand(),
    ]);

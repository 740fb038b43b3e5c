using AlexNetSharp.Cli.Commands;
using AlexNetSharp.Cli.Hosting;

return CommandHost.Run(
    args,
    "AlexNet on the CPU in pure C#: inference, training, fine-tuning and benchmarks.",
    examples:
    [
        "alexnet bench                                time forward and forward-backward, as the TensorFlow notebook does",
        "alexnet summary                              the layers with shapes, parameters and multiply-adds",
        "alexnet train images --out runs/first        train on your images, one folder per class",
        "alexnet eval runs/first images               how accurate it is, and which classes it confuses",
        "alexnet classify alexnet.pth cat.jpg         classify an image, or a folder of images",
        "alexnet similar alexnet.pth images cat.jpg   the images in a folder that look most like one",
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

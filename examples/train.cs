#:project ../src/AlexNetSharp/AlexNetSharp.csproj
#:project ../src/AlexNetSharp.Images/AlexNetSharp.Images.csproj

// Trains a small network on a folder with one subfolder of images per class:  dotnet run -c Release examples/train.cs IMAGES OUT
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Images;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Training;

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, key) => { key.Cancel = true; stop.Cancel(); };

DatasetPair data = DatasetReader.Open(args[0], new DatasetOptions { Decoder = new ImageDecoder(), ValidationSplit = 0.1 });
var size = new Preprocessing { Resize = ResizeMode.Square, ResizeTo = 32, CropHeight = 32, CropWidth = 32 };
var preprocessing = size with { Mean = TrainingStatistics.Compute(data.Train, size, threads: 2).ElementMean };
using var training = new DataLoader(data.Train, preprocessing, new DataLoaderOptions { BatchSize = 128, Shuffle = true });
using var validation = new DataLoader(data.Validation!, preprocessing, new DataLoaderOptions { BatchSize = 128 });

using var parameters = ParameterSet.Initialize(CudaConvnet.Quick(data.Train.Classes.Count), seed: 1);
using var plan = new Plan(parameters.Network, parameters, new PlanOptions { BatchSize = 128, Gradients = GradientScope.All });
using var sgd = new Sgd(plan, TrainingRecipe.For(parameters.Network.Name).Groups) { WeightDecay = 0.004f };
var options = new TrainerOptions { Epochs = 9, Schedule = LearningRateSchedule.Step(0.001, epochs: 8) };
using var trainer = new Trainer(plan, sgd, training, validation, options);
using var run = new RunFolder(args[1]);
run.Attach(trainer, preprocessing, [.. data.Train.Classes.Select(name => new ClassName(name, name))]);
trainer.StepDone += step => Console.Write($"\repoch {step.Epoch}, step {step.StepInEpoch} of {step.StepsPerEpoch}: loss {step.Running.Loss:0.000}");
trainer.EpochDone += epoch => Console.WriteLine($"; validation top-1 {epoch.Validation!.Value.Top1:0.0%}, {epoch.Seconds:0} s");

try { trainer.Run(stop.Token); }
catch (OperationCanceledException) { run.SaveLast(trainer); }

#:project ../src/AlexNetSharp/AlexNetSharp.csproj
#:project ../src/AlexNetSharp.Images/AlexNetSharp.Images.csproj

// Fine-tunes your own classifier from a trained model and a folder with one subfolder of images per class:  dotnet run -c Release examples/finetune.cs MODEL IMAGES OUT.safetensors
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Images;
using AlexNetSharp.Inference;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Training;

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, key) => { key.Cancel = true; stop.Cancel(); };

using Model model = ModelFile.Load(args[0]);
DatasetPair data = DatasetReader.Open(args[1], new DatasetOptions { Decoder = new ImageDecoder(), ValidationSplit = 0.2 });
ClassName[] classes = [.. data.Train.Classes.Select(name => new ClassName(name, name))];

// The same layers with a new head; all weights except those of the head come from the model, and only the head is trained.
Network network = model.Network.WithHead(classes.Length);
string head = network.Layers.OfType<Linear>().Last().Name;
using ParameterSet parameters = ParameterSet.Initialize(network, seed: 1);
parameters.CopyMatching(model.Parameters, except: $"{head}.*");
ParameterGroup[] groups = [new("*") { Frozen = true }, new($"{head}.*") { Frozen = false }];

using var training = new DataLoader(data.Train, model.Preprocessing!, new DataLoaderOptions { BatchSize = 32, Shuffle = true });
using var validation = new DataLoader(data.Validation!, model.Preprocessing!, new DataLoaderOptions { BatchSize = 32 });
using var plan = new Plan(network, parameters, new PlanOptions { BatchSize = 32, Gradients = GradientScope.Learning(groups) });
using var optimizer = new AdamW(plan, groups);
using var trainer = new Trainer(plan, optimizer, training, validation, new TrainerOptions { Epochs = 5, Schedule = LearningRateSchedule.Cosine(0.001, 5), Patience = 3 });
trainer.EpochDone += epoch => Console.WriteLine($"epoch {epoch.Epoch}: loss {epoch.Training.Loss:0.000}, validation top-1 {epoch.Validation!.Value.Top1:0.0%}");
trainer.Run(stop.Token);

using var tuned = new Model(parameters, model.Preprocessing, classes);
ModelFile.Save(args[2], tuned);
using Classifier classifier = Classifier.Load(args[2], new ImageDecoder());
Console.WriteLine(classifier.Classify(data.Validation!.Name(0), top: 1)[0]);

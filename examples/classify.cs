#:project ../src/AlexNetSharp/AlexNetSharp.csproj
#:project ../src/AlexNetSharp.Images/AlexNetSharp.Images.csproj

// Classifies an image:  dotnet run -c Release examples/classify.cs MODEL IMAGE
using AlexNetSharp.Images;
using AlexNetSharp.Inference;

using var classifier = Classifier.Load(args[0], new ImageDecoder());
foreach (Prediction prediction in classifier.Classify(args[1], top: 5))
    Console.WriteLine(prediction);

#:project ../src/AlexNetSharp/AlexNetSharp.csproj
#:project ../src/AlexNetSharp.Images/AlexNetSharp.Images.csproj

// What is on a picture:  dotnet run -c Release examples/classify.cs MODEL PICTURE
using AlexNetSharp.Images;
using AlexNetSharp.Inference;

using var classifier = Classifier.Load(args[0], new PictureDecoder());
foreach (Prediction prediction in classifier.Classify(args[1], top: 5))
    Console.WriteLine(prediction);

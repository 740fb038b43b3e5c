#:sdk Microsoft.NET.Sdk.Web
#:property EnableDefaultRunWorkingDirectory=false
#:property ServerGarbageCollection=false
#:project ../src/AlexNetSharp.AspNetCore/AlexNetSharp.AspNetCore.csproj

// A web service that classifies images. Start it and send a request:
//   dotnet run -c Release examples/webapi.cs --Classifier:ModelPath=MODEL --urls http://localhost:5000
//   curl --data-binary @cat.jpg -H 'Content-Type: image/jpeg' 'http://localhost:5000/classify?top=3'
WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.Services.AddAlexNetClassifier(builder.Configuration.GetSection("Classifier"));
WebApplication app = builder.Build();
app.UseStatusCodePages();
app.MapClassify("/classify");
app.MapAlexNetHealthChecks();
app.Run();

#:project ../src/AlexNetSharp/AlexNetSharp.csproj
#:project ../src/AlexNetSharp.Images/AlexNetSharp.Images.csproj
#:property RestorePackagesWithLockFile=false
#:property PublishAot=false
// Prints what images decode to: one line each, with the SHA-256 of the pixels (height * width * 3 bytes), height, width and path. For tools/check-pillow.py.
//   dotnet run -c Release tools/decoded.cs FOLDER
using System.Security.Cryptography;
using AlexNetSharp.Data;
using AlexNetSharp.Images;

if (args is not [var folder] || folder.StartsWith('-') || !Directory.Exists(folder))
{
    bool help = args is ["--help" or "-h"];
    (help ? Console.Out : Console.Error).WriteLine("usage: dotnet run -c Release tools/decoded.cs FOLDER     FOLDER: images, including subfolders");
    return help ? 0 : 2;
}
var pixels = new PixelBuffer();
var decoder = new ImageDecoder();
foreach (string path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
{
    decoder.DecodeFile(path, pixels);
    Console.WriteLine($"{Convert.ToHexStringLower(SHA256.HashData(pixels.Pixels))} {pixels.Height} {pixels.Width} {path}");
}
return 0;

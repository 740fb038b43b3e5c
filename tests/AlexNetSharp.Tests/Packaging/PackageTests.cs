using System.Globalization;
using System.IO.Compression;
using System.Text.Json;
using System.Xml.Linq;
using AlexNetSharp.Formats;
using AlexNetSharp.Models;
using AlexNetSharp.Tests.Inference;

namespace AlexNetSharp.Tests.Packaging;

/// <summary>The packages hold what they should, and work in a project and at a command line that know nothing of this repository.</summary>
[Collection(LongestFirst.Prefix + nameof(PackageTests))]
[Trait(Slow.Name, Slow.Value)]
public class PackageTests : IClassFixture<PackageTests.Packed>
{
    private readonly Packed _packed;

    public PackageTests(Packed packed) => _packed = packed;

    /// <summary>Packs what the tests were built with, once for all of them.</summary>
    public sealed class Packed : IDisposable
    {
        private readonly TemporaryFolder _folder = new();

        public Packed()
        {
            Dotnet = new DotnetCommand(_folder.Path);
            // bin/CONFIGURATION/net10.0/
            string configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
            Dotnet.Run(
                "pack", Path.Combine(Repository.Root, "AlexNetSharp.slnx"), "--no-build", "-c", configuration, "-o", PathOf("feed"), "-v", "quiet",
                $"-p:MinVerVersionOverride={Version}");
            // Packages of others come from where the repository's own build has put them.
            File.WriteAllText(PathOf("nuget.config"), $"""
                <configuration>
                  <packageSources><add key="packed" value="{PathOf("feed")}" /></packageSources>
                  <fallbackPackageFolders><add key="user" value="{DotnetCommand.UsersPackages}" /></fallbackPackageFolders>
                </configuration>
                """);
        }

        /// <summary>No release has this version.</summary>
        public static string Version => "0.0.1-test";

        internal DotnetCommand Dotnet { get; }

        public string PathOf(string name) => _folder.PathOf(name);

        public void Dispose() => _folder.Dispose();
    }

    [Theory]
    [InlineData("AlexNetSharp", "System.Numerics.Tensors")]
    [InlineData("AlexNetSharp.Mpi", "AlexNetSharp")]
    [InlineData("AlexNetSharp.Images", "AlexNetSharp, SkiaSharp, SkiaSharp.NativeAssets.Linux.NoDependencies")]
    [InlineData("AlexNetSharp.AspNetCore", "AlexNetSharp, AlexNetSharp.Images")]
    public void ALibraryHoldsItsAssemblyAndDocuments(string id, string dependencies)
    {
        using ZipArchive package = Open(id, "nupkg");
        Assert.Equal(
            ["CHANGELOG.md", "README.md", "THIRD-PARTY-NOTICES.md", $"lib/net10.0/{id}.dll", $"lib/net10.0/{id}.xml"], Contents(package));
        XElement metadata = Metadata(package);
        Assert.Equal(dependencies, string.Join(", ", metadata.Descendants().Where(e => e.Name.LocalName == "dependency").Select(e => e.Attribute("id")!.Value)
            .Order(StringComparer.Ordinal)));
        AssertDescribed(metadata);

        using ZipArchive symbols = Open(id, "snupkg");
        Assert.Equal([$"lib/net10.0/{id}.pdb"], Contents(symbols));
    }

    [Fact]
    public void TheToolHoldsWhatItNeedsAndNoMore()
    {
        using ZipArchive package = Open("alexnet", "nupkg");
        string[] contents = Contents(package);
        Assert.Equal(
            ["CHANGELOG.md", "README.md", "THIRD-PARTY-NOTICES.md"], contents.Where(name => !name.StartsWith("tools/", StringComparison.Ordinal)));
        string[] files = [.. contents.Where(name => name.StartsWith("tools/net10.0/any/", StringComparison.Ordinal)).Select(name => name["tools/net10.0/any/".Length..])];
        Assert.Equal(contents.Length - 3, files.Length);
        Assert.Equal(
            [
                "AlexNetSharp.AspNetCore.dll", "AlexNetSharp.Images.dll", "AlexNetSharp.Mpi.dll", "AlexNetSharp.Studio.dll", "AlexNetSharp.dll", "SkiaSharp.dll", "Spectre.Console.Ansi.dll", "Spectre.Console.dll",
                "System.CommandLine.dll", "System.Numerics.Tensors.dll", "alexnet.dll",
            ],
            files.Where(name => Path.GetExtension(name) == ".dll" && !name.Contains('/', StringComparison.Ordinal)));
        Assert.Equal(
            ["linux-arm64", "linux-musl-arm64", "linux-musl-x64", "linux-x64", "osx", "win-arm64", "win-x64"],
            files.Where(name => name.StartsWith("runtimes/", StringComparison.Ordinal)).Select(name => name.Split('/')[1]));
        Assert.DoesNotContain(files, name => Path.GetExtension(name) is ".xml" && name != "DotnetToolSettings.xml");
        // Seven platforms' native part of SkiaSharp make nearly all of it.
        Assert.InRange(new FileInfo(_packed.PathOf($"feed/alexnet.{Packed.Version}.nupkg")).Length, 1, 50_000_000);
        AssertDescribed(Metadata(package));
    }

    [Fact]
    public void ThePackedToolAndLibraryClassifyAnImage()
    {
        DotnetCommand dotnet = _packed.Dotnet;
        dotnet.Run(
            "tool", "install", "alexnet", "--tool-path", _packed.PathOf("tools"), "--version", Packed.Version, "--configfile", _packed.PathOf("nuget.config"));
        string alexnet = _packed.PathOf(OperatingSystem.IsWindows() ? "tools/alexnet.exe" : "tools/alexnet");
        Assert.Contains("images", dotnet.RunProgram(alexnet, "--help"), StringComparison.Ordinal);
        string model = _packed.PathOf("model.safetensors"), image = Path.Combine(AppContext.BaseDirectory, "Golden", "pictures", "plain.jpg");
        using (Model small = InferenceModels.Small())
            ModelFile.Save(model, small);
        using JsonDocument json = JsonDocument.Parse(dotnet.RunProgram(alexnet, "classify", model, image, "--json"));
        JsonElement best = json.RootElement.GetProperty("images")[0].GetProperty("classes")[0];

        Directory.CreateDirectory(_packed.PathOf("consumer"));
        File.WriteAllText(_packed.PathOf("consumer/consumer.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="AlexNetSharp.Images" Version="{Packed.Version}" />
              </ItemGroup>
            </Project>
            """);
        File.WriteAllText(_packed.PathOf("consumer/Program.cs"), """
            using System.Globalization;
            using AlexNetSharp.Images;
            using AlexNetSharp.Inference;

            using var classifier = Classifier.Load(args[0], new ImageDecoder());
            Prediction best = classifier.Classify(args[1], top: 1)[0];
            Console.Write(string.Create(CultureInfo.InvariantCulture, $"{best.Name} {best.Probability:R}"));
            """);
        dotnet.Run("build", "consumer", "-c", "Release", "-o", "consumer/out", "-v", "quiet");

        Assert.Equal(
            string.Create(CultureInfo.InvariantCulture, $"{best.GetProperty("name").GetString()} {best.GetProperty("probability").GetSingle():R}"),
            dotnet.Run("consumer/out/consumer.dll", model, image));
    }

    private ZipArchive Open(string id, string extension) => ZipFile.OpenRead(_packed.PathOf($"feed/{id}.{Packed.Version}.{extension}"));

    /// <summary>The files of a package in their order, without those of the package format itself.</summary>
    private static string[] Contents(ZipArchive package) =>
    [
        .. package.Entries.Select(e => e.FullName)
            .Where(name => !name.StartsWith("_rels/", StringComparison.Ordinal) && !name.StartsWith("package/", StringComparison.Ordinal)
                && name != "[Content_Types].xml" && Path.GetExtension(name) != ".nuspec")
            .Order(StringComparer.Ordinal),
    ];

    private static XElement Metadata(ZipArchive package)
    {
        using Stream stream = package.Entries.Single(e => Path.GetExtension(e.FullName) == ".nuspec").Open();
        return XDocument.Load(stream).Root!;
    }

    private static void AssertDescribed(XElement nuspec)
    {
        foreach (string name in (string[])["authors", "license", "readme", "description", "tags", "copyright"])
            Assert.NotEmpty(nuspec.Descendants().Single(e => e.Name.LocalName == name).Value);
    }
}

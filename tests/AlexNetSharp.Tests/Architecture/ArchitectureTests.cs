using System.Reflection;
using System.Text.RegularExpressions;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Tests.Architecture;

/// <summary>The directions of dependencies, and what keeps source files readable.</summary>
public partial class ArchitectureTests
{
    private static readonly string[] s_foundation = ["Tensors", "Simd", "Threading", "Random", "Diagnostics"];

    /// <summary>Which parts of the library a part may use, besides itself.</summary>
    private static readonly Dictionary<string, string[]> s_mayUse = new()
    {
        ["Tensors"] = [],
        ["Simd"] = [],
        ["Threading"] = [],
        ["Diagnostics"] = [],
        ["Random"] = ["Simd"],
        ["Kernels"] = s_foundation,
        ["Networks"] = ["Tensors", "Diagnostics"],
        ["Models"] = ["Networks", "Formats", "Random", "Tensors", "Diagnostics"],
        ["Execution"] = ["Models", "Networks", "Kernels", .. s_foundation],
        ["Data"] = ["Networks", .. s_foundation],
        ["Formats"] = ["Tensors", "Diagnostics"],
        ["Inference"] = ["Execution", "Kernels", "Models", "Formats", "Data", "Networks", "Tensors", "Threading"],
        ["Training"] = ["Execution", "Kernels", "Data", "Networks", "Models", "Formats", .. s_foundation],
    };

    /// <summary>Single types that a part may use as well, each with the reason.</summary>
    private static readonly Dictionary<(string User, Type Used), string> s_exceptions = new()
    {
        [("Models", typeof(SimdTier))] = "an optional argument of Philox.Fill, which the compiler fills in",
        [("Models", typeof(Transpose))] = "matrices of files are turned into panels as they are read",
    };

    /// <summary>Files that are longer than 400 lines, each with the reason.</summary>
    private static readonly Dictionary<string, string> s_longFiles = new() { };

    /// <summary>Files outside Simd that name an instruction set, each with the reason.</summary>
    private static readonly Dictionary<string, string> s_filesWithInstructionSets = new() { };

    [Fact]
    public void PartsUseOnlyWhatTheyMay()
    {
        string[] wrong =
        [
            .. AssemblyReferences.Find(typeof(SimdTiers).Assembly)
                .Where(use => Part(use.User) is { } user && Part(use.Used) is var used && used != user
                    && !(s_mayUse.TryGetValue(user, out string[]? allowed) && allowed.Contains(used))
                    && !s_exceptions.ContainsKey((user, use.Used)))
                .Select(use => $"{use.User.FullName} uses {use.Used.FullName}")
                .Distinct().Order(StringComparer.Ordinal),
        ];
        Assert.True(wrong.Length == 0, $"Dependencies in a direction that is not allowed:\n{string.Join('\n', wrong)}");
    }

    [Fact]
    public void TheSearchFindsUsesOfAllKinds()
    {
        (Type User, Type Used)[] uses = [.. AssemblyReferences.Find(typeof(ArchitectureTests).Assembly).Where(use => use.User == typeof(Sample))];
        foreach (Type used in (Type[])[typeof(InField), typeof(InParameter), typeof(InBody), typeof(InGenericArgument), typeof(InBase)])
            Assert.Contains(uses, use => use.Used == used);
    }

    [Fact]
    public void NamespacesAreFolders()
    {
        var wrong = new List<string>();
        foreach (string path in Repository.SourceFiles("src", "tests"))
        {
            string folder = Path.GetDirectoryName(path)!.Replace('\\', '/');
            string expected = folder[(folder.IndexOf('/', StringComparison.Ordinal) + 1)..].Replace('/', '.');
            Match declared = NamespaceText().Match(File.ReadAllText(Path.Combine(Repository.Root, path)));
            if (declared.Success && declared.Groups[1].Value != expected)
                wrong.Add($"{path}: {declared.Groups[1].Value}");
        }
        Assert.Empty(wrong);
    }

    /// <summary>The compiler's checks for trimming and native code are on, so that what would break there is an error in every build.</summary>
    [Theory]
    [InlineData(typeof(SimdTiers))]
    [InlineData(typeof(AlexNetSharp.Images.ImageDecoder))]
    [InlineData(typeof(AlexNetSharp.Mpi.MpiException))]
    [InlineData(typeof(AlexNetSharp.Cli.Hosting.NativeBuild))]
    public void AssembliesAreCheckedForTrimmingAndNativeCode(Type part)
    {
        Dictionary<string, string?> metadata = part.Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().ToDictionary(a => a.Key, a => a.Value);
        Assert.Equal("True", metadata["IsTrimmable"]);
        Assert.Equal("True", metadata["IsAotCompatible"]);
    }

    [Fact]
    public void OnlySimdNamesInstructionSets() => AssertOnly(
        s_filesWithInstructionSets,
        Repository.SourceFiles("src").Where(path => !path.Contains("/Simd/", StringComparison.Ordinal)
            && InstructionSetText().IsMatch(File.ReadAllText(Path.Combine(Repository.Root, path)))));

    [Fact]
    public void SourceFilesAreShort() => AssertOnly(
        s_longFiles,
        Repository.SourceFiles("src", "tests", "bench", "examples").Where(path => File.ReadLines(Path.Combine(Repository.Root, path)).Count() > 400));

    private static void AssertOnly(Dictionary<string, string> exceptions, IEnumerable<string> found) =>
        Assert.Equal(exceptions.Keys.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));

    /// <summary>The second part of a namespace, "Kernels" of AlexNetSharp.Kernels.Gemm; null for the root, which may use everything.</summary>
    private static string? Part(Type type) => type.Namespace!.Split('.') is ["AlexNetSharp", var part, ..] ? part : null;

    [GeneratedRegex(@"^namespace\s+(AlexNetSharp[\w.]*)\s*;", RegexOptions.Multiline)]
    private static partial Regex NamespaceText();

    [GeneratedRegex(@"Runtime\.Intrinsics\.(X86|Arm|Wasm)\b")]
    private static partial Regex InstructionSetText();

    private sealed class InField;

    private sealed class InParameter;

    private static class InBody
    {
        public static int Number => 1;
    }

    private sealed class InGenericArgument;

    private class InBase;

    private sealed class Sample : InBase
    {
        private readonly InField[]? _field = null;

        public int Method(InParameter? parameter) =>
            Enumerable.Empty<InGenericArgument>().Count() + InBody.Number + (_field is null || parameter is null ? 1 : 0);
    }
}

#:property RestorePackagesWithLockFile=false
#:property PublishAot=false
// Copies measured tables into the documents that show them: dotnet run tools/tables.cs      (from the root; checked by BenchmarkTableTests)
const string usage = "usage: dotnet run tools/tables.cs [-- FOLDER]     FOLDER: measured tables, by default benchmarks/amd-epyc";
if (args is ["--help" or "-h"])
{
    Console.WriteLine(usage);
    return 0;
}
string folder = args is [var named] ? named : "benchmarks/amd-epyc";
if (args.Length > 1 || !Directory.Exists(folder))
{
    Console.Error.WriteLine(args.Length > 1 ? usage : $"there is no folder '{folder}'; {usage}");
    return 2;
}

Replace("README.md", "rivals", Part("rivals.md", until: "\n- "));
Replace("docs/performance.md", "layers", Part("performance.md", until: "\n\n| batch"));
Replace("docs/performance.md", "growth", Part("performance.md", from: "| batch"));
// Most desktops and laptops have no AVX-512: the README shows such a machine, too.
folder = "benchmarks/amd-epyc-25.1.1-avx2";
Replace("README.md", "rivals AVX2", Part("rivals.md", until: "\n- "));
// From the machine on which the services were compared last.
folder = new DirectoryInfo("benchmarks").EnumerateFiles("serving.md", SearchOption.AllDirectories).MaxBy(file => file.LastWriteTimeUtc)!.DirectoryName!;
Replace("docs/serving.md", "load test", Part("serving.md"));
return 0;

string Part(string file, string? from = null, string? until = null)
{
    string text = File.ReadAllText(Path.Combine(folder, file)).ReplaceLineEndings("\n");
    int begin = from is null ? 0 : text.IndexOf(from, StringComparison.Ordinal);
    int end = until is null ? text.Length : text.IndexOf(until, StringComparison.Ordinal);
    return text[begin..end].Trim();
}

void Replace(string document, string name, string table)
{
    string text = File.ReadAllText(document).ReplaceLineEndings("\n"), open = $"<!-- {name} -->", close = $"<!-- /{name} -->";
    int begin = text.IndexOf(open, StringComparison.Ordinal) + open.Length, end = text.IndexOf(close, StringComparison.Ordinal);
    File.WriteAllText(document, $"{text[..begin]}\n{table}\n{text[end..]}");
    Console.WriteLine($"{document}: {name}");
}

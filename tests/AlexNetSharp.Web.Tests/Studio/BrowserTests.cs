using System.ComponentModel;
using System.Diagnostics;
using AlexNetSharp.Cli.Benchmarking;
using AlexNetSharp.Tests;

namespace AlexNetSharp.Web.Tests.Studio;

/// <summary>The studio in a real browser: web/tests/studio.mjs, with Debian's Chromium and playwright-core.</summary>
public sealed class BrowserTests
{
    private static readonly string[] s_browsers = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    [Fact]
    public async Task PeopleCanUseIt()
    {
        string web = Path.Combine(Repository.Root, "src", "AlexNetSharp.Studio", "web");
        Assert.SkipUnless(s_browsers.Append(Environment.GetEnvironmentVariable("CHROMIUM") ?? "").Any(File.Exists), "no Chromium here: apt-get install chromium");
        Assert.SkipUnless(Directory.Exists(Path.Combine(web, "node_modules", "playwright-core")), "playwright-core is not installed: npm ci in src/AlexNetSharp.Studio/web");
        await using TestStudio studio = await TestStudio.StartAsync(change: options => StudioRunTests.WithWork(options) with { Benchmark = new PageBenchmark(1) });
        var start = new ProcessStartInfo("node", ["tests/studio.mjs", studio.Address, studio.PathOf("images/below"), studio.PathOf("runs/first"), studio.PathOf("teach"), studio.PathOf("held-out"), Path.Combine(AppContext.BaseDirectory, "alexnet.dll"), studio.PathOf("model.safetensors")])
        {
            WorkingDirectory = web,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        Process? node = null;
        try
        {
            node = Process.Start(start);
        }
        catch (Win32Exception)
        {
            Assert.Skip("no Node.js here: apt-get install nodejs");
        }
        using (node)
        {
            Task<string> output = node!.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), error = node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await node.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(10), TestContext.Current.CancellationToken);
            Assert.True(node.ExitCode == 0, $"{await output}\n{await error}");
            Assert.Contains("ok: no error and no request to elsewhere", await output, StringComparison.Ordinal);
        }
        Assert.Empty(studio.Notes);
    }
}

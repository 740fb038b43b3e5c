using System.ComponentModel;
using System.Diagnostics;
using AlexNetSharp.Cli.Benchmarking;
using AlexNetSharp.Tests;

namespace AlexNetSharp.Web.Tests.Studio;

/// <summary>The studio in real browsers, Debian's: web/tests/studio.mjs in Chromium with playwright-core, web/tests/firefox.mjs in Firefox over WebDriver BiDi.</summary>
public sealed class BrowserTests
{
    private static readonly string[] s_chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    private static readonly string[] s_firefox = ["/usr/bin/firefox-esr", "/usr/bin/firefox"];
    private static readonly string s_web = Path.Combine(Repository.Root, "src", "AlexNetSharp.Studio", "web");

    [Fact]
    public async Task PeopleCanUseIt()
    {
        Assert.SkipUnless(s_chromium.Append(Environment.GetEnvironmentVariable("CHROMIUM") ?? "").Any(File.Exists), "no Chromium here: apt-get install chromium");
        Assert.SkipUnless(Directory.Exists(Path.Combine(s_web, "node_modules", "playwright-core")), "playwright-core is not installed: npm ci in src/AlexNetSharp.Studio/web");
        await using TestStudio studio = await TestStudio.StartAsync(change: options => StudioRunTests.WithWork(options) with { Benchmark = new PageBenchmark(1) });
        await RunAsync(
            null, "tests/studio.mjs", studio.Address, studio.PathOf("images/below"), studio.PathOf("runs/first"), studio.PathOf("teach"), studio.PathOf("held-out"),
            Path.Combine(AppContext.BaseDirectory, "alexnet.dll"), studio.PathOf("model.safetensors"));
        Assert.Empty(studio.Notes);
    }

    [Fact]
    public async Task PeopleCanUseItInFirefox()
    {
        string? firefox = s_firefox.Prepend(Environment.GetEnvironmentVariable("FIREFOX") ?? "").FirstOrDefault(File.Exists);
        Assert.SkipWhen(firefox is null, "no Firefox here: apt-get install firefox-esr");
        await using TestStudio studio = await TestStudio.StartAsync();
        await RunAsync(firefox, "tests/firefox.mjs", studio.Address, studio.PathOf("images/below"));
        Assert.Empty(studio.Notes);
    }

    private static async Task RunAsync(string? firefox, params string[] arguments)
    {
        var start = new ProcessStartInfo("node", arguments) { WorkingDirectory = s_web, RedirectStandardOutput = true, RedirectStandardError = true };
        if (firefox is not null)
            start.Environment["FIREFOX"] = firefox;
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
    }
}

using System.Diagnostics;
using System.Text.RegularExpressions;
using AlexNetSharp.Simd;
using AlexNetSharp.Tests.Simd;

namespace AlexNetSharp.Tests;

/// <summary>
/// Everything that computes is tested again on each narrower vector tier, in a process of its own with the runtime's switch for it: kernels,
/// reference values, plans of small networks; not what no tier can change (<see cref="AnyTier"/>), and of each kernel the tier alone
/// (<see cref="TestedTiers"/>). That process asserts the tier that it got, because a switch that the runtime does not know
/// changes nothing in silence.
/// </summary>
[Collection(LongestFirst.Prefix + nameof(TierLaneTests))]
public partial class TierLaneTests
{
    private static readonly string[] s_namespaces = ["Simd", "Kernels", "Golden", "Execution", "Random"];

    [Theory]
    [InlineData("DOTNET_EnableAVX512", nameof(SimdTier.Vector256))]
    [InlineData("DOTNET_EnableAVX2", nameof(SimdTier.Vector128))]
    [InlineData("DOTNET_EnableHWIntrinsic", nameof(SimdTier.Scalar))]
    public async Task TheTestsPassOnTheTier(string turnedOff, string expected)
    {
        SimdTier tier = Enum.Parse<SimdTier>(expected);
        Assert.SkipUnless(SimdTiers.Best > tier, $"This process is on {SimdTiers.Best} itself.");
        (int exitCode, string output) = await Run(turnedOff, tier);
        Assert.True(exitCode == 0, $"exit code {exitCode} with {turnedOff}=0:\n{output}");
        Match total = TotalText().Match(output);
        Assert.True(total.Success && int.Parse(total.Groups[1].ValueSpan, null) > 100, $"too few tests ran with {turnedOff}=0:\n{output}");
    }

    [Fact]
    public async Task AWrongTierIsNoticed()
    {
        // The old name of a switch does nothing, so this process must complain.
        SimdTier other = SimdTiers.Best == SimdTier.Scalar ? SimdTier.Vector128 : SimdTier.Scalar;
        (int exitCode, string output) = await Run("DOTNET_EnableNoSuchThing", other, "-class", typeof(TierAssertionTests).FullName!);
        Assert.True(exitCode != 0 && output.Contains(nameof(TierAssertionTests.TheTierIsTheExpectedOne), StringComparison.Ordinal), output);
    }

    private static async Task<(int ExitCode, string Output)> Run(string turnedOff, SimdTier tier, params string[] filter)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        // Started by the dotnet command, the process is dotnet itself and the first argument names the tests.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet")
            start.ArgumentList.Add(typeof(TierLaneTests).Assembly.Location);
        if (filter.Length == 0)
            filter = ["-trait-", $"{Slow.Name}={Slow.Value}", "-trait-", $"{AnyTier.Name}={AnyTier.Value}", .. s_namespaces.SelectMany(n => (string[])["-namespace", $"AlexNetSharp.Tests.{n}*"])];
        foreach (string argument in (string[])["-noColor", .. filter])
            start.ArgumentList.Add(argument);
        start.Environment[turnedOff] = "0";
        start.Environment[TierAssertionTests.ExpectedTier] = tier.ToString();

        using Process process = Process.Start(start)!;
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
            Task<string> errors = process.StandardError.ReadToEndAsync(limit.Token);
            string output = await process.StandardOutput.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, output + await errors);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    [GeneratedRegex(@"Total: (\d+)")]
    private static partial Regex TotalText();
}

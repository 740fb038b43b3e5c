using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Simd;

namespace AlexNetSharp.Tests.Cli;

public class NativeBuildTests
{
    [Theory]
    [InlineData("x86-64-v3", SimdTier.Vector256, SimdTier.Vector512, "wider vectors are not used; publish with -p:IlcInstructionSet=x86-64-v4,")]
    [InlineData("x86-64-v2", SimdTier.Vector128, SimdTier.Vector512, "several times slower than they could; publish with -p:IlcInstructionSet=x86-64-v4,")]
    [InlineData("x86-64-v2", SimdTier.Vector128, SimdTier.Vector256, "several times slower than they could; publish with -p:IlcInstructionSet=x86-64-v3,")]
    public void ABuildForLessThanTheProcessorHasSaysSo(string level, SimdTier used, SimdTier offered, string expected)
    {
        string? advice = NativeBuild.AdviceFor(level, used, offered);
        Assert.StartsWith($"this build is native code for {level}, ", advice, StringComparison.Ordinal);
        Assert.Contains(expected, advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SimdTier.Vector256, SimdTier.Vector256)]
    [InlineData(SimdTier.Vector512, SimdTier.Vector512)]
    [InlineData(SimdTier.Vector128, SimdTier.Vector128)]
    public void ABuildThatSuitsTheProcessorIsSilent(SimdTier used, SimdTier offered) => Assert.Null(NativeBuild.AdviceFor("x86-64-v3", used, offered));

    [Fact]
    public void TheJustInTimeCompilerHasNoLevel()
    {
        Assert.Null(NativeBuild.Level);
        Assert.Empty(NativeBuild.Suffix);
        Assert.Null(NativeBuild.Advice);
    }
}

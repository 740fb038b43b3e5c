using AlexNetSharp.Cli.Hosting;

namespace AlexNetSharp.Tests.Cli;

public class NativeBuildTests
{
    [Theory]
    [InlineData("x86-64-v3", 8, 16, "wider vectors are not used; publish with -p:IlcInstructionSet=x86-64-v4,")]
    [InlineData("x86-64-v2", 4, 16, "several times slower than they could; publish with -p:IlcInstructionSet=x86-64-v4,")]
    [InlineData("x86-64-v2", 4, 8, "several times slower than they could; publish with -p:IlcInstructionSet=x86-64-v3,")]
    public void ABuildForLessThanTheProcessorHasSaysSo(string level, int used, int offered, string expected)
    {
        string? advice = NativeBuild.AdviceFor(level, used, offered);
        Assert.StartsWith($"this build is native code for {level}, ", advice, StringComparison.Ordinal);
        Assert.Contains(expected, advice, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(8, 8)]
    [InlineData(16, 16)]
    [InlineData(4, 4)]
    public void ABuildThatSuitsTheProcessorIsSilent(int used, int offered) => Assert.Null(NativeBuild.AdviceFor("x86-64-v3", used, offered));

    [Fact]
    public void TheJustInTimeCompilerHasNoLevel()
    {
        Assert.Null(NativeBuild.Level);
        Assert.Empty(NativeBuild.Suffix);
        Assert.Null(NativeBuild.Advice);
    }
}

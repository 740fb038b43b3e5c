namespace AlexNetSharp.Tests.Cli;

public class SummaryCommandTests
{
    [Fact]
    public void LayersAndTotals()
    {
        AlexNetProcess.Result result = AlexNetCommand.Run("summary", "--batch-size", "2");

        Assert.Equal(0, result.ExitCode);
        Assert.Equal(
            ["conv2", "5×5,", "192,", "SAME", "[2,", "27,", "27,", "192]", "307,392", "447,897,600", "1.12"], Words(Row(result, "conv2")));
        // 61.1 million parameters; multiply-adds of two images; megabytes of all outputs of float32.
        Assert.Equal(["total", "61,100,840", "1,433,534,464", "12.80"], Words(Row(result, "total")));
        Assert.Contains(result.OutputLines, line => line.StartsWith("61.1 million parameters (244.40 MB)", StringComparison.Ordinal));
        Assert.Contains(result.OutputLines, line => line.StartsWith("memory for batch 2, parameters included: ", StringComparison.Ordinal));
    }

    private static string Row(AlexNetProcess.Result result, string name) =>
        Assert.Single(result.OutputLines, line => Words(line) is [var first, ..] && first == name);

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}

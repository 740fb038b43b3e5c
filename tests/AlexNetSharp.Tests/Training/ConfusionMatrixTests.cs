using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Training;

public class ConfusionMatrixTests
{
    [Theory]
    [InlineData("cat", "cat")]
    [InlineData("a-b", "a-b")]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "'-1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\tx", "'\tx")]
    [InlineData("\rx", "\"'\rx\"")]
    [InlineData("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"")]
    public void ANameIsNoFormula(string name, string cell)
    {
        var matrix = new ConfusionMatrix([name, "other"]);
        matrix.Add(0, 1);
        Assert.Equal($"actual,{cell},other\n{cell},0,1\nother,0,0\n", matrix.ToCsv());
    }
}

using AlexNetSharp.Cli.Hosting;

namespace AlexNetSharp.Tests.Cli;

public class NearestNameTests
{
    private static readonly string[] s_names = ["tensorflow", "torchvision", "paper", "caffe", "caffenet"];

    [Theory]
    [InlineData("tensroflow", "tensorflow")]
    [InlineData("TensorFlow", "tensorflow")]
    [InlineData("cafe", "caffe")]
    [InlineData("cafenet", "caffenet")]
    [InlineData("torch", "torchvision")]
    [InlineData("resnet", null)]
    [InlineData("x", null)]
    public void FindsWhatWasMeant(string word, string? expected) => Assert.Equal(expected, NearestName.Find(word, s_names));

    [Theory]
    [InlineData("", "abc", 3)]
    [InlineData("abc", "abc", 0)]
    [InlineData("abcd", "acbd", 1)]
    [InlineData("kitten", "sitting", 3)]
    public void CountsEdits(string a, string b, int distance) => Assert.Equal(distance, NearestName.Distance(a, b));
}

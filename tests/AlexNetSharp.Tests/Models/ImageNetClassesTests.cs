using AlexNetSharp.Formats;
using AlexNetSharp.Models;

namespace AlexNetSharp.Tests.Models;

public class ImageNetClassesTests
{
    [Fact]
    public void ThereAre1000InTheOrderOfTheirIds()
    {
        Assert.Equal(ImageNetClasses.Count, ImageNetClasses.All.Count);
        Assert.Equal(ImageNetClasses.All.Select(c => c.Id).Order(StringComparer.Ordinal).Distinct(), ImageNetClasses.All.Select(c => c.Id));
        Assert.All(ImageNetClasses.All, c => Assert.Matches("^n[0-9]{8}$", c.Id));
        Assert.All(ImageNetClasses.All, c => Assert.NotEmpty(c.Name));
    }

    // Indices that publications and model cards name.
    [Theory]
    [InlineData(0, "n01440764", "tench, Tinca tinca")]
    [InlineData(22, "n01614925", "bald eagle, American eagle, Haliaeetus leucocephalus")]
    [InlineData(134, "n02012849", "crane")]
    [InlineData(285, "n02124075", "Egyptian cat")]
    [InlineData(517, "n03126707", "crane")]
    [InlineData(638, "n03710637", "maillot")]
    [InlineData(639, "n03710721", "maillot, tank suit")]
    [InlineData(817, "n04285008", "sports car, sport car")]
    [InlineData(954, "n07753592", "banana")]
    [InlineData(999, "n15075141", "toilet tissue, toilet paper, bathroom tissue")]
    public void WellKnownClassesHaveTheirPlaces(int index, string id, string name) => Assert.Equal(new ClassName(id, name), ImageNetClasses.All[index]);

    [Theory]
    [InlineData("n01440764 tench, Tinca tinca\nn01443537\tgoldfish\n\n", "n01440764=tench, Tinca tinca;n01443537=goldfish")]
    [InlineData("tench\r\nn01443537 goldfish\r\n", "tench=tench;n01443537 goldfish=n01443537 goldfish")]
    [InlineData("  Zürich \nn1 x", "Zürich=Zürich;n1 x=n1 x")]
    public void NamesAreReadFromAFileOfLines(string text, string expected)
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
        Assert.Equal(expected, string.Join(';', ClassNames.Read(stream, "names.txt").Select(c => $"{c.Id}={c.Name}")));
    }

    [Theory]
    [InlineData("", "holds no names")]
    [InlineData("\n\n", "holds no names")]
    [InlineData("a\n\nb", "line 2 is empty")]
    [InlineData("a\nb\u0001", "line 2 is empty, too long or no text")]
    public void AFileThatIsNoListIsRefused(string text, string expected)
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
        string message = Assert.Throws<InvalidDataException>(() => ClassNames.Read(stream, "names.txt")).Message;
        Assert.StartsWith("names.txt: ", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }
}

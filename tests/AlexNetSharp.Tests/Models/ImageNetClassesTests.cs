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
    public void WellKnownClassesHaveTheirPlaces(int index, string id, string name) => Assert.Equal((id, name), (ImageNetClasses.All[index].Id, ImageNetClasses.All[index].Name));

    [Theory]
    [InlineData("n01440764 tench, Tinca tinca\nn01443537\tgoldfish\n\n", "n01440764=tench, Tinca tinca;n01443537=goldfish")]
    [InlineData("tench\r\nn01443537 goldfish\r\n", "tench=tench;n01443537 goldfish=n01443537 goldfish")]
    [InlineData("  Zürich \nn1 x", "Zürich=Zürich;n1 x=n1 x")]
    [InlineData("[cat]\n{dog}", "[cat]=[cat];{dog}={dog}")]
    [InlineData("0: tench\n1: gold fish", "tench=tench;gold fish=gold fish")]
    [InlineData("0 n01440764 tench\n1 n01443537 goldfish", "n01440764=tench;n01443537=goldfish")]
    [InlineData("0\n1\n2", "0=0;1=1;2=2")]
    [InlineData("1 a\n0 b", "1 a=1 a;0 b=0 b")]
    [InlineData("[\"tench\", \"gold \\u00e9\\\"fish\"]\n", "tench=tench;gold é\"fish=gold é\"fish")]
    [InlineData("['tench',\n 'black-and-gold, \\'fish\\'',]", "tench=tench;black-and-gold, 'fish'=black-and-gold, 'fish'")]
    [InlineData("{0: 'tench, Tinca tinca',\n 1: \"jack-o'-lantern\"}", "tench, Tinca tinca=tench, Tinca tinca;jack-o'-lantern=jack-o'-lantern")]
    [InlineData("{1: 'b', 0: 'a'}", "a=a;b=b")]
    [InlineData("{\"0\": [\"n01440764\", \"tench\"], \"1\": [\"n01443537\", \"goldfish\"]}", "n01440764=tench;n01443537=goldfish")]
    [InlineData("[('n01440764', 'tench'), ('n01443537', 'goldfish')]", "n01440764=tench;n01443537=goldfish")]
    [InlineData("{\"1\": \"b\", \"0\": \"a\"}", "a=a;b=b")]
    [InlineData("{\"dog\": 1, \"cat\": 0}", "cat=cat;dog=dog")]
    [InlineData("{\"7\": 1, \"3\": 0}", "3=3;7=7")]
    public void NamesAreReadFromAFileOfLines(string text, string expected)
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
        Assert.Equal(expected, string.Join(';', ClassNames.Read(stream, "names.txt").Select(c => $"{c.Id}={c.Name}")));
    }

    [Theory]
    [InlineData("", "holds no names")]
    [InlineData("\n\n", "holds no names")]
    [InlineData("a\n\nb", "line 2 is empty")]
    [InlineData("a\nb\u0001", "line 2 is empty, too long or not text")]
    [InlineData("n02119789 1 kit_fox\nn02100735 2 English_setter", "a number stands between id and name")]
    [InlineData("[]", "holds no names")]
    [InlineData("{}", "holds no names")]
    [InlineData("{0: 'a', 2: 'b'}", "class 1 is missing")]
    [InlineData("{0: 'a', 0: 'b'}", "class 0 appears twice")]
    [InlineData("{\"a\": 0, \"b\": 0}", "class 0 appears twice")]
    [InlineData("['a', 'b'", "line 1: expected ','")]
    [InlineData("['a'\n'b']", "line 2: expected ','")]
    [InlineData("['a', b]", "expected a number or a quoted string")]
    [InlineData("['a', 3]", "expected a name in quotes")]
    [InlineData("['a', '']", "the name of class 1 is empty")]
    [InlineData("['a', 'b", "unterminated string")]
    [InlineData("['a', '\\u00'", "escape")]
    [InlineData("['a']\nand more", "line 2: unexpected text")]
    [InlineData("[['a', 'b', 'c']]", "expected [id, name]")]
    [InlineData("{'a': 'b'}", "expected index")]
    [InlineData("{0 'b'}", "expected ':'")]
    public void AFileThatIsNoListIsRefused(string text, string expected)
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
        string message = Assert.Throws<InvalidDataException>(() => ClassNames.Read(stream, "names.txt")).Message;
        Assert.StartsWith("names.txt: ", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }
}

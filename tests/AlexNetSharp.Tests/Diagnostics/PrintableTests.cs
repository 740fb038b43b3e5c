using AlexNetSharp.Diagnostics;

namespace AlexNetSharp.Tests.Diagnostics;

public class PrintableTests
{
    [Theory]
    [InlineData("")]
    [InlineData("cat.jpg")]
    [InlineData("Größe − 中文 🐈 میخواهم.png")]
    [InlineData("می\u200cخواهم 👩\u200d🔬")]
    public void WhatIsPrintableStays(string text) => Assert.Same(text, Printable.Of(text));

    [Theory]
    [InlineData("a\nb\r\tc", @"a\nb\r\tc")]
    [InlineData("\e[2J\a\0", @"\x1b[2J\x07\x00")]
    [InlineData("\u0085\u009b31m\u00ad", @"\x85\x9b31m\xad")]
    [InlineData("a\u202egpj.exe", @"a\u202egpj.exe")]
    [InlineData("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u2066\u2067\u2068\u2069", @"\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u2066\u2067\u2068\u2069")]
    [InlineData("\u2028\u2029\ufeff\u200b", @"\u2028\u2029\ufeff\u200b")]
    [InlineData("🐈\U000E0041", @"🐈\U000e0041")]
    public void WhatSteersATerminalIsEscaped(string text, string shown)
    {
        Assert.False(Printable.IsPrintable(text));
        Assert.Equal(shown, Printable.Of(text));
        Assert.True(Printable.IsPrintable(shown));
    }

    [Fact]
    public void HalvesOfPairsAreEscaped()
    {
        Assert.Equal(@"a\ud83d", Printable.Of("a\ud83d"));
        Assert.Equal(@"\udc08b", Printable.Of("\udc08b"));
    }

    [Fact]
    public void NoCharacterThatIsEscapedComesThrough()
    {
        for (int c = 0; c <= char.MaxValue; c++)
        {
            string shown = Printable.Of(((char)c).ToString());
            Assert.DoesNotContain(shown, s => char.IsControl(s) || s is >= '\u202a' and <= '\u202e' or >= '\u2066' and <= '\u2069');
        }
    }
}

using AlexNetSharp.Diagnostics;

namespace AlexNetSharp.Tests.Diagnostics;

public sealed class ErrorLineTests
{
    // What the runtime says when the disk is full, and what people are told: the name that they know, and what to do.
    [Theory]
    [InlineData("No space left on device : '/runs/a/checkpoints/.best.safetensors.f9c1b984a5be442aa6ad1251e244fa1e.tmp'", 28, "'/runs/a/checkpoints/best.safetensors' cannot be written: the disk is full;")]
    [InlineData("Disk quota exceeded : '/runs/curves.png'", 122, "'/runs/curves.png' cannot be written: the disk is full;")]
    [InlineData("There is not enough space on the disk. : 'C:\\runs\\curves.png'", unchecked((int)0x80070070), "'C:\\runs\\curves.png' cannot be written: the disk is full;")]
    [InlineData("No space left on device : '/runs/two\nlines'", 28, "'/runs/two\\nlines' cannot be written: the disk is full;")]
    [InlineData("No space left on device", 28, "the disk is full;")]
    public void AFullDiskNamesTheFileAndWhatToDo(string message, int code, string expected) =>
        Assert.Equal($"{expected} free some space or write to another disk", ErrorLine.Of(new IOException(message, code)));

    [Fact]
    public void OtherErrorsOfFilesKeepTheirMessage() =>
        Assert.Equal("Permission denied : '/runs'", ErrorLine.Of(new IOException("Permission denied : '/runs'", 13)));
}

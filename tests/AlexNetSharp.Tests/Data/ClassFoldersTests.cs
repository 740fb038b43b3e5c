using AlexNetSharp.Data;
using AlexNetSharp.Images;
using AlexNetSharp.Tests.Images;
using SkiaSharp;

namespace AlexNetSharp.Tests.Data;

/// <summary>Folders as people have them: other names for the parts, links, leftovers of systems, empty classes.</summary>
public sealed class ClassFoldersTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DatasetOptions _options = new() { Decoder = new ImageDecoder() };

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("train", "valid", "test")]
    [InlineData("training", "validation", "testing")]
    [InlineData("Train", "Val", "Test")]
    [InlineData("TRAINING", "dev", "test")]
    [InlineData("train", "valid", null)]
    [InlineData("Training", "Test", null)]
    public void PartsOfASetAreKnownByAllTheirNames(string train, string validation, string? unused)
    {
        Images($"{train}/cat", 3);
        Images($"{train}/dog", 3);
        Images($"{validation}/cat", 1);
        Images($"{validation}/dog", 1);
        if (unused is not null)
            Images($"{unused}/cat", 2);
        DatasetPair pair = Open();
        Assert.Equal(["cat", "dog"], pair.Train.Classes);
        Assert.Equal((6, 2), (pair.Train.Count, pair.Validation!.Count));
        Assert.Equal($"class folders in {train}/ and {validation}/", pair.Description);
        Assert.Equal(unused is null ? 0 : 1, pair.Notes.Count(note => note.Contains($"/{unused}: skipped", StringComparison.Ordinal)));
        Assert.Equal(2, DatasetReader.OpenForEvaluation(Root, _options.Decoder, ["cat", "dog"]).Images.Count);
    }

    [Fact]
    public void AFolderWithImagesOfItsOwnIsAClassWhateverItIsCalled()
    {
        Images("train", 2);
        Images("test", 2);
        Images("bus", 2);
        Assert.Equal(["bus", "test", "train"], Open().Train.Classes);
    }

    [Fact]
    public void PartsWithoutOneToLearnFromAndTwoToLearnFromAreRefused()
    {
        Images("validation/cat", 1);
        Images("test/cat", 1);
        Assert.Contains("no train/ beside it", Fails(), StringComparison.Ordinal);
        Images("train/cat", 1);
        Images("Training/cat", 1);
        Assert.Contains("both Training/ and train/", Fails(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cat/up", "..")]
    [InlineData("loop", ".")]
    [InlineData("cat/self", ".")]
    [InlineData("cat/more", "../dog")]
    [InlineData("cat/0 again.png", "0.png")]
    public void WhatIsReachedTwiceCountsOnce(string link, string target)
    {
        Images("cat", 3);
        Images("dog", 3);
        Link(link, target);
        Link("dog/second.link", "../cat/../../data");
        DatasetPair pair = Open();
        Assert.Equal(["cat", "dog"], pair.Train.Classes);
        Assert.Equal([0, 0, 0, 1, 1, 1], Enumerable.Range(0, pair.Train.Count).Select(pair.Train.Label));
        Assert.Equal(2, pair.Notes.Count);
        Assert.Contains(pair.Notes, note => note.StartsWith(_folder.PathOf("data/" + link) + ": skipped, a link to", StringComparison.Ordinal));
        Assert.Equal(6, ImageFiles.Find(Root).Count);
    }

    [Fact]
    public void LinksToOtherFoldersAndFilesAreFollowed()
    {
        Images("../pool/cat/deep", 2);
        Images("../pool/single", 1);
        Images("dog", 1);
        Link("cat", "../pool/cat");
        Link("dog/1.png", "../../pool/single/0.png");
        DatasetPair pair = Open();
        Assert.Equal([0, 0, 1, 1], Enumerable.Range(0, pair.Train.Count).Select(pair.Train.Label));
        Assert.Empty(pair.Notes);

        // The same file again: in the same class it counts once, in another it is refused.
        Link("dog/2.png", "../../pool/single/0.png");
        Assert.Equal(4, Open().Train.Count);
        Images("emu", 1);
        Link("emu/1.png", "../../pool/single/0.png");
        Assert.Contains("emu/1.png: a link to", Fails(), StringComparison.Ordinal);
        File.Delete(_folder.PathOf("data/emu/1.png"));
        Link("emu/1.png", "../dog/0.png");
        Assert.Contains("emu/1.png: a link to", Fails(), StringComparison.Ordinal);
        File.Delete(_folder.PathOf("data/emu/1.png"));
        Link("gnu", "../pool/cat");
        Assert.Contains("gnu: a link to", Fails(), StringComparison.Ordinal);
    }

    [Fact]
    public void LinksInACircleOutsideEnd()
    {
        Images("cat", 1);
        Images("../pool/a", 1);
        Link("../pool/a/b", "..");
        Link("cat/pool", "../../pool");
        Link("cat/dangling", "nowhere");
        Link("cat/endless", "endless");
        Assert.Equal(2, Open().Train.Count);
    }

    [Fact]
    public void FoldersThatNobodyMadeAndFoldersOfTrainingsArePassedOver()
    {
        Images("cat", 1);
        Images("dog", 1);
        Images("cat/@eaDir", 1);
        Images("__MACOSX/cat", 1);
        _folder.Write("data/dog/._0.png", "resource fork"u8);
        Images("runs/checkpoints", 1);
        _folder.Write("data/runs/config.json", "{}"u8);
        DatasetPair pair = Open();
        Assert.Equal(["cat", "dog"], pair.Train.Classes);
        Assert.Equal(2, pair.Train.Count);
        Assert.Equal(3, pair.Notes.Count);
    }

    [Fact]
    public void AnEmptyClassIsRefusedInTrainingAndPassedOverInValidation()
    {
        Images("train/cat", 2);
        Images("train/dog", 2);
        Images("val/cat", 1);
        Directory.CreateDirectory(_folder.PathOf("data/val/dog"));
        DatasetPair pair = Open();
        Assert.Equal(1, pair.Validation!.Count);
        Assert.Contains("dog: skipped, no images", pair.Notes.Single(), StringComparison.Ordinal);
        Directory.CreateDirectory(_folder.PathOf("data/train/emu"));
        Assert.Contains("emu: no images", Fails(), StringComparison.Ordinal);
        Assert.Contains("no images", Assert.Throws<InvalidDataException>(
            () => new ClassFolders(_folder.PathOf("data/train/emu/.."), _options.Decoder)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("caf\u00e9", "cafe\u0301")]
    [InlineData("Ph\u1edf", "Pho\u031b\u0309")]
    [InlineData("\u30ac\u30e9\u30b9", "\u30ab\u3099\u30e9\u30b9")]
    [InlineData("\ud55c\uae00", "\u1112\u1161\u11ab\u1100\u1173\u11af")]
    [InlineData("\u0439", "\u0438\u0306")]
    public void NamesThatDifferInUnicodeFormOnlyAreTheSame(string composed, string separate)
    {
        Images($"train/{composed}", 2);
        Images("train/dog", 2);
        Images($"val/{separate}", 1);
        DatasetPair pair = Open();
        Assert.Equal(composed, pair.Validation!.Classes[pair.Validation.Label(0)]);
        Images($"train/{separate}", 1);
        Assert.Contains("differ only in Unicode normalization", Fails(), StringComparison.Ordinal);
    }

    [Fact]
    public void OtherAccentsAreOtherNames()
    {
        Images("caf\u00e9", 1);
        Images("cafe\u0300", 1);
        Images("cafe", 1);
        Assert.Equal(3, Open().Train.Classes.Count);
    }

    private string Root => _folder.PathOf("data");

    private DatasetPair Open() => DatasetReader.Open(Root, _options);

    private string Fails() => Assert.Throws<InvalidDataException>(Open).Message;

    private void Images(string folder, int count)
    {
        for (int i = 0; i < count; i++)
            _folder.Write($"data/{folder}/{i}.png", TestImages.Encode(4, 4, SKEncodedImageFormat.Png, out _, seed: i));
    }

    private void Link(string path, string target)
    {
        string full = _folder.PathOf("data/" + path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.CreateSymbolicLink(full, target);
    }
}

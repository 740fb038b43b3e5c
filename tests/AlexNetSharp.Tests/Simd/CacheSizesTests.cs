using AlexNetSharp.Simd;

namespace AlexNetSharp.Tests.Simd;

[Trait(AnyTier.Name, AnyTier.Value)]
public class CacheSizesTests
{
    [Theory]
    [InlineData("32K,512K,16M", 32 << 10, 512 << 10, 16 << 20, 1)]
    [InlineData(" 48k , 2m , 1G , 8 ", 48 << 10, 2 << 20, 1 << 30, 8)]
    public void TheVariableIsThreeSizes(string text, long first, long second, long last, int sharing)
    {
        CacheSizes? sizes = CacheSizes.FromText(text);
        Assert.Equal((first, second, last, sharing), (sizes!.First, sizes.Second, sizes.Last, sizes.Sharing));
    }

    [Theory]
    [InlineData(null), InlineData(""), InlineData("32K"), InlineData("32K,512K"), InlineData("32,512,16"), InlineData("512K,32K,16M")]
    [InlineData("32K,512K,-16M"), InlineData("32K,512K,16M,0"), InlineData("32K,512K,16M,x"), InlineData("0K,0K,0K"), InlineData("1G,2G,2048G")]
    public void OtherTextsAreNone(string? text) => Assert.Null(CacheSizes.FromText(text));

    [Fact]
    public void LinuxListsThemByFolders()
    {
        using var folder = new TemporaryFolder();
        Index(0, "1", "Data", "32K", "0");
        Index(1, "1", "Instruction", "64K", "0");
        Index(2, "2", "Unified", "1024K", "0");
        Index(3, "3", "Unified", "16384K", "0-3,8-11");
        CacheSizes? sizes = CacheSizes.FromFolder(folder.Path);
        Assert.Equal((32 << 10, 1 << 20, 16 << 20, 8), (sizes!.First, sizes.Second, sizes.Last, sizes.Sharing));

        Directory.Delete(folder.PathOf("index3"), recursive: true);
        Assert.Equal(1 << 20, CacheSizes.FromFolder(folder.Path)!.Last);
        Directory.Delete(folder.PathOf("index2"), recursive: true);
        Assert.Null(CacheSizes.FromFolder(folder.Path));
        Assert.Null(CacheSizes.FromFolder(folder.PathOf("none")));

        void Index(int index, string level, string type, string size, string shared)
        {
            string at = Directory.CreateDirectory(folder.PathOf($"index{index}")).FullName;
            foreach ((string file, string text) in ((string, string)[])[("level", level), ("type", type), ("size", size), ("shared_cpu_list", shared)])
                File.WriteAllText(Path.Combine(at, file), text + "\n");
        }
    }

    [Fact]
    public void ThisMachineHasRisingSizes()
    {
        CacheSizes sizes = CacheSizes.Current;
        Assert.InRange(sizes.First, 4 << 10, sizes.Second);
        Assert.InRange(sizes.Second, sizes.First, sizes.Last);
        Assert.InRange(sizes.Sharing, 1, 1 << 16);
    }
}

using AlexNetSharp.Diagnostics;

namespace AlexNetSharp.Tests.Diagnostics;

public sealed class ControlGroupTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TheTightestGroupCounts()
    {
        Group("", "max", 9000);
        Group("outer", "1000", 700);
        Group("outer/own", "900", 500);
        Group("outer/other", "10", 10);
        Assert.Equal(300, BytesLeft("0::/outer/own"));
        Group("outer", "max", 700);
        Assert.Equal(400, BytesLeft("0::/outer/own"));
        Assert.Equal(400, BytesLeft("3:cpu,cpuacct:/elsewhere", "0::/outer/own"));
        Assert.Equal(long.MaxValue, BytesLeft("0::/"));
    }

    [Fact]
    public void CachedFilesAreNotInTheWay()
    {
        Group("own", "1000", 990, "anon 300", "file 690", "inactive_file 400", "active_file 250", "shmem 40");
        Assert.Equal(660, BytesLeft("0::/own"));
        Group("own", "1000", 1200);
        Assert.Equal(0, BytesLeft("0::/own"));
    }

    [Fact]
    public void AContainerThatIsItsOwnRootIsFound()
    {
        Group("", "1000", 700);
        Assert.Equal(300, BytesLeft("0::/"));
        // The path outside of the container, which is not there inside.
        Assert.Equal(300, BytesLeft("0::/system.slice/docker-0123.scope"));
    }

    [Fact]
    public void GroupsOfVersion1AreFoundWhereVersion2HasNoMemory()
    {
        string own = Directory.CreateDirectory(_folder.PathOf("memory/job")).FullName;
        File.WriteAllText(Path.Combine(own, "memory.limit_in_bytes"), "1000\n");
        File.WriteAllText(Path.Combine(own, "memory.usage_in_bytes"), "700\n");
        File.WriteAllLines(Path.Combine(own, "memory.stat"), ["cache 500", "total_inactive_file 60", "total_active_file 40", "inactive_file 9"]);
        File.WriteAllText(_folder.PathOf("memory/memory.limit_in_bytes"), "9223372036854771712\n");
        File.WriteAllText(_folder.PathOf("memory/memory.usage_in_bytes"), "800\n");
        Assert.Equal(400, BytesLeft("4:memory:/job", "0::/"));
        Assert.Equal(9223372036854771712 - 800, BytesLeft("4:memory:/elsewhere", "0::/"));
    }

    [Fact]
    public void WithoutGroupsNothingIsKnown()
    {
        Assert.Null(BytesLeft("4:memory:/user.slice", "1:name=systemd:/"));
        Assert.Null(ControlGroup.BytesLeft(_folder.Path, Path.Combine(_folder.Path, "no such file")));
        Assert.InRange(SystemMemory.AvailableBytes, 1, long.MaxValue);
    }

    private long? BytesLeft(params string[] membership)
    {
        string file = Path.Combine(_folder.Path, "membership");
        File.WriteAllLines(file, membership);
        return ControlGroup.BytesLeft(_folder.Path, file);
    }

    private void Group(string path, string max, long current, params string[] stat)
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder.Path, path)).FullName;
        File.WriteAllText(Path.Combine(folder, "memory.max"), max + "\n");
        File.WriteAllText(Path.Combine(folder, "memory.current"), FormattableString.Invariant($"{current}\n"));
        File.WriteAllLines(Path.Combine(folder, "memory.stat"), stat);
    }
}

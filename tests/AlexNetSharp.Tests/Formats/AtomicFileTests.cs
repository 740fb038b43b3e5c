using AlexNetSharp.Formats;

namespace AlexNetSharp.Tests.Formats;

public class AtomicFileTests
{
    [Fact]
    public void ADeviceIsWrittenAndStays()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/dev/full");
        Assert.Throws<IOException>(() => Npy.Save("/dev/full", new float[9], [9]));
        Npy.Save("/dev/null", new float[9], [9]);
        Assert.Equal(0, new FileInfo("/dev/null").Length);
        Assert.ThrowsAny<IOException>(() => Npy.Save("/dev/no-such-device", new float[9], [9]));
        Assert.False(File.Exists("/dev/no-such-device"));
    }

    [Fact]
    public void AFileInSharedMemoryIsAFile()
    {
        Assert.SkipUnless(Directory.Exists("/dev/shm"), "/dev/shm");
        string path = $"/dev/shm/alexnetsharp-{Guid.NewGuid():N}.npy";
        try
        {
            foreach (int length in (int[])[100, 10])
                Npy.Save(path, new float[length], [length]);
            Assert.Equal([10], Npy.Load(path).Shape);
        }
        finally
        {
            File.Delete(path);
        }
    }
}

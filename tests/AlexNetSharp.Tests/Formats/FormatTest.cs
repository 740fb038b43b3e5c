using AlexNetSharp.Formats;

namespace AlexNetSharp.Tests.Formats;

/// <summary>A folder of its own for each test, and the check that an error is of the promised form.</summary>
public abstract class FormatTest : IDisposable
{
    protected string Folder { get; } = Directory.CreateTempSubdirectory("alexnet-formats-").FullName;

    protected string PathOf(string name) => Path.Combine(Folder, name);

    protected static string Golden(string name) => Path.Combine(AppContext.BaseDirectory, "Golden", name);

    /// <summary>Reading <paramref name="data"/> must fail with one line that names file, byte and <paramref name="expected"/>.</summary>
    internal static void Refuses(byte[] data, string name, string expected)
    {
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => TensorFile.Read(data, name).Dispose());
        Assert.StartsWith(name + ": at byte ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }
}

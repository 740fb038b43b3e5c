using System.Buffers.Binary;
using System.Text;
using AlexNetSharp.Data;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests.Data;

namespace AlexNetSharp.Tests.Models;

public class PreprocessingTests
{
    [Fact]
    public void EveryNetworkSeesWhatItsReferenceSeesWithinOneGrayLevel()
    {
        byte[] golden = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Golden", "preprocess.bin"));
        var cases = new Dictionary<string, int>();
        int at = 0;
        while (at < golden.Length)
        {
            string name = Encoding.ASCII.GetString(golden, at, 16).TrimEnd(' ');
            int[] head = [.. Enumerable.Range(0, 6).Select(i => BinaryPrimitives.ReadInt32LittleEndian(golden.AsSpan(at + 16 + 4 * i)))];
            (int rows, int columns, int step) = (head[3], head[4], head[5]);
            at += 40;
            // Before it normalizes: neither scale nor mean nor deviation.
            Preprocessing stated = NetworkCatalog.Get(name).Preprocessing with { Scale = 1, Mean = [], StandardDeviation = [] };
            Assert.Equal((rows, columns), (stated.CropHeight, stated.CropWidth));
            var actual = new float[rows * columns * 3];
            new Preprocessor(stated).Apply(ResamplerTests.Source(head[0], 3, head[1], head[2]), actual);
            for (int y = 0; y < rows; y += step)
                for (int x = 0; x < columns * 3; x++, at++)
                    Assert.True(Math.Abs(golden[at] - actual[y * columns * 3 + x]) <= 1, FormattableString.Invariant(
                        $"{name}, image of {head[1]}×{head[2]}, row {y}, column {x / 3}: {actual[y * columns * 3 + x]} where the reference has {golden[at]}"));
            cases[name] = cases.GetValueOrDefault(name) + 1;
        }
        // Networks that share resizing and crop share the reference, too.
        HashSet<object> covered = [.. cases.Keys.Select(name => Geometry(NetworkCatalog.Get(name)))];
        Assert.All(NetworkCatalog.All.Where(entry => entry.Dataset == "ImageNet"), entry => Assert.Contains(Geometry(entry), covered));
        Assert.All(cases.Values, count => Assert.Equal(3, count));

        static object Geometry(CatalogEntry entry) => (entry.Preprocessing.Resize, entry.Preprocessing.ResizeTo, entry.Preprocessing.CropHeight, entry.Preprocessing.CropWidth);
    }
}

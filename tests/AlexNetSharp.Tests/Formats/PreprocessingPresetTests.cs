using System.Buffers.Binary;
using System.Text;
using AlexNetSharp.Data;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests.Data;

namespace AlexNetSharp.Tests.Formats;

public class PreprocessingPresetTests
{
    [Fact]
    public void The_data_side_reads_what_every_network_states()
    {
        foreach (NetworkInfo info in AlexNet.All)
        {
            PreprocessingPreset preset = info.Preprocessing;
            Preprocessing read = Preprocessing.FromJson(preset.ToJson(), info.Name);
            Assert.Equal(preset.Resize.ToString(), read.Resize.ToString());
            Assert.Equal((preset.ResizeTo, preset.Crop, preset.Crop, preset.Scale), (read.ResizeTo, read.CropHeight, read.CropWidth, read.Scale));
            Assert.Equal(ChannelOrder.Rgb, read.ChannelOrder);
            Assert.Equal([preset.Mean.Red, preset.Mean.Green, preset.Mean.Blue], read.Mean);
            Assert.Equal([preset.Deviation.Red, preset.Deviation.Green, preset.Deviation.Blue], read.Deviation);
        }
    }

    [Fact]
    public void Every_network_sees_what_its_reference_sees_within_one_grey_level()
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
            Preprocessing stated = Preprocessing.FromJson(AlexNet.Find(name)!.Preprocessing.ToJson(), name) with { Scale = 1, Mean = [], Deviation = [] };
            Assert.Equal((rows, columns), (stated.CropHeight, stated.CropWidth));
            var actual = new float[rows * columns * 3];
            new Preprocessor(stated).Apply(ResamplerTests.Source(head[0], 3, head[1], head[2]), actual);
            for (int y = 0; y < rows; y += step)
                for (int x = 0; x < columns * 3; x++, at++)
                    Assert.True(Math.Abs(golden[at] - actual[y * columns * 3 + x]) <= 1, FormattableString.Invariant(
                        $"{name}, image of {head[1]}×{head[2]}, row {y}, column {x / 3}: {actual[y * columns * 3 + x]} where the reference has {golden[at]}"));
            cases[name] = cases.GetValueOrDefault(name) + 1;
        }
        Assert.Equal(AlexNet.All.Select(info => info.Name), cases.Keys);
        Assert.All(cases.Values, count => Assert.Equal(3, count));
    }
}

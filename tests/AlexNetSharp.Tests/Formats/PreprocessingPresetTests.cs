using AlexNetSharp.Data;
using AlexNetSharp.Networks;

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
}

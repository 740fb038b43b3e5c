using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Tests.Formats;
using AlexNetSharp.Tests.Images;
using SkiaSharp;

namespace AlexNetSharp.Tests.Cli;

/// <summary><c>--network</c> with a file in place of a name: JSON, what model files carry, Caffe's prototxt, ONNX.</summary>
public sealed class NetworkOptionTests : IDisposable
{
    private const string Json = """
        {
          "version": 1, "name": "mine", "input": [12, 12, 3],
          "layers": [
            { "type": "conv2d", "name": "first", "out_channels": 8, "kernel_size": 3 },
            { "type": "relu", "name": "relu" },
            { "type": "linear", "name": "decide", "out_features": 2, "weight": { "type": "normal", "standard_deviation": 0.1 } }
          ]
        }
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EveryCommandTakesAFile()
    {
        string json = Write("mine.json", Json), prototxt = Write("mine.prototxt", """
            name: "mine"
            layer { name: "data" type: "ImageData" top: "data" transform_param { crop_size: 12 mean_value: 100 } }
            layer { name: "first" type: "Convolution" bottom: "data" top: "first" convolution_param { num_output: 8 kernel_size: 3 } }
            layer { name: "relu" type: "ReLU" bottom: "first" top: "first" }
            layer { name: "decide" type: "InnerProduct" bottom: "first" top: "decide" inner_product_param { num_output: 2 } }
            """);
        string onnx = _folder.PathOf("mine.onnx"), model = _folder.PathOf("mine.safetensors");
        Assert.Contains("[1, 2]", Run("summary", "--network", json), StringComparison.Ordinal);
        Assert.Contains("[1, 5]", Run("summary", "--network", json, "--classes", "5"), StringComparison.Ordinal);
        Run("init", "--network", prototxt, model);
        Run("init", "--network", json, onnx);
        Assert.Contains("[1, 20, 20, 3]", Run("summary", "--network", json, "--image-size", "20"), StringComparison.Ordinal);
        Assert.Contains("[1, 2]", Run("summary", "--network", onnx), StringComparison.Ordinal);
        Assert.Contains("forward across 2 steps", Run("bench", "--network", prototxt, "--batches", "2", "--burn-in", "0", "--batch-size", "2", "--gradients", "all"), StringComparison.Ordinal);

        string image = Image("dark/1.png", 0);
        Image("light/1.png", 255);
        Image("dark/2.png", 30);
        Image("light/2.png", 220);
        string data = Path.GetDirectoryName(Path.GetDirectoryName(image))!, run = _folder.PathOf("run");
        Assert.Contains("1.png", Run("classify", model, image, "--network", prototxt), StringComparison.Ordinal);
        Run("train", data, "--out", run, "--network", json, "--epochs", "2", "--batch-size", "2", "--val-split", "0.5");
        Assert.Contains("images", Run("eval", run, data, "--out", _folder.PathOf("eval")), StringComparison.Ordinal);
        using Model trained = ModelFile.Load(run);
        Assert.Equal("mine", trained.Network.Name);
        Assert.Equal(["dark", "light"], trained.Classes.Select(c => c.Name));
        // The run is continued without the file, whose network its checkpoint carries.
        File.Delete(json);
        Run("train", "--out", run, "--resume");
    }

    [Fact]
    public void TheTextThatModelFilesCarryIsTakenWithItsPreprocessingAndClasses()
    {
        string text = $$"""
            {
              "version": 1,
              "network": {{Json}},
              "preprocessing": { "resize": "square", "resize_to": 12, "crop_height": 12, "crop_width": 12, "channel_order": "bgr", "scale": 1, "mean": [], "standard_deviation": [] },
              "classes": [{ "id": "a", "name": "dark" }, { "id": "b", "name": "light" }]
            }
            """;
        string path = Write("model.json", text), model = _folder.PathOf("m.safetensors");
        Run("init", "--network", path, model);
        using (Model made = ModelFile.Load(model))
        {
            Assert.Equal(["dark", "light"], made.Classes.Select(c => c.Name));
            Assert.Equal(ChannelOrder.Bgr, made.Preprocessing!.ChannelOrder);
        }
        Refused(1, "model.json: line 8: layer 'decide': the field 'wrong' is not known here",
            "summary", "--network", Write("model.json", text.Replace("\"name\": \"decide\"", "\"name\": \"decide\", \"wrong\": 1", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("\"out_features\": 2", "\"out_features\": 0", "my.json: line 6: layer 'decide'")]
    [InlineData("\"input\": [12, 12, 3]", "\"input\": [12, 12]", "my.json: line 2: network: 'input' must be")]
    [InlineData("\"kernel_size\": 3", "\"kernel_size\": \"3\"", "my.json: line 4: layer 'first': 'kernel_size' must be a whole number")]
    [InlineData("\"type\": \"relu\"", "\"type\": \"gelu\"", "my.json: line 5: layer 2: 'gelu' is not a known type of layer")]
    [InlineData("\"layers\": [", "\"layers\": {", "my.json: line ")]
    public void SummaryNamesTheLineOfAnError(string text, string other, string expected) =>
        Refused(1, expected, "summary", "--network", Write("my.json", Json.Replace(text, other, StringComparison.Ordinal)));

    [Fact]
    public void WhatIsNoNetworkSaysSo()
    {
        Refused(2, "but is 'vgg61'; did you mean 'vgg11'?", "summary", "--network", "vgg61");
        Refused(1, "none.json: no such file", "summary", "--network", _folder.PathOf("none.json"));
        Refused(1, "a folder, not a file", "summary", "--network", _folder.Path);
        Refused(1, "no layers: this is no Caffe network", "summary", "--network", Write("list.txt", "hello: 1"));
        string weights = _folder.PathOf("w.safetensors");
        AlexNetSharp.Formats.SafetensorsWriter.Write(weights, [AlexNetSharp.Formats.TensorSource.Of("a", [1], new float[1])], new Dictionary<string, string>());
        Refused(1, "does not describe a network", "summary", "--network", weights);
        Refused(2, "cannot take images of [2, 2, 3]", "summary", "--network", Write("mine.json", Json), "--image-size", "2");
    }

    private string Write(string name, string text) => _folder.Write(name, System.Text.Encoding.UTF8.GetBytes(text));

    private string Image(string name, byte level)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.PathOf("images/" + name))!);
        return _folder.Write("images/" + name, TestImages.Encode(14, 14, SKEncodedImageFormat.Png, out _, (_, _, _) => level));
    }

    private static void Refused(int exitCode, string expected, params string[] arguments)
    {
        AlexNetProcess.Result result = AlexNetCommand.Run(arguments);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.Equal(exitCode, result.ExitCode);
    }

    private static string Run(params string[] arguments)
    {
        AlexNetProcess.Result result = AlexNetCommand.Run(arguments);
        Assert.True(result.ExitCode == 0, $"{string.Join(' ', arguments)}: {result.Error}");
        return result.Output;
    }
}

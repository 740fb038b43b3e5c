using System.Text;
using AlexNetSharp.Formats;

namespace AlexNetSharp.Tests.Formats;

public class ForeignFilesTests : FormatTest
{
    [Theory]
    [InlineData("x.pth", "version https://git-lfs.github.com/spec/v1\noid sha256:aaaa\nsize 244408911\n", "Git LFS pointer")]
    [InlineData("x.onnx", "version https://git-lfs.github.com/spec/v1\noid sha256:aaaa\nsize 244408911\n", "git lfs pull")]
    [InlineData("x.pth", "<!DOCTYPE html><html><head><title>404</title></head></html>", "web page")]
    [InlineData("x.safetensors", "\u00EF\u00BB\u00BF\n <html>", "web page")]
    [InlineData("x.pth", "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "XML")]
    [InlineData("x.h5", "\u0089HDF\r\n\u001a\n\0\0\0\0", "HDF5")]
    [InlineData("x.caffemodel", "name: \"AlexNet\"\nlayer {\n", "prototxt")]
    [InlineData("x.pth", "sys_info\0\0\0\0\0", "tar of a PyTorch before 0.1.10")]
    [InlineData("x.dat", "\u0002\u0011features.0.weight\u0006\u0004", "TorchSharp")]
    [InlineData("x.weights", "\0\0\0\0\u0001\0\0\0\0\0\0\0\u00e8\u0003\0\0\u00cf\u0093\u0006\u003f\u001e", "Darknet")]
    [InlineData("x.pth.gz", "\u001f\u008b\u0008\0", "archive")]
    [InlineData("x.tflite", "\u001c\0\0\0TFL3", "TensorFlow Lite")]
    [InlineData("x.pkl", "\u0080\u0004}.", "pickle that torch.save did not write")]
    [InlineData("cat.jpg", "\u00ff\u00d8\u00ff\u00e0", "an image")]
    [InlineData("x.gguf", "GGUF\u0003\0\0\0", "GGUF")]
    public void AFileThatIsOftenTakenForAModelIsCalledByItsName(string name, string start, string expected) =>
        Refuses(Encoding.Latin1.GetBytes(start), name, expected);

    [Fact]
    public void TheGoldenFilesAreNotTakenForAnythingElse()
    {
        string[] files = [.. Directory.EnumerateFiles(Golden("formats"), "*", SearchOption.AllDirectories)
            .Where(path => Path.GetExtension(path) is ".pth" or ".onnx" or ".caffemodel" or ".npy" or ".safetensors")];
        Assert.NotEmpty(files);
        Assert.All(files, path => TensorFile.Open(path).Dispose());
    }
}

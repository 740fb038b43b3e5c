using System.Numerics.Tensors;
using AlexNetSharp.Data;
using AlexNetSharp.Formats;
using AlexNetSharp.Images;
using AlexNetSharp.Inference;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;
using AlexNetSharp.Tests.Images;
using SkiaSharp;

namespace AlexNetSharp.Tests.Inference;

public class ClassifierErrorTests
{
    private static void Says<T>(string expected, Func<object?> action)
        where T : Exception
    {
        string message = Assert.ThrowsAny<T>(action).Message;
        Assert.Contains(expected, message, StringComparison.Ordinal);
        // .NET adds a line with the value to arguments out of range.
        if (!typeof(T).IsAssignableTo(typeof(ArgumentException)))
            Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void ModelsThatCannotClassify()
    {
        var own = new Network("own", new Shape(32, 32, 3), CudaConvnet.Quick(3).Layers);
        using ParameterSet parameters = ParameterSet.Initialize(own, 1);
        Says<InvalidDataException>("does not say how images are prepared for network 'own'", () => new Classifier(new Model(parameters)));
        Says<ArgumentException>("takes images of [32, 32, 3], but the preprocessing makes [224, 224, 3]", () => new Model(parameters, Preprocessing.ImageNet));
        Says<InvalidDataException>("takes images of [32, 32, 3], but the preprocessing makes [32, 32, 1]",
            () => new Classifier(new Model(parameters), options: new InferenceOptions
            {
                Preprocessing = new Preprocessing { Resize = ResizeMode.None, CropHeight = 32, CropWidth = 32, ChannelOrder = ChannelOrder.Gray },
            }));
        using var folder = new TemporaryFolder();
        string path = folder.PathOf("model.safetensors");
        ModelFile.Save(path, new Model(parameters));
        Says<InvalidDataException>($"{path}: the model does not say", () => Classifier.Load(path));
        Says<IOException>("missing", () => Classifier.Load(folder.PathOf("missing.safetensors")));
    }

    [Fact]
    public void OptionsOutOfRange()
    {
        foreach (InferenceOptions options in (InferenceOptions[])[
            new() { BatchSize = 0 }, new() { Threads = -1 }, new() { Threads = 2000 }, new() { MaxConcurrency = 0 }, new() { MaxStreamBytes = 0 }])
        {
            using Model model = InferenceModels.Small();
            Assert.Throws<ArgumentOutOfRangeException>(() => new Classifier(model, options: options));
        }
    }

    [Fact]
    public void ImagesThatCannotBe()
    {
        using var classifier = new Classifier(InferenceModels.Small(), new ImageDecoder(new ImageDecoderOptions { MaxPixels = 5000 }), new InferenceOptions
        {
            MaxStreamBytes = 20_000,
        });
        Says<ArgumentException>("11 bytes are not an image of 2×2 pixels with 3 channels, which has 12", () => classifier.Classify(new byte[11], 2, 2));
        Says<ArgumentException>("1 or 3 channels", () => classifier.Classify(new byte[16], 2, 2, channels: 4));
        Says<ArgumentException>("height", () => classifier.Classify([], 0, 2));
        Says<ArgumentException>("top", () => classifier.Classify(new byte[12], 2, 2, top: 0));
        Says<ArgumentException>("top", () => classifier.ClassifyFiles(["x"], top: 0));
        // Found before anything is opened.
        Says<ArgumentOutOfRangeException>("top", () => classifier.Classify("missing.jpg", top: 0));
        Says<ArgumentOutOfRangeException>("top", () => classifier.ClassifyEncoded([], top: 0));
        Says<ArgumentOutOfRangeException>("top", () => classifier.Classify(new MemoryStream([1, 2, 3]), top: -1));
        Says<ArgumentOutOfRangeException>("top", () => classifier.ClassifyAsync(new MemoryStream([1, 2, 3]), top: 0).GetAwaiter().GetResult());
        Says<InvalidDataException>("cat: not a JPEG", () => classifier.Classify(new MemoryStream([1, 2, 3]), name: "cat"));
        Says<InvalidDataException>("cat: empty", () => classifier.ClassifyEncoded([], name: "cat"));
        Says<IOException>("no such file", () => classifier.Classify("missing.jpg"));
        byte[] large = TestImages.Encode(200, 100, SKEncodedImageFormat.Jpeg, out _);
        Says<ImageTooLargeException>("cat: too large (200×100 pixels", () => classifier.ClassifyEncoded(large, name: "cat"));
        Says<ImageTooLargeException>("cat: too large (more than 20000 bytes)", () => classifier.Classify(new MemoryStream(new byte[20_001]), name: "cat"));
        Says<ImageTooLargeException>("cat: too large (more than 20000 bytes)",
            () => classifier.ClassifyAsync(new MemoryStream(new byte[20_001]), name: "cat").GetAwaiter().GetResult());
        // After all this it still works, with the memory that the failed calls gave back.
        Assert.Equal(5, classifier.Classify(new byte[12], 2, 2).Length);
    }

    [Fact]
    public void AModelThatDoesNotResizeNamesTheImageThatIsTooSmall()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("small.png", TestImages.Encode(20, 20, SKEncodedImageFormat.Png, out _));
        using var classifier = new Classifier(InferenceModels.Small(), new ImageDecoder(), new InferenceOptions
        {
            Preprocessing = InferenceModels.SmallPreprocessing with { Resize = ResizeMode.None },
        });
        Says<InvalidDataException>($"{path}: an image of 20×20 pixels is smaller", () => classifier.Classify(path));
        Assert.Contains("20×20", classifier.ClassifyFiles([path]).Single().Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FilesNeedADecoder()
    {
        using var classifier = new Classifier(InferenceModels.Small());
        Says<InvalidOperationException>("no image decoder", () => classifier.Classify("cat.jpg"));
        Says<InvalidOperationException>("no image decoder", () => classifier.Classify(Stream.Null));
        Says<InvalidOperationException>("no image decoder", () => classifier.ClassifyFiles(["cat.jpg"]).Count());
    }

    [Fact]
    public void TensorsOfAnotherShape()
    {
        using var classifier = new Classifier(InferenceModels.Small());
        foreach (nint[] shape in (nint[][])[[1, 3, 32, 32], [32, 32, 3], [2, 32, 31, 3]])
            Says<ArgumentException>($"[{string.Join(", ", shape)}], but the network takes [n, 32, 32, 3]",
                () => classifier.Logits(Tensor.CreateFromShape<float>(shape).AsReadOnlyTensorSpan()));
        Says<ArgumentException>("need a dense tensor of shape [2, 6]", () =>
        {
            classifier.Logits(Tensor.CreateFromShape<float>([2, 32, 32, 3]).AsReadOnlyTensorSpan(), Tensor.CreateFromShape<float>([2, 5]).AsTensorSpan());
            return null;
        });
        Assert.Equal(0, classifier.Logits(Tensor.CreateFromShape<float>([0, 32, 32, 3]).AsReadOnlyTensorSpan()).FlattenedLength);
    }

    [Fact]
    public void WeightsThatAreNoNumbersAreAnError()
    {
        Model model = InferenceModels.Small();
        model.Parameters.Parameters[^1].Storage[2] = float.NaN;
        using var classifier = new Classifier(model);
        Says<InvalidOperationException>("output of network 'cifar10-quick' is not finite", () => classifier.Classify(new byte[12], 2, 2));
    }
}

using System.Numerics.Tensors;
using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Formats;
using AlexNetSharp.Images;
using AlexNetSharp.Inference;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tests.Formats;
using AlexNetSharp.Tests.Images;
using SkiaSharp;

namespace AlexNetSharp.Tests.Inference;

public class ClassifierTests
{
    private const int Height = 290, Width = 370;

    public static TheoryData<string> Networks => [.. InferenceModels.Names];

    [Theory]
    [MemberData(nameof(Networks))]
    public void EqualsPreprocessingPlanAndSoftmaxByHand(string name) => AssertByHand(name, tenCrop: false);

    [Theory]
    [MemberData(nameof(Networks))]
    public void TenCropIsTheMeanOverTenViews(string name) => AssertByHand(name, tenCrop: true);

    private static void AssertByHand(string name, bool tenCrop)
    {
        Model model = InferenceModels.Narrow(name);
        byte[] image = InferenceModels.Image(Height, Width, seed: 1);
        double[] expected = ByHand(model, image, tenCrop ? 10 : 1);
        using var classifier = new Classifier(model, options: new InferenceOptions { TenCrop = tenCrop });
        Prediction[] predictions = classifier.Classify(image, Height, Width, top: expected.Length);
        Assert.Equal(predictions.OrderByDescending(p => p.Probability), predictions);
        Compare.Close(name, expected, [.. predictions.OrderBy(p => p.Index).Select(p => p.Probability)], Tolerances.Elementwise);
        // The network tells images apart: another one gives something else.
        Assert.NotEqual(predictions, classifier.Classify(InferenceModels.Image(Height, Width, seed: 2), Height, Width, top: expected.Length));
    }

    /// <summary>The probabilities of an image, without the classifier: preset, preprocessor, plan, softmax in float64.</summary>
    private static double[] ByHand(Model model, byte[] image, int views)
    {
        var preprocessor = new Preprocessor(NetworkCatalog.Get(model.Network.Name).Preprocessing);
        int classes = (int)model.Network.OutputShape.Length;
        using var plan = new Plan(model.Network, model.Parameters, new PlanOptions { BatchSize = views });
        if (views == 1)
            preprocessor.Apply(InferenceModels.Buffer(image, Height, Width), plan.Input);
        else
            preprocessor.ApplyTenCrop(InferenceModels.Buffer(image, Height, Width), plan.Input);
        plan.Forward();
        var mean = new double[classes];
        for (int v = 0; v < views; v++)
        {
            double[] exponentials = [.. plan.Output.Slice(v * classes, classes).ToArray().Select(z => Math.Exp(z))];
            for (int k = 0; k < classes; k++)
                mean[k] += exponentials[k] / exponentials.Sum() / views;
        }
        return mean;
    }

    [Fact]
    public void EveryDoorGivesTheSame()
    {
        using var folder = new TemporaryFolder();
        byte[] png = TestImages.Encode(60, 44, SKEncodedImageFormat.Png, out byte[] pixels);
        string path = folder.Write("image.png", png);
        using var classifier = new Classifier(InferenceModels.Small(), new ImageDecoder());
        Prediction[] expected = classifier.Classify(pixels, 44, 60, top: 3);
        Assert.Equal(3, expected.Length);
        Assert.Equal(("id", "name"), (expected[0].Id[..2], expected[0].Name[..4]));
        Assert.Equal(expected, classifier.Classify(path, top: 3));
        Assert.Equal(expected, classifier.Classify(new MemoryStream(png), top: 3));
        Assert.Equal(expected, classifier.ClassifyEncoded(png, top: 3));
        Assert.Equal(expected, classifier.ClassifyAsync(new MemoryStream(png), top: 3).GetAwaiter().GetResult());
        Assert.Equal(expected, classifier.ClassifyFiles([path], top: 3).Single().GetOrThrow());
        Assert.Equal(expected[0].ToString(), FormattableString.Invariant($"{expected[0].Name} {100 * expected[0].Probability:0.0} %"));
    }

    [Fact]
    public void GrayPixelsAreThreeEqualChannels()
    {
        using var classifier = new Classifier(InferenceModels.Small());
        byte[] gray = InferenceModels.Image(40, 50, seed: 3, channels: 1);
        Assert.Equal(classifier.Classify([.. gray.SelectMany(value => new[] { value, value, value })], 40, 50), classifier.Classify(gray, 40, 50, channels: 1));
    }

    [Fact]
    public void TensorsGoInAsTheyAre()
    {
        Model model = InferenceModels.Small();
        using var classifier = new Classifier(model, options: new InferenceOptions { BatchSize = 4 });
        const int count = 11;
        var images = Tensor.CreateFromShape<float>([count, 32, 32, 3]);
        var random = new System.Random(4);
        foreach (ref float value in images.AsTensorSpan().GetSpan([0, 0, 0, 0], (int)images.FlattenedLength))
            value = random.NextSingle() - 0.5f;
        using var plan = new Plan(model.Network, model.Parameters, new PlanOptions { BatchSize = count });
        images.FlattenTo(plan.Input);
        plan.Forward();

        Tensor<float> logits = classifier.Logits(images.AsReadOnlyTensorSpan());
        Assert.Equal([count, 6], logits.Lengths.ToArray());
        Compare.Close("logits", plan.Output, logits.GetSpan([0, 0], count * 6), Tolerances.Elementwise);
        Tensor<float> probabilities = classifier.Probabilities(images.AsReadOnlyTensorSpan());
        for (int i = 0; i < count; i++)
        {
            double[] exponentials = [.. logits.GetSpan([i, 0], 6).ToArray().Select(z => Math.Exp(z))];
            Compare.Close("probabilities", [.. exponentials.Select(e => e / exponentials.Sum())], probabilities.GetSpan([i, 0], 6), Tolerances.Elementwise);
        }
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void AnImageGivesTheSameAloneAndInABatch(string name)
    {
        using var classifier = new Classifier(InferenceModels.Narrow(name), options: new InferenceOptions { BatchSize = 5 });
        Preprocessing size = classifier.Preprocessing;
        int length = size.Length;
        var images = Tensor.CreateFromShape<float>([5, size.CropHeight, size.CropWidth, 3]);
        var random = new System.Random(7);
        foreach (ref float value in images.AsTensorSpan().GetSpan([0, 0, 0, 0], 5 * length))
            value = 2 * random.NextSingle() - 1;
        Tensor<float> together = classifier.Logits(images.AsReadOnlyTensorSpan());
        for (int i = 0; i < 5; i++)
        {
            Tensor<float> one = Tensor.Create(images.GetSpan([i, 0, 0, 0], length).ToArray(), [1, size.CropHeight, size.CropWidth, 3]);
            Compare.Close(name, together.GetSpan([i, 0], 7), classifier.Logits(one.AsReadOnlyTensorSpan()).GetSpan([0, 0], 7), Tolerances.OtherBatch);
        }
    }

    [Fact]
    public void ManyFilesGiveTheirResultsInOrderAndBadOnesTheirErrors()
    {
        using var folder = new TemporaryFolder();
        string[] paths = [.. Enumerable.Range(0, 10).Select(i => folder.Write($"{i}.png", TestImages.Encode(40 + i, 50, SKEncodedImageFormat.Png, out _, seed: i)))];
        File.WriteAllText(paths[3], "no image");
        File.Delete(paths[7]);
        using var classifier = new Classifier(InferenceModels.Small(), new ImageDecoder(), new InferenceOptions { BatchSize = 4 });
        FileResult<Prediction[]>[] results = [.. classifier.ClassifyFiles(paths, top: 1)];
        Assert.Equal(paths, results.Select(result => result.Path));
        for (int i = 0; i < paths.Length; i++)
            if (i is 3 or 7)
            {
                Assert.StartsWith(paths[i], results[i].Error!.Message, StringComparison.Ordinal);
                Assert.ThrowsAny<SystemException>(() => results[i].GetOrThrow());
            }
            else
            {
                Prediction alone = classifier.Classify(paths[i], top: 1)[0], together = results[i].GetOrThrow()[0];
                Assert.Equal(alone.Index, together.Index);
                Assert.Equal(alone.Probability, together.Probability, Tolerances.OtherBatch);
            }
    }

    [Fact]
    public void ImageNetsNamesStandInForATorchvisionStateDictWithoutAny()
    {
        using var folder = new TemporaryFolder();
        string path = folder.PathOf("torchvision.safetensors");
        Network network = NarrowNetworks.Torchvision(classes: 1000);
        using (ParameterSet weights = NarrowNetworks.RandomWeights(network, 8))
            ModelFile.SaveParameters(path, weights);
        using var classifier = new Classifier(ModelFile.Load(path, network));
        Assert.Equal(("n01440764", "tench, Tinca tinca"), (classifier.Classes[0].Id, classifier.Classes[0].Name));
        // The preset of the network, for its size.
        Assert.Equal((63, 72), (classifier.Preprocessing.CropHeight, classifier.Preprocessing.ResizeTo));
        Prediction best = classifier.Classify(InferenceModels.Image(80, 90, 1), 80, 90, top: 1)[0];
        Assert.Equal(ImageNetClasses.All[best.Index], best.Class);
    }

    [Fact]
    public void ClassesWithoutNamesAreNumbered()
    {
        using var classifier = new Classifier(InferenceModels.Narrow("torchvision"));
        Assert.Equal("class 6", classifier.Classes[6].Name);
        Assert.Equal(7, classifier.Classify(InferenceModels.Image(40, 40, 1), 40, 40, top: 100).Length);
    }

    [Fact]
    public void BFloat16IsCloseButNotEqual()
    {
        byte[] image = InferenceModels.Image(Height, Width, seed: 1);
        using var exact = new Classifier(InferenceModels.Narrow("caffenet"));
        using var rounded = new Classifier(InferenceModels.Narrow("caffenet"), options: new InferenceOptions { Precision = Precision.BFloat16 });
        float[] a = [.. exact.Classify(image, Height, Width).OrderBy(p => p.Index).Select(p => p.Probability)];
        float[] b = [.. rounded.Classify(image, Height, Width).OrderBy(p => p.Index).Select(p => p.Probability)];
        Assert.NotEqual(a, b);
        Compare.Close("bfloat16", a, b, Tolerances.BFloat16Probabilities);
    }
}

using AlexNetSharp.Data;
using AlexNetSharp.Execution;
using AlexNetSharp.Formats;
using AlexNetSharp.Inference;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Tests.Inference;

public class FeatureTests
{
    public static TheoryData<string> Networks => [.. InferenceModels.Names];

    [Theory]
    [MemberData(nameof(Networks))]
    public void AreTheActivationsOfTheLastHiddenLayer(string name)
    {
        Model model = InferenceModels.Narrow(name);
        byte[] image = InferenceModels.Image(270, 300, 1);
        using var plan = new Plan(model.Network, model.Parameters, new PlanOptions { KeepActivations = true });
        new Preprocessor(NetworkCatalog.Get(name).Preprocessing).Apply(InferenceModels.Buffer(image, 270, 300), plan.Input);
        plan.Forward();
        float[] expected = plan.Activation("fc7").ToArray(), conv5 = plan.Activation("conv5").ToArray();
        Assert.Contains(0f, expected);

        using (var ofLayer = new FeatureExtractor(InferenceModels.Narrow(name), "conv5"))
            Compare.Close("conv5", conv5, ofLayer.Extract(image, 270, 300), Tolerances.SmallNetwork);
        using var extractor = new FeatureExtractor(model);
        Assert.Equal(("fc7", 32), (extractor.Layer, extractor.Length));
        Compare.Close("fc7", expected, extractor.Extract(image, 270, 300), Tolerances.SmallNetwork);
    }

    [Fact]
    public void TheLayerIsFoundWhereThereIsNoFc7()
    {
        Assert.Equal("fc7", FeatureExtractor.LayerOf(AlexNet.Paper()));
        Assert.Equal(CudaConvnet.Quick(10).Layers.OfType<Linear>().First().Name, FeatureExtractor.LayerOf(CudaConvnet.Quick(10)));
        Network full = CudaConvnet.Full(10);
        Assert.Equal(full.Layers[^2].Name, FeatureExtractor.LayerOf(full));
        Assert.Contains("has no layer 'fc9'; it has conv1", Assert.Throws<ArgumentException>(() => new FeatureExtractor(InferenceModels.Small(), "fc9")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void TenViewsGiveTheirMean()
    {
        byte[] image = InferenceModels.Image(50, 60, 1);
        Model model = InferenceModels.Small();
        using var plan = new Plan(model.Network, model.Parameters, new PlanOptions { BatchSize = 10, KeepActivations = true });
        new Preprocessor(InferenceModels.SmallPreprocessing).ApplyTenCrop(InferenceModels.Buffer(image, 50, 60), plan.Input);
        plan.Forward();
        using var extractor = new FeatureExtractor(model, options: new InferenceOptions { TenCrop = true });
        float[] all = plan.Activation(extractor.Layer).ToArray();
        double[] mean = [.. Enumerable.Range(0, extractor.Length).Select(i => Enumerable.Range(0, 10).Average(v => (double)all[v * extractor.Length + i]))];
        Compare.Close("mean", mean, extractor.Extract(image, 50, 60), Tolerances.SmallNetwork);
    }

    [Fact]
    public void TheKeyChangesWithEverythingThatChangesFeatures()
    {
        var options = new InferenceOptions();
        string Key(Action<Model>? change = null, string? layer = null, InferenceOptions? other = null)
        {
            Model model = InferenceModels.Small();
            change?.Invoke(model);
            using var extractor = new FeatureExtractor(model, layer, options: other ?? options);
            return FeatureCache.KeyOf(extractor, other ?? options);
        }
        string key = Key();
        Assert.Equal(key, Key());
        Assert.Equal(key, Key(other: new InferenceOptions { BatchSize = 3, Threads = 1 }));
        // Weights behind the layer do not matter, those before it do.
        Assert.Equal(key, Key(model => model.Parameters.Parameters[^1].Storage[0]++));
        string[] others =
        [
            Key(model => model.Parameters.Parameters[0].Storage[0]++), Key(layer: "conv1"), Key(other: new InferenceOptions { TenCrop = true }),
            Key(other: new InferenceOptions { Precision = Precision.BFloat16 }),
            Key(other: new InferenceOptions { Preprocessing = InferenceModels.SmallPreprocessing with { Scale = 1f / 256 } }),
        ];
        Assert.Equal(others.Length, others.Append(key).Distinct().Count() - 1);
    }

    [Fact]
    public void ACacheGivesBackWhatWasPutIn()
    {
        using var folder = new TemporaryFolder();
        string path = folder.PathOf("cache.safetensors"), image = FeatureCache.HashOf(folder.Write("a", [1])), other = FeatureCache.HashOf(folder.Write("b", [2]));
        var cache = new FeatureCache("key", 3);
        cache.Add(image, [1, 2, 3]);
        cache.Add(other, [4, 5, 6]);
        cache.Save(path, [other, image, other, "not there"]);
        FeatureCache read = FeatureCache.Load(path, "key", 3);
        Assert.Equal(2, read.Count);
        Assert.Equal([1, 2, 3], read.Find(image)!);
        Assert.Equal([4, 5, 6], read.Find(other)!);
        Assert.Equal(0, FeatureCache.Load(path, "another key", 3).Count);
        Assert.Throws<InvalidDataException>(() => FeatureCache.Load(path, "key", 4));
        Assert.Throws<ArgumentException>(() => cache.Add(image, [1]));
    }

    [Fact]
    public void HostileCachesAreRefused()
    {
        using var folder = new TemporaryFolder();
        string path = folder.PathOf("cache.safetensors");
        var cache = new FeatureCache("key", 3);
        for (int i = 0; i < 4; i++)
            cache.Add(FeatureCache.HashOf(folder.Write("a", [(byte)i])), [i, 2, 3]);
        cache.Save(path, Enumerable.Range(0, 4).Select(i => FeatureCache.HashOf(folder.Write("a", [(byte)i]))));
        byte[] valid = File.ReadAllBytes(path);
        var random = new System.Random(1);
        int refused = 0;
        for (int i = 0; i < 1500; i++)
        {
            byte[] changed = [.. valid.AsSpan(0, i % 3 == 0 ? random.Next(valid.Length) : valid.Length)];
            for (int k = 0; k < i % 4 && changed.Length > 0; k++)
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(path, changed);
            try
            {
                FeatureCache read = FeatureCache.Load(path, "key", 3);
                Assert.InRange(read.Count, 0, 4);
            }
            catch (Exception e) when (e is InvalidDataException or IOException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 500, 1500);

        string hash = FeatureCache.HashOf(path);
        cache.Add(hash, [1, float.NaN, 3]);
        cache.Save(path, [hash]);
        Assert.Contains("NaN or infinite", Assert.Throws<InvalidDataException>(() => FeatureCache.Load(path, "key", 3)).Message, StringComparison.Ordinal);
    }
}

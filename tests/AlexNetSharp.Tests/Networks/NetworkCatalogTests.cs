using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Tests.Networks;

/// <summary>Every entry of the catalog is complete: no property may be left at its default by mistake.</summary>
public sealed class NetworkCatalogTests
{
    public static TheoryData<string> Names => [.. NetworkCatalog.Names];

    [Fact]
    public void NamesAreUnique() => Assert.Equal(NetworkCatalog.All.Count, NetworkCatalog.Names.Distinct(StringComparer.OrdinalIgnoreCase).Count());

    [Theory]
    [MemberData(nameof(Names))]
    public void AnEntryStatesItsSourceDatasetAndAccuracy(string name)
    {
        CatalogEntry entry = NetworkCatalog.Get(name);
        Assert.All([entry.Source, entry.LayerNames, entry.Dataset, entry.AccuracySource], text => Assert.False(string.IsNullOrWhiteSpace(text)));
        Assert.True(entry.Classes > 1);
        // A published accuracy is a percentage above chance, and top-5 is above top-1.
        Assert.All([entry.Top1, entry.Top5], accuracy => Assert.True(accuracy is null || (accuracy > 100.0 / entry.Classes && accuracy < 100)));
        Assert.True(entry.Top1 is null || entry.Top5 is null || entry.Top1 < entry.Top5);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void AnEntryBuildsItsNetworkForItsOwnPreprocessing(string name)
    {
        CatalogEntry entry = NetworkCatalog.Get(name);
        Network network = entry.Build();
        Assert.Equal(name, network.Name);
        Assert.Equal(new Shape(entry.Preprocessing.CropHeight, entry.Preprocessing.CropWidth, entry.Preprocessing.Channels), network.InputShape);
        Assert.Equal(Shape.Vector(entry.Classes), network.OutputShape);
        Assert.Equal(3, entry.Build(classes: 3).OutputShape.Length);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void AnEntrysRecipeTrainsItsParameters(string name)
    {
        CatalogEntry entry = NetworkCatalog.Get(name);
        TrainingRecipe recipe = entry.Recipe;
        Assert.InRange(recipe.LearningRate, 1e-5, 1);
        Assert.InRange(recipe.Momentum, 0, 0.999);
        Assert.InRange(recipe.WeightDecay, 0, 0.1);
        Assert.Contains(recipe.Initial, (string[])["network", "he", "paper", "notebook"]);
        Assert.Contains(recipe.Normalize, (string[])["pixel", "channel", "none"]);
        Network network = entry.Build();
        // A pattern that matches nothing is a misspelled one.
        Assert.All(recipe.Groups, group => Assert.Contains(network.Parameters, parameter => group.Matches(parameter.Name)));
    }
}

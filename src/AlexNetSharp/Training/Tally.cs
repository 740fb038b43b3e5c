using System.Text.Json.Serialization;

namespace AlexNetSharp.Training;

/// <summary>Sums of loss and hits over images.</summary>
public readonly struct Tally
{
    [JsonConstructor]
    internal Tally(long count, double lossSum, long top1Hits, long top5Hits) =>
        (Count, LossSum, Top1Hits, Top5Hits) = (count, lossSum, top1Hits, top5Hits);

    /// <summary>Images.</summary>
    public long Count { get; }

    /// <summary>Sum of the images' losses.</summary>
    [JsonInclude]
    internal double LossSum { get; }

    /// <summary>Images whose class has the highest output.</summary>
    [JsonInclude]
    internal long Top1Hits { get; }

    /// <summary>Images whose class is among the five highest outputs.</summary>
    [JsonInclude]
    internal long Top5Hits { get; }

    /// <summary>Mean loss; NaN without images.</summary>
    public double Loss => LossSum / Count;

    /// <summary>Top-1 accuracy: the fraction of images whose class has the highest output.</summary>
    public double Top1 => (double)Top1Hits / Count;

    /// <summary>Top-5 accuracy: the fraction of images whose class is among the five highest outputs.</summary>
    public double Top5 => (double)Top5Hits / Count;

    /// <summary>The sum of this and other images.</summary>
    internal Tally Plus(Tally other) =>
        new(Count + other.Count, LossSum + other.LossSum, Top1Hits + other.Top1Hits, Top5Hits + other.Top5Hits);

    /// <summary>Counts the hits of a batch.</summary>
    /// <param name="logits">[count, classes].</param>
    /// <param name="labels">The class of each image.</param>
    /// <param name="lossSum">Sum of the images' losses.</param>
    /// <returns>Among equal values the smaller class number comes first; a NaN comes before all others and is never a hit.</returns>
    internal static Tally Of(ReadOnlySpan<float> logits, ReadOnlySpan<int> labels, double lossSum)
    {
        int classes = labels.IsEmpty ? 0 : logits.Length / labels.Length;
        long top1 = 0, top5 = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            int rank = Rank(logits.Slice(i * classes, classes), labels[i]);
            top1 += rank < 1 ? 1 : 0;
            top5 += rank < 5 ? 1 : 0;
        }
        return new(labels.Length, lossSum, top1, top5);
    }

    /// <summary>How many classes come before <paramref name="label"/>; beyond all of them if its own value is NaN.</summary>
    internal static int Rank(ReadOnlySpan<float> logits, int label)
    {
        float own = logits[label];
        if (float.IsNaN(own))
            return int.MaxValue;
        int rank = 0;
        for (int k = 0; k < logits.Length; k++)
            if (k != label && (!(logits[k] <= own) || (logits[k] == own && k < label)))
                rank++;
        return rank;
    }
}

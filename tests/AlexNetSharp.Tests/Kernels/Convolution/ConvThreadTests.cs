using AlexNetSharp.Kernels.Convolution;

namespace AlexNetSharp.Tests.Kernels.Convolution;

/// <summary>The same bits with any number of threads, in every run.</summary>
[Trait(AnyTier.Name, AnyTier.Value)]
public class ConvThreadTests
{
    public static TheoryData<int, int, int, int, int> Cases => new()
    {
        { 35, 3, 33, 11, 4 },
        { 27, 24, 40, 5, 1 },
        { 13, 37, 51, 3, 1 },
        { 13, 64, 64, 3, 1 },
        { 9, 20, 70, 1, 1 },
    };

    [Theory, MemberData(nameof(Cases))]
    public void EveryNumberOfThreadsGivesTheSameBits(int size, int inputs, int outputs, int kernel, int stride)
    {
        ConvCase c = ConvCase.Square(4, size, inputs, outputs, kernel, stride, kernel / 2, kernel / 2);
        ConvData data = ConvData.Random(c.Geometry, seed: 3);
        ConvRequest request = ConvRunner.Request(relu: true);
        ConvResult[] first = [.. ConvRunner.Accepting(c.Geometry, request).Select(a => ConvRunner.Run(a.Kernel!, data, threads: 1))];
        foreach ((int threads, int steps) in ((int, int)[])[(1, 2), (2, 1), (3, 2), (8, 1)])
        {
            IReadOnlyList<ConvCandidate> candidates = ConvRunner.Accepting(c.Geometry, request);
            Assert.Equal(first.Length, candidates.Count);
            for (int i = 0; i < first.Length; i++)
            {
                ConvResult result = ConvRunner.Run(candidates[i].Kernel!, data, threads, steps: steps);
                string what = $"{candidates[i].Name} with {threads} threads after {steps} steps";
                Compare.SameBits($"{what}: output", first[i].Output, result.Output);
                Compare.SameBits($"{what}: gradInput", first[i].GradInput, result.GradInput);
                Compare.SameBits($"{what}: gradWeight", first[i].GradWeight, result.GradWeight);
                Compare.SameBits($"{what}: gradBias", first[i].GradBias, result.GradBias);
            }
        }
    }
}

using AlexNetSharp.Data;
using AlexNetSharp.Training;

namespace AlexNetSharp.Tests.Mpi;

/// <summary>The order in which parts are added is the same whoever has them.</summary>
public class PartSumTests
{
    [Theory]
    [InlineData(1, 1, "0")]
    [InlineData(4, 4, "((0+1)+(2+3))")]
    [InlineData(4, 3, "((0+1)+2)")]
    [InlineData(5, 5, "(((0+1)+2)+(3+4))")]
    [InlineData(12, 7, "((((0+1)+2)+((3+4)+5))+6)")]
    public void TheSumIsATreeOfHalves(int parts, int used, string expected)
    {
        for (int processes = 1; processes <= parts; processes++)
            Assert.Equal(expected, Add(parts, used, processes));
    }

    [Fact]
    public void NumbersOfPartsAndProcessesMakeNoDifference()
    {
        for (int parts = 1; parts <= 24; parts++)
            for (int used = 1; used <= parts; used++)
            {
                string alone = Add(parts, used, 1);
                for (int processes = 2; processes <= parts; processes++)
                    Assert.Equal(alone, Add(parts, used, processes));
            }
    }

    [Fact]
    public void WholeBranchesAreOnePieceForEachProcess()
    {
        Assert.Equal([0, 1, 2, 3], new PartSum(8, 8, 4).Pieces.Select(piece => piece.Rank));
        Assert.Equal([0, 1, 2], new PartSum(4, 4, 3).Pieces.Select(piece => piece.Rank));
        // 12 is 6 and 6, 6 is 3 and 3, 3 is 2 and 1: parts 0-3 are (0 1 2) and 3, parts 4-7 are 4, 5 and (6 7), parts 8-11 are 8 and (9 10 11).
        Assert.Equal([0, 0, 1, 1, 1, 2, 2], new PartSum(12, 12, 3).Pieces.Select(piece => piece.Rank));
    }

    /// <summary>The sum as its processes make it, in words.</summary>
    private static string Add(int parts, int used, int processes)
    {
        var sum = new PartSum(parts, used, processes);
        var pieces = new List<string>[processes];
        for (int rank = 0; rank < processes; rank++)
        {
            pieces[rank] = [];
            for (int part = BatchShare.StartOf(rank, parts, processes); part < Math.Min(BatchShare.StartOf(rank + 1, parts, processes), used); part++)
            {
                pieces[rank].Add($"{part}");
                Merge(pieces[rank], sum.Merges[part]);
            }
            Assert.Equal(pieces[rank].Count, sum.Pieces.Count(piece => piece.Rank == rank));
        }
        var all = new List<string>();
        for (int i = 0; i < sum.Pieces.Length; i++)
        {
            all.Add(pieces[sum.Pieces[i].Rank][sum.Pieces[i].Position]);
            Merge(all, sum.MergesOfPieces[i]);
        }
        return Assert.Single(all);
    }

    private static void Merge(List<string> stack, int times)
    {
        for (int i = 0; i < times; i++)
        {
            stack[^2] = $"({stack[^2]}+{stack[^1]})";
            stack.RemoveAt(stack.Count - 1);
        }
    }
}

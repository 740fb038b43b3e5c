using AlexNetSharp.Execution;

namespace AlexNetSharp.Tests.Execution;

public sealed class ArenaPlannerTests
{
    [Fact]
    public void PiecesThatAreNeededAtTheSameMomentDoNotOverlap()
    {
        for (int seed = 0; seed < 50; seed++)
        {
            var random = new System.Random(seed);
            var planner = new ArenaPlanner();
            const int moments = 12;
            var slots = new List<ArenaSlot>();
            for (int i = 0; i < 20; i++)
            {
                int first = random.Next(moments), last = random.Next(first, moments);
                slots.Add(random.Next(3) == 0
                    ? planner.ReserveTwice(random.Next(5000), first, last + 1)
                    : planner.Reserve(random.Next(5000), first, random.Next(5) == 0 ? ArenaPlanner.Forever : last));
            }
            long total = planner.Place();
            Assert.All(slots, slot => Assert.InRange(slot.Offset + slot.Length, 0, total));
            for (int moment = 0; moment <= moments; moment++)
            {
                ArenaSlot[] held = [.. slots.Where(slot => slot.Length > 0 && (moment == slot.Again || (slot.First <= moment && moment <= slot.Last))).OrderBy(slot => slot.Offset)];
                for (int i = 1; i < held.Length; i++)
                    Assert.True(held[i - 1].Offset + held[i - 1].Length <= held[i].Offset, $"seed {seed}, moment {moment}: two pieces overlap");
            }
        }
    }

    [Fact]
    public void MemoryNeededTwiceIsFreeBetween()
    {
        var planner = new ArenaPlanner();
        ArenaSlot scratch = planner.ReserveTwice(1 << 20, 1, 9), between = planner.Reserve(1 << 20, 2, 8), meets = planner.Reserve(1 << 20, 8, 9);
        Assert.InRange(planner.Place(), 2 << 20, (2 << 20) + 4096);
        Assert.Equal(scratch.Offset, between.Offset);
        Assert.NotEqual(scratch.Offset, meets.Offset);
    }
}

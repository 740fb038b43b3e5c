#:property RestorePackagesWithLockFile=false
#:property AllowUnsafeBlocks=true
#:property PublishAot=false
// How long a cache line takes from one processor to another and back: some 50 ns where both share their last cache, several hundred where they do not.
// Virtual machines may be moved between the two at any time, which changes what a benchmark measures. Needs Linux and an idle machine:
//   dotnet run -c Release tools/core-distance.cs [-- FIRST SECOND]
using System.Diagnostics;
using System.Runtime.InteropServices;

// Two threads, each on its processor, pass a number to and fro.
const int rounds = 200_000;
(int first, int second) = args.Length == 2 ? (int.Parse(args[0]), int.Parse(args[1])) : (0, 1);
int ball = 0;
double best = double.PositiveInfinity;
for (int repetition = 0; repetition < 5; repetition++)
{
    var other = new Thread(() => { Affinity.Set(second); Pass(1); });
    Volatile.Write(ref ball, 0);
    other.Start();
    Affinity.Set(first);
    long start = Stopwatch.GetTimestamp();
    Pass(0);
    best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds / rounds);
    other.Join();
}
Console.WriteLine($"processors {first} and {second}: {best:f0} ns to and fro");

void Pass(int side)
{
    for (int i = 0; i < rounds; i++)
    {
        while (Volatile.Read(ref ball) != 2 * i + side)
            ;
        Volatile.Write(ref ball, 2 * i + side + 1);
    }
}

static class Affinity
{
    public static unsafe void Set(int processor)
    {
        ulong* mask = stackalloc ulong[16];
        new Span<ulong>(mask, 16).Clear();
        mask[processor / 64] = 1UL << processor % 64;
        if (sched_setaffinity(0, 128, mask) != 0)
            throw new InvalidOperationException($"there is no processor {processor} for this process");
    }

    [DllImport("libc", SetLastError = true)]
    private static extern unsafe int sched_setaffinity(int thread, nint length, ulong* mask);
}

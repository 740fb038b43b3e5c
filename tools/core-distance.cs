#:property RestorePackagesWithLockFile=false
#:property AllowUnsafeBlocks=true
#:property PublishAot=false
// Measures the round trip of a cache line between two CPUs: about 50 ns if they share the last-level cache, several hundred if they do not.
// A virtual machine may be moved between such placements at any time, which changes benchmark results. Needs Linux and an idle machine:
//   dotnet run -c Release tools/core-distance.cs [-- FIRST SECOND]
using System.Diagnostics;
using System.Runtime.InteropServices;

// Two threads, each pinned to its CPU, pass a number back and forth.
const int rounds = 200_000;
const string usage = "usage: dotnet run -c Release tools/core-distance.cs [-- FIRST SECOND]     two CPU numbers, by default 0 and 1";
if (args is ["--help" or "-h"])
{
    Console.WriteLine(usage);
    return 0;
}
(int first, int second) = (0, 1);
if (args.Length > 0 && !(args.Length == 2 && int.TryParse(args[0], out first) && int.TryParse(args[1], out second) && first is >= 0 and < 1024 && second is >= 0 and < 1024 && first != second))
{
    Console.Error.WriteLine(usage);
    return 2;
}
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
Console.WriteLine($"CPUs {first} and {second}: {best:f0} ns round trip");
return 0;

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
            throw new InvalidOperationException($"CPU {processor} is not available to this process");
    }

    [DllImport("libc", SetLastError = true)]
    private static extern unsafe int sched_setaffinity(int thread, nint length, ulong* mask);
}

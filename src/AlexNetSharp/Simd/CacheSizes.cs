using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

// Compiled into the command as well, under a namespace of its own: the library does not make it public.
#if !ALEXNET_COMMAND
namespace AlexNetSharp.Simd;
#else
namespace AlexNetSharp.Cli.Hosting;
#endif

/// <summary>Sizes of the data caches in bytes, as stated by the environment, the system or the processor, or else guessed.</summary>
/// <remarks>
/// Blocks of work are sized to fit the caches.
/// </remarks>
internal sealed partial class CacheSizes
{
    internal CacheSizes(long first, long second, long last, int sharing, string source) =>
        (First, Second, Last, Sharing, Source) = (first, second, last, sharing, source);

    /// <summary>First level.</summary>
    public long First { get; }

    /// <summary>Second level, of one core.</summary>
    public long Second { get; }

    /// <summary>Last level, shared by several cores; the second again where there is no third.</summary>
    public long Last { get; }

    /// <summary>Processors of this system that share the last level, at least 1.</summary>
    public int Sharing { get; }

    /// <summary>Where the sizes come from.</summary>
    public string Source { get; }

    /// <summary>
    /// Overrides what is found: the three sizes with K or M, <c>32K,512K,16M</c>, and after another comma how many processors share the last.
    /// </summary>
    internal const string Variable = "ALEXNETSHARP_CACHES";

    private const long SmallestFirst = 4 << 10, LargestLast = 1L << 40;

    /// <summary>What most processors have at least.</summary>
    internal static CacheSizes Default { get; } = new(32 << 10, 512 << 10, 8 << 20, 4, "a guess");

    /// <summary>The caches of this machine.</summary>
    public static CacheSizes Current { get; } =
        FromText(Environment.GetEnvironmentVariable(Variable))
        ?? (OperatingSystem.IsLinux() ? FromFolder("/sys/devices/system/cpu/cpu0/cache") : null)
        ?? FromProcessor()
        ?? (OperatingSystem.IsMacOS() ? FromMacOS() : OperatingSystem.IsWindows() ? FromWindows() : null)
        ?? Default;

    /// <summary><c>32 KB, 512 KB, 32 MB for 2 processors (the system)</c>.</summary>
    public override string ToString() =>
        $"{Text(First)}, {Text(Second)}, {Text(Last)} for {Sharing} {(Sharing == 1 ? "processor" : "processors")} ({Source})";

    /// <summary>The value of <see cref="Variable"/>; null if it is not three rising sizes, so that a slip of the pen costs speed and no error.</summary>
    internal static CacheSizes? FromText(string? text)
    {
        string[] parts = (text ?? "").Split(',', StringSplitOptions.TrimEntries);
        int sharing = 1;
        if (parts.Length is not (3 or 4) || (parts.Length == 4 && !int.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out sharing)))
            return null;
        return Checked(Size(parts[0]), Size(parts[1]), Size(parts[2]), sharing, $"the environment variable {Variable}");
    }

    /// <summary>What Linux says of a processor, in folders index0, index1, …</summary>
    internal static CacheSizes? FromFolder(string folder)
    {
        var found = new Levels();
        try
        {
            foreach (string index in Directory.Exists(folder) ? Directory.EnumerateDirectories(folder, "index*") : [])
                if (Read(index, "type") != "Instruction" && int.TryParse(Read(index, "level"), NumberStyles.None, CultureInfo.InvariantCulture, out int level))
                    found.Add(level, Size(Read(index, "size")), Processors(Read(index, "shared_cpu_list")));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        return found.ToSizes("the system");

        static string Read(string folder, string file) => File.ReadAllText(Path.Combine(folder, file)).Trim();
    }

    /// <summary>What the processor says: the instruction CPUID, leaf 4 of Intel's, 0x8000001D of AMD's.</summary>
    /// <remarks>Source: Intel's manual, volume 2A, CPUID; AMD's manual, volume 3, appendix E.4.15.</remarks>
    private static CacheSizes? FromProcessor()
    {
        if (!X86Base.IsSupported)
            return null;
        const int amd = unchecked((int)0x8000001D), leaf = 4, mostLevels = 16;
        bool hasAmd = (uint)X86Base.CpuId(unchecked((int)0x80000000), 0).Eax >= unchecked((uint)amd);
        return (X86Base.CpuId(0, 0).Eax >= leaf ? Of(leaf) : null) ?? (hasAmd ? Of(amd) : null);

        static CacheSizes? Of(int leaf)
        {
            var found = new Levels();
            for (int i = 0; i < mostLevels; i++)
            {
                (int eax, int ebx, int ecx, int _) = X86Base.CpuId(leaf, i);
                int type = eax & 31;
                if (type == 0)
                    break;
                long ways = (ebx >> 22 & 0x3FF) + 1, partitions = (ebx >> 12 & 0x3FF) + 1, line = (ebx & 0xFFF) + 1;
                if (type != 2)
                    found.Add(eax >> 5 & 7, ways * partitions * line * ((uint)ecx + 1L), (eax >> 14 & 0xFFF) + 1);
            }
            return found.ToSizes("the processor");
        }
    }

    private static unsafe CacheSizes? FromMacOS()
    {
        try
        {
            // Apple's processors have no third level of their own: the second is shared by a cluster of cores.
            long second = Value("hw.perflevel0.l2cachesize", "hw.l2cachesize"), third = Value("hw.l3cachesize", "hw.l3cachesize");
            long sharing = Math.Max(1, Value("hw.perflevel0.cpusperl2", "hw.perflevel0.cpusperl2"));
            return third > 0
                ? Checked(Value("hw.perflevel0.l1dcachesize", "hw.l1dcachesize"), second, third, Environment.ProcessorCount, "the system")
                : Checked(Value("hw.perflevel0.l1dcachesize", "hw.l1dcachesize"), second / sharing, second, (int)sharing, "the system");
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }

        static long Value(string name, string otherwise)
        {
            long value = 0;
            nuint length = sizeof(long);
            if (SystemValue(name, &value, ref length, null, 0) == 0 && value > 0)
                return value;
            value = 0;
            length = sizeof(long);
            return SystemValue(otherwise, &value, ref length, null, 0) == 0 ? value : 0;
        }
    }

    [LibraryImport("libc", EntryPoint = "sysctlbyname", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int SystemValue(string name, void* value, ref nuint length, void* newValue, nuint newLength);

    private static unsafe CacheSizes? FromWindows()
    {
        // SYSTEM_LOGICAL_PROCESSOR_INFORMATION of 64-bit Windows: mask, relationship (2: a cache), and from byte 16 level, ways, line, size, type.
        const int entry = 32, cache = 2, instruction = 1;
        try
        {
            uint length = 0;
            _ = ProcessorInformation(null, ref length);
            byte[] buffer = new byte[length];
            fixed (byte* first = buffer)
                if (length == 0 || ProcessorInformation(first, ref length) == 0)
                    return null;
            var found = new Levels();
            for (int at = 0; at + entry <= buffer.Length; at += entry)
            {
                ReadOnlySpan<byte> item = buffer.AsSpan(at, entry);
                ulong processors = MemoryMarshal.Read<ulong>(item);
                if (MemoryMarshal.Read<int>(item[8..]) == cache && MemoryMarshal.Read<int>(item[24..]) != instruction && (processors & 1) != 0)
                    found.Add(item[16], MemoryMarshal.Read<uint>(item[20..]), System.Numerics.BitOperations.PopCount(processors));
            }
            return found.ToSizes("the system");
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    [LibraryImport("kernel32", EntryPoint = "GetLogicalProcessorInformation")]
    private static unsafe partial int ProcessorInformation(byte* buffer, ref uint length);

    private static CacheSizes? Checked(long first, long second, long last, int sharing, string source) =>
        first >= SmallestFirst && second >= first && last >= second && last <= LargestLast && sharing >= 1
            ? new(first, second, last, sharing, source)
            : null;

    /// <summary>Bytes of <c>512K</c> or <c>32M</c>; 0 if it is no such text.</summary>
    private static long Size(string text)
    {
        long unit = text.Length == 0 ? 0 : char.ToUpperInvariant(text[^1]) switch { 'K' => 1 << 10, 'M' => 1 << 20, 'G' => 1 << 30, _ => 0 };
        return unit > 0 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count * unit : 0;
    }

    /// <summary>How many processors a list like <c>0-3,8</c> names.</summary>
    private static int Processors(string list) => Math.Max(1, list.Split(',').Sum(range =>
    {
        string[] ends = range.Split('-');
        return int.TryParse(ends[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
            && int.TryParse(ends[^1], NumberStyles.None, CultureInfo.InvariantCulture, out int last) ? Math.Clamp(last - first + 1, 1, 1 << 16) : 0;
    }));

    private static string Text(long bytes) => bytes >= 1 << 20
        ? FormattableString.Invariant($"{bytes / (double)(1 << 20):0.#} MB") : FormattableString.Invariant($"{bytes / (double)(1 << 10):0.#} KB");

    /// <summary>The data caches of one processor, level by level.</summary>
    private sealed class Levels
    {
        private readonly SortedDictionary<int, (long Size, int Sharing)> _levels = [];

        public void Add(int level, long size, int sharing)
        {
            if (size > 0)
                _levels[level] = (size, sharing);
        }

        /// <summary>Null unless there are a first and a second level.</summary>
        public CacheSizes? ToSizes(string source)
        {
            if (!_levels.TryGetValue(1, out (long Size, int Sharing) first) || !_levels.TryGetValue(2, out (long Size, int Sharing) second))
                return null;
            (long size, int sharing) = _levels.Values.Last();
            return Checked(first.Size, second.Size, size, sharing, source);
        }
    }
}

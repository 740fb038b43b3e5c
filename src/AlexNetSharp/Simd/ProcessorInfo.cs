using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace AlexNetSharp.Simd;

/// <summary>Name and vector width of the processor, for reports.</summary>
public static class ProcessorInfo
{
    /// <summary>Its brand name, or its architecture if it has none.</summary>
    public static string Name { get; } = FindName();

    /// <summary>Name of the vector instructions that this program uses: <c>AVX-512</c>, <c>AVX2</c>, <c>SSE</c>, <c>NEON</c> or <c>scalar</c>.</summary>
    public static string VectorName => SimdTiers.Best switch
    {
        SimdTier.Vector512 => "AVX-512",
        SimdTier.Vector256 => "AVX2",
        SimdTier.Vector128 => X86Base.IsSupported ? "SSE" : "NEON",
        _ => "scalar",
    };

    /// <summary>Floats in a vector that this program computes with: 16 (AVX-512), 8 (AVX2), 4 (NEON, SSE) or 1.</summary>
    public static int VectorLength => (int)SimdTiers.Best;

    /// <summary>Floats in the widest vector that the processor offers; more than <see cref="VectorLength"/> in native code that was compiled for less.</summary>
    public static int WidestVectorLength => (int)SimdTiers.OfProcessor;

    /// <summary>Vendor, family, model and stepping of an x86 processor: <c>AuthenticAMD 25.1.1</c>; empty elsewhere.</summary>
    /// <remarks>Source: Intel's manual, volume 2A, CPUID, leaves 0 and 1.</remarks>
    public static string Family { get; } = FindFamily();

    private static string FindFamily()
    {
        if (!X86Base.IsSupported)
            return "";
        (int _, int ebx, int ecx, int edx) = X86Base.CpuId(0, 0);
        string vendor = Encoding.ASCII.GetString(MemoryMarshal.AsBytes<int>([ebx, edx, ecx])).Trim();
        int eax = X86Base.CpuId(1, 0).Eax, family = eax >> 8 & 15, model = eax >> 4 & 15;
        if (family is 6 or 15)
            model += (eax >> 16 & 15) << 4;
        if (family == 15)
            family += eax >> 20 & 255;
        return FormattableString.Invariant($"{vendor} {family}.{model}.{eax & 15}");
    }

    private static string FindName()
    {
        string? name = X86Base.IsSupported ? BrandString() : OperatingSystem.IsLinux() ? NameInLinux() : null;
        return string.IsNullOrWhiteSpace(name) ? RuntimeInformation.ProcessArchitecture.ToString() : name;
    }

    /// <summary>The 48 characters that the instruction CPUID returns in its leaves 0x80000002 to 0x80000004.</summary>
    private static string? BrandString()
    {
        const uint maximum = 0x80000000, first = 0x80000002, last = 0x80000004;
        if ((uint)X86Base.CpuId(unchecked((int)maximum), 0).Eax < last)
            return null;
        var registers = new List<int>();
        for (uint leaf = first; leaf <= last; leaf++)
        {
            (int eax, int ebx, int ecx, int edx) = X86Base.CpuId(unchecked((int)leaf), 0);
            registers.AddRange([eax, ebx, ecx, edx]);
        }
        string text = Encoding.ASCII.GetString(MemoryMarshal.AsBytes<int>(registers.ToArray())).TrimEnd('\0');
        return string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    private static string? NameInLinux()
    {
        try
        {
            string? line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(
                l => l.StartsWith("model name", StringComparison.Ordinal) || l.StartsWith("Model", StringComparison.Ordinal));
            return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        }
        catch (IOException)
        {
            return null;
        }
    }
}

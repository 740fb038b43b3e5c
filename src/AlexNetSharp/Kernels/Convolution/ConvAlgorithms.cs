using System.Diagnostics;

namespace AlexNetSharp.Kernels.Convolution;

/// <summary>An algorithm as a candidate: its name, and either the kernel or the reason why it refused.</summary>
internal sealed record ConvCandidate(string Name, ConvKernel? Kernel, string Reason);

/// <summary>Asks one algorithm whether it takes a geometry and request; it answers with the kernel made, or with the reason why not.</summary>
internal delegate ConvCandidate ConvEntry(ConvGeometry geometry, ConvRequest request);

/// <summary>The ordered list of convolution algorithms: the first that accepts a geometry is used.</summary>
internal static class ConvAlgorithms
{
    /// <summary>All algorithms in the order in which they are asked; the last accepts everything. The tests hold each of them against the oracle.</summary>
    public static IReadOnlyList<ConvEntry> Entries { get; } =
    [
        Winograd.ConvWinograd.Candidate,
        ConvDirect.Candidate,
        (geometry, request) =>
        {
            ConvKernel gemm = KernelSet.Best.ConvGemm(geometry, request);
            return new ConvCandidate(gemm.Name, gemm, "accepts every geometry");
        },
        (geometry, request) => new ConvCandidate("plain", new ConvPlain(geometry, request), "accepts every geometry"),
    ];

    /// <summary>Asks every algorithm in order; the list ends with the first that accepts, and always holds one that did.</summary>
    public static IReadOnlyList<ConvCandidate> Candidates(ConvGeometry geometry, ConvRequest request)
    {
        var candidates = new List<ConvCandidate>();
        foreach (ConvEntry entry in Entries)
        {
            ConvCandidate candidate = entry(geometry, request);
            candidates.Add(candidate);
            if (candidate.Kernel is not null)
                return candidates;
        }
        throw new UnreachableException("No convolution algorithm accepted, though the last entry accepts everything.");
    }
}

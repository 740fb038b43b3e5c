namespace AlexNetSharp.Kernels.Convolution;

/// <summary>An algorithm as a candidate: its name, and either the object or the reason why it refused.</summary>
internal sealed record ConvCandidate(string Name, ConvAlgorithm? Algorithm, string Reason);

/// <summary>The ordered list of convolution algorithms: the first that accepts a geometry is used.</summary>
internal static class ConvAlgorithms
{
    /// <summary>Asks every algorithm in order; the list ends with the first that accepts, and always holds one that did.</summary>
    public static IReadOnlyList<ConvCandidate> Candidates(ConvGeometry geometry, ConvRequest request) =>
        [new ConvCandidate("plain", new ConvPlain(geometry, request), "accepts every geometry")];
}

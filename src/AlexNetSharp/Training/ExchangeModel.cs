using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Training;

/// <summary>What a fully connected layer's gradient costs a process in a step, both ways.</summary>
/// <param name="Layer">Name of the layer.</param>
/// <param name="Factors">Whether inputs and output gradients travel, and every process computes the gradient of the whole batch.</param>
/// <param name="DenseBytes">Bytes that a process sends where the gradient travels.</param>
/// <param name="FactorBytes">Bytes that a process sends where its factors travel.</param>
/// <param name="DenseMultiplyAdds">Multiply-adds of a process's own part of the batch.</param>
/// <param name="FactorMultiplyAdds">Multiply-adds of the whole batch.</param>
/// <param name="DenseSeconds">Time of it all where the gradient travels.</param>
/// <param name="FactorSeconds">Time of it all where its factors travel.</param>
public sealed record LayerExchange(
    string Layer, bool Factors, double DenseBytes, double FactorBytes, double DenseMultiplyAdds, double FactorMultiplyAdds, double DenseSeconds, double FactorSeconds);

/// <summary>
/// How the gradients of fully connected layers travel, chosen by what they cost: time = bytes sent / bandwidth + multiply-adds / rate + bytes
/// that local sums read and write / memory bandwidth. The result of a training does not depend on it.
/// </summary>
/// <param name="BytesPerSecond">Bandwidth between processes, each way.</param>
/// <param name="MultiplyAddsPerSecond">Rate of a process.</param>
/// <param name="MemoryBytesPerSecond">Memory bandwidth of a process.</param>
/// <remarks>Sufficient factors: Xie et al. 2016, "Lighter-Communication Distributed Machine Learning via Sufficient Factor Broadcasting".</remarks>
public sealed record ExchangeModel(double BytesPerSecond, double MultiplyAddsPerSecond, double MemoryBytesPerSecond)
{
    /// <summary>Multiply-adds a second of a thread: some two fifths of what a core with AVX2 has at 3.5 GHz.</summary>
    public const double RateOfThread = 20e9;

    /// <summary>Memory bandwidth of a process where nobody has measured it.</summary>
    public const double UsualMemory = 10e9;

    /// <summary>Chooses for each fully connected layer that learns.</summary>
    /// <param name="network">The network.</param>
    /// <param name="scope">What learns.</param>
    /// <param name="batchSize">Images of a batch.</param>
    /// <param name="partSize">Images of a part.</param>
    /// <param name="processes">Processes.</param>
    /// <param name="always">True: factors everywhere; false: nowhere; null: what takes less time.</param>
    public IReadOnlyList<LayerExchange> Choose(Network network, GradientScope scope, int batchSize, int partSize, int processes, bool? always)
    {
        int parts = (batchSize + partSize - 1) / partSize;
        var sum = new PartSum(parts, parts, processes);
        int ownParts = (parts + processes - 1) / processes;
        int pieces = Enumerable.Range(0, processes).Max(rank => sum.Pieces.Count(piece => piece.Rank == rank));
        double others = (processes - 1.0) / processes;
        var choices = new List<LayerExchange>();
        foreach (ParameterSpec weight in scope.In(network).Where(spec => spec.Role == ParameterRole.LinearWeight))
        {
            (double inputs, double outputs) = (weight.Dimensions[0], weight.Dimensions[1]);
            double size = Parameter.LengthOfStorage(weight) * (double)sizeof(float);
            double denseBytes = (pieces + 1) * others * size;
            double factorBytes = (processes - 1.0) * ownParts * partSize * (inputs + outputs) * sizeof(float);
            double denseWork = (double)ownParts * partSize * inputs * outputs, factorWork = (double)parts * partSize * inputs * outputs;
            // A sum reads two and writes one.
            double sums = 3 * size * (ownParts - pieces + (sum.Pieces.Length - 1.0) / processes);
            double dense = denseBytes / BytesPerSecond + denseWork / MultiplyAddsPerSecond + sums / MemoryBytesPerSecond;
            double factors = factorBytes / BytesPerSecond + factorWork / MultiplyAddsPerSecond;
            choices.Add(new LayerExchange(
                weight.Name[..weight.Name.LastIndexOf('.')], always ?? factors < dense, denseBytes, factorBytes, denseWork, factorWork, dense, factors));
        }
        return choices;
    }
}

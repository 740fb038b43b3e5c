using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Training;

/// <summary>The cost per step and process of the two ways to exchange a fully connected layer's gradient.</summary>
public sealed class LayerExchange
{
    internal LayerExchange(string layer, bool factors, double denseBytes, double factorBytes, double denseMultiplyAdds, double factorMultiplyAdds, double denseSeconds, double factorSeconds) =>
        (Layer, Factors, DenseBytes, FactorBytes, DenseMultiplyAdds, FactorMultiplyAdds, DenseSeconds, FactorSeconds) = (layer, factors, denseBytes, factorBytes, denseMultiplyAdds, factorMultiplyAdds, denseSeconds, factorSeconds);

    /// <summary>Name of the layer.</summary>
    public string Layer { get; }

    /// <summary>Whether the factors (inputs and output gradients) are exchanged, and every process computes the gradient of the whole batch.</summary>
    public bool Factors { get; }

    /// <summary>Bytes that a process sends if gradients are exchanged.</summary>
    public double DenseBytes { get; }

    /// <summary>Bytes that a process sends if factors are exchanged.</summary>
    public double FactorBytes { get; }

    /// <summary>Multiply-adds of a process's own part of the batch.</summary>
    public double DenseMultiplyAdds { get; }

    /// <summary>Multiply-adds of the whole batch.</summary>
    public double FactorMultiplyAdds { get; }

    /// <summary>Time in seconds if gradients are exchanged.</summary>
    public double DenseSeconds { get; }

    /// <summary>Time in seconds if factors are exchanged.</summary>
    public double FactorSeconds { get; }
}

/// <summary>
/// Chooses how the gradients of fully connected layers are exchanged, by estimated time: time = bytes sent / bandwidth + multiply-adds / rate + bytes
/// that local sums read and write / memory bandwidth. The result of a training does not depend on it.
/// </summary>
/// <param name="bytesPerSecond">Bandwidth between processes, each way.</param>
/// <param name="threads">Threads that a process computes with.</param>
/// <remarks>Sufficient factors: Xie et al. 2016, "Lighter-Communication Distributed Machine Learning via Sufficient Factor Broadcasting".</remarks>
public sealed class ExchangeModel(double bytesPerSecond, int threads)
{
    /// <summary>Assumed multiply-adds per second and thread: about two fifths of the peak of a core with AVX2 at 3.5 GHz.</summary>
    internal const double RateOfThread = 20e9;

    /// <summary>Assumed memory bandwidth of a process in bytes per second.</summary>
    internal const double UsualMemory = 10e9;

    /// <summary>Chooses for each fully connected layer that learns.</summary>
    /// <param name="network">The network.</param>
    /// <param name="scope">What learns.</param>
    /// <param name="batchSize">Images per batch.</param>
    /// <param name="partSize">Images of a part.</param>
    /// <param name="processes">Processes.</param>
    /// <param name="always">True: factors everywhere; false: nowhere; null: what takes less time.</param>
    public IReadOnlyList<LayerExchange> Choose(Network network, GradientScope scope, int batchSize, int partSize, int processes, bool? always = null)
    {
        int parts = (batchSize + partSize - 1) / partSize;
        var sum = new PartSum(parts, parts, processes);
        int ownParts = (parts + processes - 1) / processes;
        int pieces = Enumerable.Range(0, processes).Max(rank => sum.Pieces.Count(piece => piece.Rank == rank));
        double others = (processes - 1.0) / processes, rate = threads * RateOfThread;
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
            double dense = denseBytes / bytesPerSecond + denseWork / rate + sums / UsualMemory;
            double factors = factorBytes / bytesPerSecond + factorWork / rate;
            choices.Add(new LayerExchange(
                weight.Name[..weight.Name.LastIndexOf('.')], always ?? factors < dense, denseBytes, factorBytes, denseWork, factorWork, dense, factors));
        }
        return choices;
    }
}

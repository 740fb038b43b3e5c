using AlexNetSharp.Networks;
using AlexNetSharp.Random;
using AlexNetSharp.Tensors;

namespace AlexNetSharp.Models;

/// <summary>Draws initial values of parameters.</summary>
/// <remarks>
/// Parameter p of a network uses stream p of the seed, and the value at place i of its storage is number i of the stream. So the same
/// seed gives the same bits whatever the number of threads.
/// </remarks>
internal static unsafe class ParameterInitialization
{
    /// <summary>Values that one thread draws at a time.</summary>
    private const long Piece = 1 << 18;

    /// <summary>Fills <paramref name="parameter"/> as its description says.</summary>
    public static void Fill(Parameter parameter, ulong seed, uint stream)
    {
        var random = new Philox(seed, stream);
        switch (parameter.Spec.Initializer)
        {
            case ConstantInitializer constant:
                parameter.Storage.Fill(constant.Value);
                break;
            case NormalInitializer normal:
                Draw(parameter, random, new NormalDistribution(0, normal.StandardDeviation));
                break;
            case TruncatedNormalInitializer normal:
                Draw(parameter, random, new TruncatedNormalDistribution(0, normal.StandardDeviation));
                break;
            case HeInitializer:
                Draw(parameter, random, new NormalDistribution(0, MathF.Sqrt(2f / parameter.Spec.FanIn)));
                break;
        }
        ClearPadding(parameter);
    }

    private static void Draw<D>(Parameter parameter, Philox random, D distribution)
        where D : unmanaged, IDistribution
    {
        float* destination = parameter.Pointer;
        long length = parameter.StorageLength;
        int pieces = (int)((length + Piece - 1) / Piece);
        if (pieces == 1)
        {
            random.Fill(distribution, destination, 0, length);
            return;
        }
        Parallel.For(0, pieces, piece =>
        {
            long first = piece * Piece;
            random.Fill(distribution, destination + first, first, Math.Min(Piece, length - first));
        });
    }

    /// <summary>The unused outputs of the last panel of a fully connected weight are 0.</summary>
    private static void ClearPadding(Parameter parameter)
    {
        if (parameter.Spec.Role != ParameterRole.LinearWeight)
            return;
        (int inputs, int outputs) = (parameter.Spec.Dimensions[0], parameter.Spec.Dimensions[1]);
        int used = outputs % Panel.Width;
        if (used == 0)
            return;
        Span<float> panel = parameter.Storage[(outputs / Panel.Width * Panel.Width * inputs)..];
        for (int i = 0; i < inputs; i++)
            panel.Slice(i * Panel.Width + used, Panel.Width - used).Clear();
    }
}

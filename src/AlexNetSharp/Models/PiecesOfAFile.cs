using System.Runtime.ExceptionServices;

namespace AlexNetSharp.Models;

/// <summary>Divides the reading of a tensor among threads.</summary>
internal static class PiecesOfAFile
{
    /// <summary>Reads the pieces 0 to <paramref name="count"/> − 1 and returns when all are there.</summary>
    /// <param name="count">Number of pieces.</param>
    /// <param name="scratch">Floats of memory for each thread.</param>
    /// <param name="read">Reads one piece, with the memory of its thread.</param>
    /// <remarks>The first exception of <paramref name="read"/> is thrown as it is: callers promise what kind it has.</remarks>
    public static void Read(int count, int scratch, Action<int, float[]> read)
    {
        try
        {
            Parallel.For(
                0,
                count,
                () => new float[scratch],
                (piece, _, memory) =>
                {
                    read(piece, memory);
                    return memory;
                },
                _ => { });
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }
}

namespace AlexNetSharp.Kernels;

/// <summary>An operation that can take its input while it is being made, some rows of an image at a time: most of the map between the two never exists.</summary>
internal unsafe interface IRowConsumer
{
    /// <summary>Computes the output rows that the first <paramref name="rows"/> rows of an image suffice for, and the first <paramref name="before"/> did not.</summary>
    /// <param name="image">The image's index in the batch.</param>
    /// <param name="input">The image's input, of which the first <paramref name="rows"/> rows are there.</param>
    /// <param name="before">The rows of the last call, by the same thread and for the same image; 0 at the first.</param>
    /// <param name="rows">Rows that are there.</param>
    /// <param name="worker">The thread.</param>
    void Take(int image, float* input, int before, int rows, int worker);
}

namespace AlexNetSharp.Tensors;

/// <summary>A fully connected weight whose panels are fetched one at a time, from wherever they are.</summary>
internal unsafe interface IPanelSource
{
    /// <summary>Where a panel [in][32] lies in memory; any number of threads may ask.</summary>
    /// <param name="panel">Its index.</param>
    /// <param name="scratch">[<see cref="ScratchLength"/>], of the calling thread: a panel that has to be read is put there.</param>
    /// <exception cref="IOException">The file of the weight cannot be read any more.</exception>
    /// <exception cref="InvalidDataException">The file has been cut short.</exception>
    float* Fetch(int panel, float* scratch);

    /// <summary>Floats of scratch for a weight of so many inputs: a panel, and the rows of the file that it is made of.</summary>
    static long ScratchLength(int inputs) => (long)Panel.Width * (inputs + RowLength(inputs));

    /// <summary>Floats between rows in scratch, never a multiple of 4096 bytes: such rows would displace each other from the cache.</summary>
    static int RowLength(int inputs) => (inputs + 31) / 32 * 32 + 16;
}

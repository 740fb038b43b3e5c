namespace AlexNetSharp.Mpi;

/// <summary>What differs between MPI libraries besides the code: the values of the few handles and constants that are used here.</summary>
/// <param name="Name">Name of the family, for messages.</param>
/// <param name="World">MPI_COMM_WORLD.</param>
/// <param name="Byte">MPI_BYTE.</param>
/// <param name="ErrorsReturn">MPI_ERRORS_RETURN.</param>
/// <param name="Serialized">MPI_THREAD_SERIALIZED.</param>
/// <remarks>
/// <para>
/// Handles are passed as pointer-sized integers: what a library with 32-bit handles reads of them is their lower half. Requests have slots of
/// eight bytes that begin as zeros, statuses one of 64 bytes, more than any library writes.
/// </para>
/// <para>
/// Sources: mpi.h of Open MPI 4.1 and of MPICH 4.0, whose numbers Intel MPI and MS-MPI share (MPICH ABI Compatibility Initiative); for the
/// standard ABI the MPI 5.0 standard, chapter "Application Binary Interface (ABI)".
/// </para>
/// </remarks>
internal sealed record MpiAbi(string Name, nint World, nint Byte, nint ErrorsReturn, int Serialized)
{
    /// <summary>Handles are numbers in which kind and size are coded.</summary>
    public static MpiAbi Mpich { get; } = new("MPICH", 0x44000000, 0x4c00010d, 0x54000001, 2);

    /// <summary>The standard ABI of MPI 5: small constants.</summary>
    public static MpiAbi Standard { get; } = new("MPI 5", 0x101, 0x247, 0x142, 2048);

    /// <summary>Tells which family a library belongs to.</summary>
    /// <param name="fileName">Name of its file: libraries with the standard ABI are called libmpi_abi.</param>
    /// <param name="export">Gives the address of an exported symbol, or 0.</param>
    public static MpiAbi Of(string fileName, Func<string, nint> export)
    {
        if (fileName.Contains("mpi_abi", StringComparison.Ordinal))
            return Standard;
        // Open MPI's handles are the addresses of objects that it exports.
        nint world = export("ompi_mpi_comm_world");
        return world == 0 ? Mpich : new MpiAbi("Open MPI", world, export("ompi_mpi_byte"), export("ompi_mpi_errors_return"), 2);
    }
}

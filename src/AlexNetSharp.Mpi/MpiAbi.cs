namespace AlexNetSharp.Mpi;

/// <summary>The parts of the ABI that differ between MPI libraries: the values of the few handles and constants used here.</summary>
/// <param name="Name">Name of the library family, for messages.</param>
/// <param name="World">MPI_COMM_WORLD.</param>
/// <param name="Byte">MPI_BYTE.</param>
/// <param name="ErrorsReturn">MPI_ERRORS_RETURN.</param>
/// <param name="Serialized">MPI_THREAD_SERIALIZED.</param>
/// <remarks>
/// <para>
/// Handles are passed as pointer-sized integers; a library with 32-bit handles reads their lower half. A request has a slot of eight
/// zero-initialized bytes, a status one of 64 bytes, more than any library writes.
/// </para>
/// <para>
/// Sources: mpi.h of Open MPI 4.1 and of MPICH 4.0, whose numbers Intel MPI and MS-MPI share (MPICH ABI Compatibility Initiative); for the
/// standard ABI the MPI 5.0 standard, chapter "Application Binary Interface (ABI)".
/// </para>
/// </remarks>
internal sealed record MpiAbi(string Name, nint World, nint Byte, nint ErrorsReturn, int Serialized)
{
    /// <summary>The MPICH ABI: handles are integers that encode kind and size.</summary>
    public static MpiAbi Mpich { get; } = new("MPICH", 0x44000000, 0x4c00010d, 0x54000001, 2);

    /// <summary>The standard ABI of MPI 5: handles are small constants.</summary>
    public static MpiAbi Standard { get; } = new("MPI 5", 0x101, 0x247, 0x142, 2048);

    /// <summary>Determines which family a library belongs to.</summary>
    /// <param name="fileName">Name of the library file; libraries with the standard ABI are called libmpi_abi.</param>
    /// <param name="export">Returns the address of an exported symbol, or 0.</param>
    public static MpiAbi Of(string fileName, Func<string, nint> export)
    {
        if (fileName.Contains("mpi_abi", StringComparison.Ordinal))
            return Standard;
        // Open MPI's handles are the addresses of objects that it exports.
        nint world = export("ompi_mpi_comm_world");
        return world == 0 ? Mpich : new MpiAbi("Open MPI", world, export("ompi_mpi_byte"), export("ompi_mpi_errors_return"), 2);
    }
}

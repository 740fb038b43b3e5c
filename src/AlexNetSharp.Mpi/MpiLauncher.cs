using System.Globalization;

namespace AlexNetSharp.Mpi;

/// <summary>What the launcher says about this process, known before MPI starts.</summary>
/// <param name="Name">The launcher: <c>Open MPI</c>, <c>MPICH</c> (and its derivatives), <c>Slurm</c>.</param>
/// <param name="Rank">Rank of this process.</param>
/// <param name="Count">Number of processes in the job; 0 if the launcher does not say.</param>
public sealed record MpiLauncher(string Name, int Rank, int Count)
{
    private static readonly (string Name, string Rank, string Count)[] s_variables =
    [
        ("Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
        ("MPICH", "PMI_RANK", "PMI_SIZE"),
        ("PMIx", "PMIX_RANK", "PMIX_SIZE"),
        ("Slurm", "SLURM_PROCID", "SLURM_NTASKS"),
    ];

    /// <summary>The launcher of this process; null if it was started without one. A single Slurm task counts as none.</summary>
    public static MpiLauncher? Current { get; } = Find(Environment.GetEnvironmentVariable);

    /// <summary>Finds the launcher by its environment variables.</summary>
    /// <param name="variable">Returns the value of a variable, or null.</param>
    internal static MpiLauncher? Find(Func<string, string?> variable)
    {
        foreach ((string name, string rank, string count) in s_variables)
            if (Number(variable(rank)) is { } number && !(name == "Slurm" && Number(variable(count)) is null or 1))
                return new MpiLauncher(name, number, Number(variable(count)) ?? 0);
        return null;
    }

    private static int? Number(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : null;
}

using System.Globalization;

namespace AlexNetSharp.Mpi;

/// <summary>What the program that started this process says about it, before MPI itself is there to be asked.</summary>
/// <param name="Name">The launcher: <c>Open MPI</c>, <c>MPICH</c> (and what descends from it), <c>Slurm</c>.</param>
/// <param name="Rank">Number of this process.</param>
/// <param name="Count">Processes of the job; 0 where the launcher does not say.</param>
public sealed record MpiLauncher(string Name, int Rank, int Count)
{
    private static readonly (string Name, string Rank, string Count)[] s_variables =
    [
        ("Open MPI", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"),
        ("MPICH", "PMI_RANK", "PMI_SIZE"),
        ("PMIx", "PMIX_RANK", "PMIX_SIZE"),
        ("Slurm", "SLURM_PROCID", "SLURM_NTASKS"),
    ];

    /// <summary>The launcher of this process; null if it was started without one. A single task of Slurm counts as without.</summary>
    public static MpiLauncher? Current { get; } = Find(Environment.GetEnvironmentVariable);

    /// <summary>Looks for the launcher in environment variables.</summary>
    /// <param name="variable">Gives the value of a variable, or null.</param>
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

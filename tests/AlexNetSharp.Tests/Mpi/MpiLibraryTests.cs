using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Mpi;

namespace AlexNetSharp.Tests.Mpi;

/// <summary>Which MPI is which, and which CPUs belong to whom.</summary>
public class MpiLibraryTests
{
    [Fact]
    public void FamiliesAreToldApart()
    {
        nint OpenMpi(string name) => name switch { "ompi_mpi_comm_world" => 100, "ompi_mpi_byte" => 200, "ompi_mpi_errors_return" => 300, _ => 0 };
        Assert.Equal(("Open MPI", 100, 200, 300), Handles(MpiAbi.Of("libmpi.so.40", OpenMpi)));
        Assert.Equal(("MPICH", 0x44000000, 0x4c00010d, 0x54000001), Handles(MpiAbi.Of("libmpi.so.12", _ => 0)));
        Assert.Equal(("MPI 5", 0x101, 0x247, 0x142), Handles(MpiAbi.Of("libmpi_abi.so.0", OpenMpi)));

        static (string, nint, nint, nint) Handles(MpiAbi abi) => (abi.Name, abi.World, abi.Byte, abi.ErrorsReturn);
    }

    [Fact]
    public void TheLauncherIsKnownByItsVariables()
    {
        Assert.Equal(new MpiLauncher("Open MPI", 2, 4), Find(("OMPI_COMM_WORLD_RANK", "2"), ("OMPI_COMM_WORLD_SIZE", "4")));
        Assert.Equal(new MpiLauncher("MPICH", 1, 3), Find(("PMI_RANK", "1"), ("PMI_SIZE", "3")));
        Assert.Equal(new MpiLauncher("Slurm", 0, 2), Find(("SLURM_PROCID", "0"), ("SLURM_NTASKS", "2")));
        // A shell within a job of one task is no launcher.
        Assert.Null(Find(("SLURM_PROCID", "0"), ("SLURM_NTASKS", "1")));
        Assert.Null(Find());

        static MpiLauncher? Find(params (string Name, string Value)[] variables) =>
            MpiLauncher.Find(name => variables.FirstOrDefault(variable => variable.Name == name).Value);
    }

    [Fact]
    public void TheLibraryOfTheLauncherComesFirst()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "names of libraries are those of Linux");
        Assert.Equal("libmpi.so.40", MpiLibrary.Names(null)[0]);
        Assert.Equal("libmpi.so.12", MpiLibrary.Names(new MpiLauncher("MPICH", 0, 2))[0]);
    }

    [Fact]
    public void ProcessesOfAHostShareItsCpus()
    {
        Assert.Equal([0, 1, 2, 3, 8], CpuShare.Parse("0-3,8").Order());
        Assert.Empty(CpuShare.Parse("three"));
        // Pinned to CPUs of their own; and one CPU for both.
        Assert.Equal(1, CpuShare.Threads(["0", "1"], 0));
        Assert.Equal(1, CpuShare.Threads(["0", "0"], 1));
        Assert.Equal(Math.Max(1, Environment.ProcessorCount / 2), CpuShare.Threads(["0-511", "0-511"], 0));
    }
}

using System.Runtime.InteropServices;
using System.Text;

namespace AlexNetSharp.Mpi;

/// <summary>The MPI library of the machine, loaded into this process, with the dozen functions used here.</summary>
internal sealed unsafe partial class MpiLibrary
{
    /// <summary>Environment variable that specifies the library.</summary>
    public const string Variable = "ALEXNET_MPI";

    // RTLD_NOW | RTLD_GLOBAL: Open MPI later opens components that look for its symbols.
    private const int LinuxFlags = 0x102, MacFlags = 0xA;

    private readonly delegate* unmanaged[Cdecl]<void*, void*, int, int*, int> _initThread;
    private readonly delegate* unmanaged[Cdecl]<int*, int> _initialized;
    private readonly delegate* unmanaged[Cdecl]<int> _finalize;
    private readonly delegate* unmanaged[Cdecl]<nint, int, int> _abort;
    private readonly delegate* unmanaged[Cdecl]<nint, int*, int> _rank, _size;
    private readonly delegate* unmanaged[Cdecl]<nint, nint, int> _setErrorHandler;
    private readonly delegate* unmanaged[Cdecl]<void*, int, nint, int, int, nint, nint*, int> _send, _receive;
    private readonly delegate* unmanaged[Cdecl]<nint*, int*, void*, int> _test;
    private readonly delegate* unmanaged[Cdecl]<byte*, int*, int> _version;
    private readonly delegate* unmanaged[Cdecl]<int, byte*, int*, int> _errorString;

    private MpiLibrary(string path, nint handle)
    {
        Path = path;
        Abi = MpiAbi.Of(System.IO.Path.GetFileName(path), name => NativeLibrary.TryGetExport(handle, name, out nint address) ? address : 0);
        _initThread = (delegate* unmanaged[Cdecl]<void*, void*, int, int*, int>)Export("MPI_Init_thread");
        _initialized = (delegate* unmanaged[Cdecl]<int*, int>)Export("MPI_Initialized");
        _finalize = (delegate* unmanaged[Cdecl]<int>)Export("MPI_Finalize");
        _abort = (delegate* unmanaged[Cdecl]<nint, int, int>)Export("MPI_Abort");
        _rank = (delegate* unmanaged[Cdecl]<nint, int*, int>)Export("MPI_Comm_rank");
        _size = (delegate* unmanaged[Cdecl]<nint, int*, int>)Export("MPI_Comm_size");
        _setErrorHandler = (delegate* unmanaged[Cdecl]<nint, nint, int>)Export("MPI_Comm_set_errhandler");
        _send = (delegate* unmanaged[Cdecl]<void*, int, nint, int, int, nint, nint*, int>)Export("MPI_Isend");
        _receive = (delegate* unmanaged[Cdecl]<void*, int, nint, int, int, nint, nint*, int>)Export("MPI_Irecv");
        _test = (delegate* unmanaged[Cdecl]<nint*, int*, void*, int>)Export("MPI_Test");
        _version = (delegate* unmanaged[Cdecl]<byte*, int*, int>)Export("MPI_Get_library_version");
        _errorString = (delegate* unmanaged[Cdecl]<int, byte*, int*, int>)Export("MPI_Error_string");

        nint Export(string name) => NativeLibrary.TryGetExport(handle, name, out nint address)
            ? address : throw new MpiException($"{path}: not an MPI library of version 3 or later ({name} is missing)");
    }

    /// <summary>Path of the library file.</summary>
    public string Path { get; }

    /// <summary>ABI of the library.</summary>
    public MpiAbi Abi { get; }

    /// <summary>Loads the given library, or else the first one found, preferring that of the launcher.</summary>
    /// <param name="path">Path or name of the library; null for the value of <see cref="Variable"/>, or the usual names if that is not set.</param>
    /// <param name="launcher">The launcher of this process; null if there is none.</param>
    /// <exception cref="MpiException">No library was found, or it cannot be used; the message says what to install.</exception>
    public static MpiLibrary Load(string? path, MpiLauncher? launcher)
    {
        string? named = path ?? Environment.GetEnvironmentVariable(Variable);
        if (!string.IsNullOrEmpty(named))
            return TryOpen(named, out nint one, out string reason) ? new MpiLibrary(named, one)
                : throw new MpiException($"{named}: this MPI library cannot be loaded ({reason}); {(path is null ? Variable : "--mpi")} must name a file such as libmpi.so.40, of the MPI that starts the processes");
        string[] names = Names(launcher);
        foreach (string name in names)
            if (TryOpen(name, out nint handle, out _))
                return new MpiLibrary(name, handle);
        throw new MpiException(
            $"{(launcher is null ? "" : $"started by {launcher.Name}, but ")}no MPI library was found (looked for {string.Join(", ", names)}); install one (Debian and Ubuntu: openmpi-bin, Fedora: openmpi, Windows: MS-MPI), or name its file with {Variable}");
    }

    /// <summary>Usual file names of MPI libraries.</summary>
    internal static string[] Names(MpiLauncher? launcher)
    {
        if (OperatingSystem.IsWindows())
            return ["msmpi.dll", "impi.dll"];
        if (OperatingSystem.IsMacOS())
            return ["libmpi.dylib", "libmpi_abi.dylib", "libmpich.dylib"];
        // Open MPI has used version 40 since 3.0; MPICH and libraries with its ABI agreed on 12.
        string[] openMpi = ["libmpi.so.40"], mpich = ["libmpi.so.12", "libmpich.so.12"], others = ["libmpi.so", "libmpi_abi.so.0", "libmpi_abi.so", "libmpich.so"];
        return launcher is { Name: "MPICH" } ? [.. mpich, .. others, .. openMpi] : [.. openMpi, .. mpich, .. others];
    }

    /// <summary>Initializes MPI so that any thread may call it, one at a time.</summary>
    /// <exception cref="MpiException">MPI was initialized before, or cannot be initialized.</exception>
    public void Initialize()
    {
        int started = 0, provided = 0;
        Check(_initialized(&started), "MPI_Initialized");
        if (started != 0)
            throw new MpiException("MPI is already running in this process; it can be started only once");
        Check(_initThread(null, null, Abi.Serialized, &provided), "MPI_Init_thread");
        if (provided < Abi.Serialized)
            throw new MpiException($"{Path}: this MPI was built without support for threads (MPI_THREAD_SERIALIZED)");
        Check(_setErrorHandler(Abi.World, Abi.ErrorsReturn), "MPI_Comm_set_errhandler");
    }

    /// <summary>Rank of this process.</summary>
    public int Rank()
    {
        int rank = 0;
        Check(_rank(Abi.World, &rank), "MPI_Comm_rank");
        return rank;
    }

    /// <summary>Number of processes.</summary>
    public int Size()
    {
        int size = 0;
        Check(_size(Abi.World, &size), "MPI_Comm_size");
        return size;
    }

    /// <summary>Name and version that the library reports, on one line.</summary>
    public string Version()
    {
        byte* text = stackalloc byte[8192];
        int length = 0;
        Check(_version(text, &length), "MPI_Get_library_version");
        string all = Encoding.UTF8.GetString(text, Math.Clamp(length, 0, 8192)).TrimEnd('\0');
        return all.Split(['\n', ','])[0].Replace('\t', ' ').Trim();
    }

    /// <summary>Starts sending bytes.</summary>
    public int Send(nint address, int bytes, int peer, int tag, nint* request) =>
        _send((void*)address, bytes, Abi.Byte, peer, tag, Abi.World, request);

    /// <summary>Starts receiving bytes.</summary>
    public int Receive(nint address, int bytes, int peer, int tag, nint* request) =>
        _receive((void*)address, bytes, Abi.Byte, peer, tag, Abi.World, request);

    /// <summary>Tests whether a message has been sent or received.</summary>
    public int Test(nint* request, out bool done)
    {
        byte* status = stackalloc byte[64];
        int flag = 0;
        int code = _test(request, &flag, status);
        done = flag != 0;
        return code;
    }

    /// <summary>Finalizes MPI.</summary>
    public void End() => _finalize();

    /// <summary>Aborts all processes.</summary>
    public void Abort(int exitCode) => _abort(Abi.World, exitCode);

    /// <summary>Throws if a call failed.</summary>
    /// <exception cref="MpiException">The call failed.</exception>
    public void Check(int code, string what)
    {
        if (code != 0)
            throw new MpiException($"{what} failed: {Describe(code)}");
    }

    /// <summary>Description of an MPI error code.</summary>
    public string Describe(int code)
    {
        byte* text = stackalloc byte[8192];
        int length = 0;
        return _errorString(code, text, &length) == 0
            ? Encoding.UTF8.GetString(text, Math.Clamp(length, 0, 8192)).TrimEnd('\0').Replace('\n', ' ')
            : FormattableString.Invariant($"error {code}");
    }

    private static bool TryOpen(string name, out nint handle, out string reason)
    {
        reason = "not found";
        if (OperatingSystem.IsWindows())
            return NativeLibrary.TryLoad(name, out handle);
        // NativeLibrary loads with local symbols.
        handle = Open(name, OperatingSystem.IsMacOS() ? MacFlags : LinuxFlags);
        if (handle == 0 && Marshal.PtrToStringUTF8(Error()) is { } error)
            reason = error;
        return handle != 0;
    }

    [LibraryImport("libc", EntryPoint = "dlopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Open(string name, int flags);

    [LibraryImport("libc", EntryPoint = "dlerror")]
    private static partial nint Error();
}

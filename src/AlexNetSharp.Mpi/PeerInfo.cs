using System.Buffers.Binary;
using System.Text;

namespace AlexNetSharp.Mpi;

/// <summary>Information that processes exchange at startup.</summary>
/// <param name="Host">Name of the host.</param>
/// <param name="Space">PID namespace in which the process ID is valid; a container has its own.</param>
/// <param name="ProcessId">Process ID.</param>
internal sealed record PeerInfo(string Host, string Space, int ProcessId)
{
    private const int TextBytes = 256;

    /// <summary>Length of the message, in bytes.</summary>
    public const int Bytes = 2 * TextBytes + sizeof(int);

    /// <summary>PID namespace of this process.</summary>
    public static string OwnSpace() => OperatingSystem.IsLinux() ? new FileInfo("/proc/self/ns/pid").LinkTarget ?? "" : "";

    /// <summary>Writes the message.</summary>
    public void Write(Span<byte> message)
    {
        Put(Host, message);
        Put(Space, message[TextBytes..]);
        BinaryPrimitives.WriteInt32LittleEndian(message[(2 * TextBytes)..], ProcessId);
    }

    /// <summary>Reads a message.</summary>
    public static PeerInfo Read(ReadOnlySpan<byte> message) => new(
        Get(message), Get(message[TextBytes..]), BinaryPrimitives.ReadInt32LittleEndian(message[(2 * TextBytes)..]));

    private static void Put(string text, Span<byte> place)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        bytes.AsSpan(0, Math.Min(bytes.Length, TextBytes)).CopyTo(place);
    }

    private static string Get(ReadOnlySpan<byte> place) => Encoding.UTF8.GetString(place[..TextBytes]).TrimEnd('\0');
}

using System.Buffers.Binary;
using System.Text;

namespace AlexNetSharp.Mpi;

/// <summary>What processes tell each other at the start.</summary>
/// <param name="Host">Name of the host.</param>
/// <param name="Space">Where the number of the process has a meaning: a container has its own numbers.</param>
/// <param name="ProcessId">The system's number of the process.</param>
internal sealed record PeerInfo(string Host, string Space, int ProcessId)
{
    private const int TextBytes = 256;

    /// <summary>Bytes of the message.</summary>
    public const int Bytes = 2 * TextBytes + sizeof(int);

    /// <summary>This process's space of process numbers.</summary>
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

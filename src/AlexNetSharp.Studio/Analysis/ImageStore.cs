using System.Security.Cryptography;
using AlexNetSharp.Studio.Hosting;
using Microsoft.AspNetCore.Http;

namespace AlexNetSharp.Studio.Analysis;

/// <summary>The images open in pages: a few, with a limit on their total size; the least recently used one is evicted first.</summary>
internal sealed class ImageStore
{
    private const int MostImages = 24;
    private const long MostBytes = 96L << 20;

    private readonly LinkedList<(string Id, byte[] Bytes)> _images = new();
    private readonly Lock _gate = new();

    /// <summary>Stores an image.</summary>
    /// <returns>An unguessable ID.</returns>
    public string Add(byte[] bytes)
    {
        string id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12));
        lock (_gate)
        {
            _images.AddFirst((id, bytes));
            while (_images.Count > MostImages || _images.Sum(image => (long)image.Bytes.Length) > MostBytes)
                _images.RemoveLast();
        }
        return id;
    }

    /// <summary>Gets an image by its ID.</summary>
    /// <exception cref="UserException">The image is no longer stored.</exception>
    public byte[] Get(string id)
    {
        lock (_gate)
        {
            for (LinkedListNode<(string Id, byte[] Bytes)>? node = _images.First; node is not null; node = node.Next)
            {
                if (node.Value.Id != id)
                    continue;
                _images.Remove(node);
                _images.AddFirst(node);
                return node.Value.Bytes;
            }
        }
        throw new UserException(StatusCodes.Status404NotFound, "This image is no longer available: choose it again.");
    }

    /// <summary>Removes an image.</summary>
    public void Remove(string id)
    {
        lock (_gate)
            for (LinkedListNode<(string Id, byte[] Bytes)>? node = _images.First; node is not null; node = node.Next)
                if (node.Value.Id == id)
                {
                    _images.Remove(node);
                    return;
                }
    }
}

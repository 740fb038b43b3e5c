namespace AlexNetSharp.Tests;

/// <summary>Damages valid files in the ways that files are damaged, or attacked.</summary>
internal static class Mutations
{
    private static readonly byte[] Interesting = [0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF];

    /// <summary>A copy of one of the seeds with one to eight changes.</summary>
    public static byte[] Of(byte[][] seeds, System.Random random)
    {
        byte[] data = (byte[])seeds[random.Next(seeds.Length)].Clone();
        // Every other time a single one: a file with many faults is refused for the first and shows nothing of what lies behind.
        for (int changes = random.Next(2) == 0 ? 1 : random.Next(2, 9); changes > 0 && data.Length > 0; changes--)
        {
            // Headers are where the lengths are: half of all changes go there.
            int at = random.Next(random.Next(2) == 0 ? Math.Min(data.Length, 64) : data.Length);
            switch (random.Next(8))
            {
                case 0: data[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: data[at] = (byte)random.Next(256); break;
                case 2: data[at] = Interesting[random.Next(Interesting.Length)]; break;
                case 3: data.AsSpan(at, Math.Min(4, data.Length - at)).Fill(Interesting[random.Next(Interesting.Length)]); break;
                case 4: data = data[..at]; break;
                case 5: data = [.. data[..at], .. data[Math.Min(data.Length, at + random.Next(1, 32))..]]; break;
                case 6: data = [.. data[..at], .. data.AsSpan(at, Math.Min(data.Length - at, random.Next(1, 64))), .. data[at..]]; break;
                default:
                    byte[] other = seeds[random.Next(seeds.Length)];
                    int from = random.Next(other.Length), length = Math.Min(random.Next(1, 64), other.Length - from);
                    data = [.. data[..at], .. other.AsSpan(from, length), .. data[at..]];
                    break;
            }
        }
        return data;
    }
}

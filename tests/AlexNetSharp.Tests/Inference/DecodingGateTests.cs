using AlexNetSharp.Data;
using AlexNetSharp.Inference;

namespace AlexNetSharp.Tests.Inference;

/// <summary>Who is let into the decoder, and when.</summary>
public sealed class DecodingGateTests
{
    private const long Megabyte = 1 << 20;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>With 128 MB and two processors: two places of 16 MB, and one of 96 MB.</summary>
    private readonly DecodingGate _gate = new(128 * Megabyte, 2);

    [Fact]
    public async Task UsualImagesNeverWaitForEnormousOnes()
    {
        using DecodingGate.Pass slow = await Enter(90 * Megabyte);
        Task<DecodingGate.Pass> nextSlow = Enter(20 * Megabyte).AsTask(), work = Enter(1, DecodingGate.FastWork + 1).AsTask();
        Assert.False(nextSlow.IsCompleted || work.IsCompleted);
        using DecodingGate.Pass first = await Enter(16 * Megabyte), second = await Enter(16 * Megabyte, DecodingGate.FastWork);
        Assert.Equal((true, false, false), (slow.IsSlow, first.IsSlow, second.IsSlow));
        Assert.False(Enter(1).AsTask().IsCompleted);
        Assert.Equal(3, _gate.Waiting);
    }

    [Fact]
    public async Task WhoeverCameFirstIsLetInFirst()
    {
        DecodingGate.Pass slow = await Enter(90 * Megabyte);
        Task<DecodingGate.Pass>[] waiting = [.. Enumerable.Range(0, 3).Select(i => Enter((20 + i) * Megabyte).AsTask())];
        for (int i = 0; i < waiting.Length; i++)
        {
            slow.Dispose();
            slow = await waiting[i].WaitAsync(TimeSpan.FromSeconds(10), Token);
            Assert.All(waiting[(i + 1)..], later => Assert.False(later.IsCompleted));
        }
        slow.Dispose();
        using DecodingGate.Pass all = await Enter(96 * Megabyte);
    }

    [Fact]
    public async Task WhoeverGivesUpKeepsNobodyWaiting()
    {
        // Two slow places that share the memory of three quarters.
        var gate = new DecodingGate(128 * Megabyte, 4);
        using DecodingGate.Pass first = await gate.EnterAsync(new DecodingCost(50 * Megabyte, 1), "a", Token);
        using var end = new CancellationTokenSource();
        Task<DecodingGate.Pass> large = gate.EnterAsync(new DecodingCost(90 * Megabyte, 1), "b", end.Token).AsTask();
        Task<DecodingGate.Pass> small = gate.EnterAsync(new DecodingCost(40 * Megabyte, 1), "c", Token).AsTask();
        Assert.False(large.IsCompleted || small.IsCompleted);
        await end.CancelAsync();
        (await small.WaitAsync(TimeSpan.FromSeconds(10), Token)).Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        Assert.Equal(0, gate.Waiting);
        Assert.Throws<OperationCanceledException>(() => gate.EnterAsync(default, "d", end.Token).AsTask().GetAwaiter().GetResult());
    }

    [Fact]
    public void WhatNeverFitsIsRefused() => Assert.Equal(
        "huge: too large (decoding needs 101 MB of memory; the limit is 101 MB).",
        Assert.Throws<ImageTooLargeException>(() => _gate.EnterAsync(new DecodingCost(96 * Megabyte + 1, 1), "huge", Token).AsTask().GetAwaiter().GetResult()).Message);

    [Fact]
    public async Task UnderLoadNothingIsLost()
    {
        long inside = 0, most = 0;
        await Parallel.ForAsync(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 64, CancellationToken = Token }, async (i, _) =>
        {
            long bytes = (17 + i % 70) * Megabyte;
            using var end = new CancellationTokenSource();
            if (i % 5 == 0)
                end.CancelAfter(i % 3);
            try
            {
                using DecodingGate.Pass pass = await _gate.EnterAsync(new DecodingCost(bytes, 1), "image", end.Token);
                long now = Interlocked.Add(ref inside, bytes);
                InterlockedMax(ref most, now);
                await Task.Yield();
                Interlocked.Add(ref inside, -bytes);
            }
            catch (OperationCanceledException)
            {
                // One in five may give up.
            }
        });
        Assert.InRange(most, 17 * Megabyte, 96 * Megabyte);
        Assert.Equal(0, _gate.Waiting);
        using DecodingGate.Pass all = await Enter(96 * Megabyte).AsTask().WaitAsync(TimeSpan.FromSeconds(10), Token);
    }

    private ValueTask<DecodingGate.Pass> Enter(long bytes, long work = 1) => _gate.EnterAsync(new DecodingCost(bytes, work), "image", Token);

    private static void InterlockedMax(ref long target, long value)
    {
        for (long seen = Volatile.Read(ref target); value > seen;)
        {
            long before = Interlocked.CompareExchange(ref target, value, seen);
            if (before == seen)
                return;
            seen = before;
        }
    }
}

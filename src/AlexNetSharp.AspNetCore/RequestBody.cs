using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace AlexNetSharp.AspNetCore;

/// <summary>The body of a request, in native memory that is charged to a budget as it grows and freed immediately.</summary>
/// <remarks>Only received bytes count, so clients that announce much and send little take nothing from others.</remarks>
internal sealed class RequestBody(ByteBudget budget, int limit) : MemoryManager<byte>
{
    private const int Smallest = 64 << 10;

    private unsafe byte* _memory;
    private int _capacity, _length;

    /// <summary>The bytes received.</summary>
    public override Memory<byte> Memory => CreateMemory(_length);

    /// <summary>Reads the whole body of a request.</summary>
    /// <param name="context">The request.</param>
    /// <param name="options">Limits of size, time and rate.</param>
    /// <param name="budget">Memory budget for all bodies.</param>
    /// <param name="stopping">Signaled when the service stops.</param>
    /// <exception cref="RefusedException">The body is too large or too slow, there is no memory for it, or the service is stopping.</exception>
    /// <exception cref="OperationCanceledException">The client has disconnected.</exception>
    public static async Task<RequestBody> ReadAsync(
        HttpContext context, AlexNetClassifierOptions options, ByteBudget budget, CancellationToken stopping)
    {
        if (context.Request.ContentLength > options.MaxImageBytes)
            throw RefusedException.TooLarge(options);
        // The server also counts the framing of a chunked body; the image itself is counted below.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = 2L * options.MaxImageBytes + Smallest;
        PipeReader reader = context.Request.BodyReader;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        var body = new RequestBody(budget, options.MaxImageBytes);
        long start = Stopwatch.GetTimestamp();
        try
        {
            while (true)
            {
                TimeSpan left = TimeLeft(options, body._length) - Stopwatch.GetElapsedTime(start);
                if (left <= TimeSpan.Zero)
                    throw RefusedException.TooSlow();
                end.CancelAfter(left);
                ReadResult read = await reader.ReadAsync(end.Token).ConfigureAwait(false);
                try
                {
                    if (body._length + read.Buffer.Length > options.MaxImageBytes)
                        throw RefusedException.TooLarge(options);
                    body.Append(read.Buffer);
                }
                finally
                {
                    reader.AdvanceTo(read.Buffer.End);
                }
                if (read.IsCompleted)
                    return body;
            }
        }
        catch (Exception e)
        {
            body.Free();
            throw e switch
            {
                OperationCanceledException when context.RequestAborted.IsCancellationRequested => e,
                OperationCanceledException when stopping.IsCancellationRequested => RefusedException.Stopping(),
                OperationCanceledException => RefusedException.TooSlow(),
                BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => RefusedException.TooLarge(options),
                BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } => RefusedException.TooSlow(),
                _ => e,
            };
        }
    }

    /// <inheritdoc/>
    public override unsafe Span<byte> GetSpan() => new(_memory, _length);

    /// <inheritdoc/>
    public override unsafe MemoryHandle Pin(int elementIndex = 0) => new(_memory + elementIndex);

    /// <inheritdoc/>
    public override void Unpin()
    {
    }

    /// <summary>Frees the memory.</summary>
    public void Free() => Dispose(disposing: true);

    /// <inheritdoc/>
    protected override unsafe void Dispose(bool disposing)
    {
        NativeMemory.Free(_memory);
        budget.Return(_capacity);
        _memory = null;
        _capacity = _length = 0;
    }

    /// <summary>Time by which a body must be complete, given the bytes received.</summary>
    private static TimeSpan TimeLeft(AlexNetClassifierOptions options, int received)
    {
        if (options.MinBodyBytesPerSecond == 0)
            return options.BodyTimeout;
        TimeSpan byRate = options.BodyGrace + TimeSpan.FromSeconds((double)received / options.MinBodyBytesPerSecond);
        return byRate < options.BodyTimeout ? byRate : options.BodyTimeout;
    }

    private unsafe void Append(ReadOnlySequence<byte> bytes)
    {
        int length = _length + (int)bytes.Length;
        if (length > _capacity)
            Grow(length);
        bytes.CopyTo(new Span<byte>(_memory + _length, _capacity - _length));
        _length = length;
    }

    private unsafe void Grow(int length)
    {
        int capacity = (int)Math.Min(Math.Max(limit, length), Math.Max(Smallest, Math.Max(length, 2L * _capacity)));
        if (!budget.TryTake(capacity - _capacity))
            throw RefusedException.Busy(RefusedException.NoMemory);
        (int held, _capacity) = (_capacity, capacity);
        try
        {
            _memory = (byte*)NativeMemory.Realloc(_memory, (nuint)capacity);
        }
        catch (OutOfMemoryException)
        {
            budget.Return(capacity - held);
            _capacity = held;
            throw;
        }
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using AlexNetSharp.AspNetCore;
using AlexNetSharp.Tests.Images;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SkiaSharp;

// What the runtime throws is thrown here in its place.
#pragma warning disable CA2201

namespace AlexNetSharp.Web.Tests.Serving;

/// <summary>Every refusal of a service, over the network.</summary>
public sealed class RefusalTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task WhatIsNoImageIsSaid()
    {
        await using TestService service = await TestService.StartAsync();
        await AssertProblem(await service.Post([1, 2, 3]), HttpStatusCode.BadRequest, "image: not a JPEG, PNG, WebP, BMP or GIF image.");
        await AssertProblem(await service.Post([]), HttpStatusCode.BadRequest, "image: empty, or not a regular file.");
        byte[] half = TestImages.Encode(60, 40, SKEncodedImageFormat.Jpeg, out _)[..600];
        await AssertProblem(await service.Post(half), HttpStatusCode.BadRequest, "image: ");
        await AssertProblem(await service.Post(TestService.Image, type: "text/plain"), HttpStatusCode.UnsupportedMediaType, "Send the image itself");
        foreach (string top in (string[])["0", "-1", "101"])
            await AssertProblem(await service.Post(TestService.Image, $"?top={top}"), HttpStatusCode.BadRequest, $"top must be 1 to 100, but is {top}.");
        await AssertProblem(await service.Post(TestService.Image, "?top=many"), HttpStatusCode.BadRequest, "");
        using HttpResponseMessage get = await service.Client.GetAsync("/classify", Token);
        await AssertProblem(get, HttpStatusCode.MethodNotAllowed, "");
    }

    [Theory]
    [InlineData(false), InlineData(true)]
    public async Task MoreBytesThanAllowedAreRefused(bool chunked)
    {
        await using TestService service = await TestService.StartAsync(options => options.MaxImageBytes = 10_000);
        await AssertProblem(await service.Post(new byte[10_001], chunked: chunked), HttpStatusCode.RequestEntityTooLarge, "An image may have at most 10000 bytes.");
        await AssertProblem(await service.Post(new byte[10_000], chunked: chunked), HttpStatusCode.BadRequest, "image: ");
    }

    [Fact]
    public async Task MorePixelsWorkOrMemoryThanAllowedAreRefused()
    {
        byte[] png = TestImages.Encode(600, 500, SKEncodedImageFormat.Png, out _, (x, y, c) => 0);
        await using (TestService service = await TestService.StartAsync(options => options.MaxPixels = 299_999))
            await AssertProblem(await service.Post(png), HttpStatusCode.RequestEntityTooLarge, "image: too large (600×500 pixels");
        await using (TestService service = await TestService.StartAsync(options => options.MaxPixelScans = 299_999))
            await AssertProblem(await service.Post(png), HttpStatusCode.RequestEntityTooLarge, "image: too expensive to decode (600×500 pixels");
        await using (TestService service = await TestService.StartAsync(options => options.DecodingBytes = 2_000_000))
            await AssertProblem(await service.Post(png), HttpStatusCode.RequestEntityTooLarge, "image: too large (decoding needs 2 MB of memory; the limit is 2 MB).");
    }

    [Fact]
    public async Task BodiesThatComeTooSlowlyAreRefusedAndCutOff()
    {
        await using TestService service = await TestService.StartAsync(options => options.BodyGrace = TimeSpan.FromSeconds(0.5));
        long start = Stopwatch.GetTimestamp();
        using TcpClient slow = await service.BeginAsync(100_000, [0xFF, 0xD8, 0xFF]);
        string answer = await TestService.ReadToEndAsync(slow);
        Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal);
        Assert.Contains("The body arrived too slowly", answer, StringComparison.Ordinal);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0.4, 4.5);
    }

    [Fact]
    public async Task ABodyThatTricklesForeverEnds()
    {
        await using TestService service = await TestService.StartAsync(options => (options.MinBodyBytesPerSecond, options.BodyTimeout) = (0, TimeSpan.FromSeconds(1)));
        using TcpClient slow = await service.BeginAsync(100_000);
        Task<string> answer = TestService.ReadToEndAsync(slow);
        for (int i = 0; i < 100 && !answer.IsCompleted; i++)
        {
            try
            {
                await slow.GetStream().WriteAsync(new byte[10], Token);
            }
            catch (IOException)
            {
                break;
            }
            await Task.Delay(50, Token);
        }
        Assert.StartsWith("HTTP/1.1 408 ", await answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SlowSendersTakeNothingFromOthers()
    {
        // Only one at a time may be decoded, and there is little memory for bodies: what was promised must not count.
        await using TestService service = await TestService.StartAsync(options => (options.DecodingBytes, options.BodyBytes) = (1 << 20, 8 << 20));
        var slow = new List<TcpClient>();
        for (int i = 0; i < 40; i++)
            slow.Add(await service.BeginAsync(9_000_000, [0xFF, 0xD8, 0xFF]));
        for (int i = 0; i < 5; i++)
            using (HttpResponseMessage answer = await service.Post(TestService.Image))
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        foreach (TcpClient tcp in slow)
            tcp.Dispose();
        ByteBudget budget = service.App.Services.GetRequiredKeyedService<ClassifierHost>("").Bodies;
        await Until(() => budget.Left == 8 << 20);
    }

    [Fact]
    public async Task BodiesTakeNoMoreMemoryThanThereIs()
    {
        await using TestService service = await TestService.StartAsync(options => options.BodyBytes = 100_000);
        using TcpClient first = await service.BeginAsync(9_000, new byte[5_000]);
        ByteBudget budget = service.App.Services.GetRequiredKeyedService<ClassifierHost>("").Bodies;
        await Until(() => budget.Left < 100_000);
        using HttpResponseMessage second = await service.Post(TestService.Image);
        await AssertProblem(second, HttpStatusCode.ServiceUnavailable, "There is no memory for more images at the moment.");
        Assert.Equal("1", second.Headers.RetryAfter?.ToString());
        first.Dispose();
        await Until(() => budget.Left == 100_000);
        using HttpResponseMessage third = await service.Post(TestService.Image);
        Assert.Equal(HttpStatusCode.OK, third.StatusCode);
    }

    [Fact]
    public async Task ARequestThatBreaksTheProtocolIsRefusedInOurWords()
    {
        await using TestService service = await TestService.StartAsync();
        using TcpClient broken = await service.BeginAsync("Transfer-Encoding: chunked", "no size\r\n"u8.ToArray());
        string answer = await TestService.ReadToEndAsync(broken);
        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("The request cannot be understood.", answer, StringComparison.Ordinal);
        Assert.DoesNotContain(service.Log.Lines, line => line.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task WithoutMemoryRequestsAreRefusedAndNothingIsLost()
    {
        await using TestService service = await TestService.StartAsync(
            services: all => all.AddSingleton<IStartupFilter>(new BodiesOf(() => throw new OutOfMemoryException())));
        using HttpResponseMessage refused = await service.Post(TestService.Image);
        Assert.Equal("1", refused.Headers.RetryAfter?.ToString());
        await AssertProblem(refused, HttpStatusCode.ServiceUnavailable, "There is no memory for more images at the moment.");
        (LogLevel level, _, string text, Exception? exception) = Assert.Single(service.Log.Lines, line => line.Level >= LogLevel.Warning);
        Assert.Equal(LogLevel.Warning, level);
        Assert.StartsWith("An image was refused: the memory does not suffice (", text, StringComparison.Ordinal);
        Assert.Null(exception);
    }

    /// <summary>Gives requests another body.</summary>
    private sealed class BodiesOf(Func<int> read) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(inner => context =>
            {
                context.Request.Body = new Failing(read);
                return inner(context);
            });
            next(app);
        };

        private sealed class Failing(Func<int> read) : MemoryStream
        {
            public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(read());
        }
    }

    [Fact]
    public async Task MoreRequestsThanAllowedAreRefused()
    {
        await using TestService service = await TestService.StartAsync(options => options.MaxRequests = 1);
        using TcpClient first = await service.BeginAsync(9_000, new byte[5]);
        await Until(() => service.App.Services.GetRequiredKeyedService<ClassifierHost>("").Idle == TimeSpan.Zero);
        await AssertProblem(await service.Post(TestService.Image), HttpStatusCode.ServiceUnavailable, "Too many requests are in progress.");
    }

    [Fact]
    public async Task WhoSendsOneBadImageAfterAnotherWaitsAndOthersDoNot()
    {
        // One place, and memory for one body: who waits for a refusal holds neither.
        await using TestService service = await TestService.StartAsync(
            options => (options.RefusalsPerSecond, options.MaxRequests, options.BodyBytes) = (1, 1, 64 << 10));
        long start = Stopwatch.GetTimestamp();
        await AssertProblem(await service.Post([1, 2, 3]), HttpStatusCode.BadRequest, "image: ");
        Task<HttpResponseMessage> waits = service.Post([1, 2, 3]);
        await Until(() => service.Log.Lines.Count(line => line.Text.Contains("image: ", StringComparison.Ordinal)) == 2);
        using (HttpResponseMessage answer = await service.Post(TestService.Image))
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await AssertProblem(await waits, HttpStatusCode.BadRequest, "image: ");
        // A second after the first, or a little less: timers count in milliseconds.
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0.9, double.MaxValue);
    }

    [Fact]
    public async Task WhatCannotBeAnsweredInTimeIsRefused()
    {
        byte[] large = TestImages.Encode(1500, 1500, SKEncodedImageFormat.Png, out _);
        await using TestService service = await TestService.StartAsync(options => options.RequestTimeout = TimeSpan.FromMilliseconds(1));
        await AssertProblem(await service.Post(large), HttpStatusCode.ServiceUnavailable, "The service is overloaded and cannot answer in time.");
    }

    [Fact]
    public async Task WorkForAClientThatHasGoneIsGivenUp()
    {
        await using TestService service = await TestService.StartAsync();
        using (TcpClient client = await service.BeginAsync(9_000, new byte[5_000]))
            await Until(() => service.App.Services.GetRequiredKeyedService<ClassifierHost>("").Idle == TimeSpan.Zero);
        await Until(() => service.App.Services.GetRequiredKeyedService<ClassifierHost>("").Idle > TimeSpan.Zero);
        Assert.DoesNotContain(service.Log.Lines, line => line.Level >= LogLevel.Error);
    }

    [Fact]
    public async Task TheEndIsQuickAndQuietEvenWithSlowUploads()
    {
        await using TestService service = await TestService.StartAsync();
        var slow = new List<TcpClient>();
        for (int i = 0; i < 10; i++)
            slow.Add(await service.BeginAsync(9_000_000, [0xFF, 0xD8, 0xFF]));
        await Until(() => service.App.Services.GetRequiredKeyedService<ClassifierHost>("").Idle == TimeSpan.Zero);
        long start = Stopwatch.GetTimestamp();
        await service.App.StopAsync(Token);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 5);
        Assert.DoesNotContain(service.Log.Lines, line => line.Level >= LogLevel.Warning || line.Exception is not null and not OperationCanceledException && line.Level > LogLevel.Debug);
        foreach (TcpClient tcp in slow)
            tcp.Dispose();
    }

    private static async Task AssertProblem(HttpResponseMessage answer, HttpStatusCode status, string detail)
    {
        using (answer)
        {
            string text = await answer.Content.ReadAsStringAsync(Token);
            Assert.True(status == answer.StatusCode, text);
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
            using JsonDocument document = JsonDocument.Parse(text);
            Assert.Equal((int)status, document.RootElement.GetProperty("status").GetInt32());
            if (detail.Length > 0)
                Assert.StartsWith(detail, document.RootElement.GetProperty("detail").GetString(), StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
        }
    }

    private static async Task Until(Func<bool> condition)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 20);
            await Task.Delay(20, Token);
        }
    }
}

using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using AlexNetSharp.Data;
using AlexNetSharp.Images;
using AlexNetSharp.Models;
using AlexNetSharp.Studio;
using AlexNetSharp.Studio.Analysis;
using AlexNetSharp.Tests;
using AlexNetSharp.Tests.Images;

namespace AlexNetSharp.Web.Tests.Studio;

/// <summary>What a studio answers, and whom it refuses.</summary>
public sealed partial class StudioServerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task OnlyThePageThatTheUserOpenedIsLetIn()
    {
        await using TestStudio studio = await TestStudio.StartAsync(signIn: false);
        await AssertRefused(studio, "/", "Open the address that the command printed");
        await AssertRefused(studio, "/api/status", "Open the address that the command printed");
        await AssertRefused(studio, "/?token=00", "This address is from an earlier start");
        using (HttpResponseMessage page = await studio.Client.GetAsync(studio.Address, Token))
        {
            Assert.Equal(HttpStatusCode.OK, page.StatusCode);
            Assert.Equal("/", page.RequestMessage!.RequestUri!.PathAndQuery);
            string policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy"));
            Assert.StartsWith("default-src 'none'; script-src 'self'; style-src 'self';", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
            Assert.Equal("nosniff", Assert.Single(page.Headers.GetValues("X-Content-Type-Options")));
            string html = await page.Content.ReadAsStringAsync(Token);
            // Nothing from elsewhere, nothing inline.
            Assert.DoesNotMatch("https?://", html);
            Assert.DoesNotMatch(@"<script(?![^>]*\ssrc=)", html);
            foreach (Match part in Part().Matches(html))
            {
                using HttpResponseMessage file = await studio.Client.GetAsync(part.Groups[1].Value, Token);
                Assert.Equal(HttpStatusCode.OK, file.StatusCode);
            }
        }
        await AssertRefused(studio, "/api/status", "under another name", request => request.Headers.Host = "evil.example");
        await AssertRefused(studio, "/api/status", "comes from another page", request => request.Headers.Add("Origin", "http://evil.example"));
        await AssertRefused(studio, "/api/status", "comes from another page", request => request.Headers.Add("Sec-Fetch-Site", "cross-site"));
        await AssertRefused(studio, "/api/classify", "comes from another page", request => request.Method = HttpMethod.Post);
        using HttpResponseMessage other = await studio.Post("/api/classify", [1], origin: "http://localhost:1");
        Assert.Equal(HttpStatusCode.Forbidden, other.StatusCode);
    }

    [Fact]
    public async Task TheCookieBelongsToThisPageAlone()
    {
        await using TestStudio studio = await TestStudio.StartAsync(signIn: false);
        using var client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false });
        using HttpResponseMessage answer = await client.GetAsync(studio.Address, Token);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Matches(@"^alexnet-studio=[0-9a-f]{48}; path=/; samesite=strict; httponly$", Assert.Single(answer.Headers.GetValues("Set-Cookie")));
    }

    [Fact]
    public async Task AnImageIsClassifiedAndLookedInto()
    {
        await using TestStudio studio = await TestStudio.StartAsync();
        string image = await studio.AddAsync(TestStudio.Image(3));
        using JsonDocument layers = await studio.JsonAsync($"/api/image/{image}/layers");
        string[] names = [.. layers.RootElement.GetProperty("layers").EnumerateArray().Select(layer => layer.GetProperty("name").GetString()!)];
        Assert.True(names.Length >= 5);
        foreach (string name in names)
        {
            using JsonDocument sheet = await studio.JsonAsync($"/api/image/{image}/maps/{name}");
            JsonElement root = sheet.RootElement;
            int count = root.GetProperty("count").GetInt32(), area = root.GetProperty("height").GetInt32() * root.GetProperty("width").GetInt32();
            Assert.Equal(count * area, root.GetProperty("data").GetBytesFromBase64().Length);
            Assert.Equal(count, root.GetProperty("order").EnumerateArray().Select(e => e.GetInt32()).Distinct().Count());
            float[] strength = [.. root.GetProperty("strength").EnumerateArray().Select(e => e.GetSingle())];
            Assert.Equal(strength.OrderDescending(), strength);
        }
        Assert.Equal(4 * 32 * 32, (await studio.Client.GetByteArrayAsync($"/api/image/{image}/crop", Token)).Length);
        using (JsonDocument filters = await studio.JsonAsync($"/api/filters/{names[0]}"))
            Assert.Equal(32 * 5 * 5 * 3, filters.RootElement.GetProperty("data").GetBytesFromBase64().Length);
        foreach (string method in (string[])["grad-cam", "gradient", "occlusion"])
        {
            using JsonDocument evidence = await studio.JsonAsync($"/api/image/{image}/evidence/{method}/2");
            Assert.Equal("name 2", evidence.RootElement.GetProperty("name").GetString());
            Assert.Equal(
                evidence.RootElement.GetProperty("height").GetInt32() * evidence.RootElement.GetProperty("width").GetInt32(),
                evidence.RootElement.GetProperty("data").GetBytesFromBase64().Length);
        }
        foreach (string path in (string[])[$"maps/none", "evidence/magic/1", "evidence/gradient/6", "evidence/gradient/-1"])
            (await studio.JsonAsync($"/api/image/{image}/{path}", HttpStatusCode.NotFound)).Dispose();
        using (HttpResponseMessage forget = await studio.Post($"/api/forget/{image}", []))
            Assert.Equal(HttpStatusCode.NoContent, forget.StatusCode);
        (await studio.JsonAsync($"/api/image/{image}/crop", HttpStatusCode.NotFound)).Dispose();
        Assert.Empty(studio.Notes);
    }

    [Fact]
    public async Task WhatIsNoImageOrTooLargeIsRefusedWithALine()
    {
        await using TestStudio studio = await TestStudio.StartAsync();
        await AssertError(await studio.Post("/api/classify", [1, 2, 3]), HttpStatusCode.BadRequest, "image: not a JPEG");
        await AssertError(await studio.Post("/api/classify", TestImages.PngHeader(60000, 60000)), HttpStatusCode.RequestEntityTooLarge, "image: too large (60000×60000");
        await AssertError(await studio.Post("/api/classify?top=0", [1]), HttpStatusCode.BadRequest, "top must be 1 to 1000");
        await AssertError(await studio.Post("/api/classify", new byte[(32 << 20) + 1]), HttpStatusCode.RequestEntityTooLarge, "An image may have at most 32 MiB.");
    }

    [Fact]
    public async Task SimilarImagesComeFromTheOpenFolderOnly()
    {
        await using TestStudio studio = await TestStudio.StartAsync();
        string image = await studio.AddAsync(TestStudio.Image(4));
        using JsonDocument near = await studio.JsonAsync($"/api/image/{image}/similar?top=3");
        JsonElement[] images = [.. near.RootElement.GetProperty("images").EnumerateArray()];
        Assert.Equal(6, near.RootElement.GetProperty("searched").GetInt32());
        Assert.Equal(Path.Combine("below", "4.jpg"), images[0].GetProperty("name").GetString());
        Assert.InRange(images[0].GetProperty("distance").GetSingle(), 0, 1e-3f);
        Assert.Equal(TestStudio.Image(4), await studio.Client.GetByteArrayAsync($"/api/folder/{images[0].GetProperty("id").GetInt32()}", Token));
        foreach (string path in (string[])["/api/folder/6", "/api/folder/..%2f..%2fsecret.jpg", "/api/folder/-1", "/api/folder/", "/secret.jpg", "/../secret.jpg", "/sources.sha256"])
        {
            using HttpResponseMessage answer = await studio.Client.GetAsync(path, Token);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    [Fact]
    public async Task TheImagesThatExciteAMapMostAreFound()
    {
        await using TestStudio studio = await TestStudio.StartAsync();
        using Model model = ModelFile.Load(studio.PathOf("model.safetensors"));
        using var view = new NetworkView(model, model.Preprocessing!, 1);
        string layer = model.Network.Layers[0].Name;
        var most = new float[6][];
        var pixels = new PixelBuffer();
        for (int i = 0; i < most.Length; i++)
        {
            new ImageDecoder().Decode(TestStudio.Image(i), pixels, "image");
            view.Show(pixels);
            float[] values = view.Activation(layer).ToArray();
            most[i] = [.. Enumerable.Range(0, 32).Select(map => values.Where((_, at) => at % 32 == map).Max())];
        }
        for (int map = 0; map < 32; map++)
        {
            JsonDocument sheet = await studio.JsonAsync($"/api/excited/{layer}/{map}");
            for (int i = 0; i < 200 && sheet.RootElement.GetProperty("searched").GetInt32() < 6; i++)
            {
                sheet.Dispose();
                await Task.Delay(50, Token);
                sheet = await studio.JsonAsync($"/api/excited/{layer}/{map}");
            }
            using (sheet)
            {
                (int Id, float Value)[] expected = [.. most.Select((values, id) => (id, values[map])).Where(pair => pair.Item2 > 0).OrderByDescending(pair => pair.Item2).Take(5)];
                JsonElement[] found = [.. sheet.RootElement.GetProperty("images").EnumerateArray()];
                Assert.Equal(expected.Length, found.Length);
                for (int i = 0; i < found.Length; i++)
                {
                    Assert.Equal(expected[i].Value, found[i].GetProperty("value").GetSingle(), 1e-5f);
                    Assert.Equal(most[found[i].GetProperty("id").GetInt32()][map], found[i].GetProperty("value").GetSingle(), 1e-5f);
                }
            }
        }
        foreach (string path in (string[])["none/0", $"{layer}/32", $"{layer}/-1"])
            await AssertError(await studio.Client.GetAsync($"/api/excited/{path}", Token), HttpStatusCode.NotFound, "The network has no such map.");
    }

    [Fact]
    public async Task RunsAreReadAndWatched()
    {
        await using TestStudio studio = await TestStudio.StartAsync();
        using (JsonDocument runs = await studio.JsonAsync("/api/runs"))
        {
            Assert.Equal(["first", "second"], runs.RootElement.EnumerateArray().Select(run => run.GetProperty("name").GetString()));
            Assert.Equal(0.5, runs.RootElement[0].GetProperty("topOne").GetDouble());
            Assert.False(runs.RootElement[0].GetProperty("isRunning").GetBoolean());
        }
        using (JsonDocument run = await studio.JsonAsync("/api/runs/0"))
        {
            Assert.Equal("0.01", run.RootElement.GetProperty("settings").GetProperty("learningRate").GetString());
            Assert.Equal(3, run.RootElement.GetProperty("epochsWanted").GetInt32());
            JsonElement losses = run.RootElement.GetProperty("epochs").GetProperty("val_loss");
            Assert.Equal((2.4, JsonValueKind.Null), (losses[0].GetDouble(), losses[1].ValueKind));
        }
        (await studio.JsonAsync("/api/runs/2", HttpStatusCode.NotFound)).Dispose();
        await using Stream events = await studio.Client.GetStreamAsync("/api/runs/events", Token);
        using var reader = new StreamReader(events, Encoding.UTF8);
        string? first = await reader.ReadLineAsync(Token);
        Assert.StartsWith("data: ", first, StringComparison.Ordinal);
        studio.Write("runs/first/metrics.csv", "epoch,step,train_loss,val_loss,val_top1,seconds\n1,10,2.5,2.4,0.25,4\n2,20,1.5,1.4,0.5,4\n3,30,1,1,0.75,4\n"u8);
        string? line;
        do
            line = await reader.ReadLineAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Token);
        while (line == "");
        Assert.StartsWith("data: ", line, StringComparison.Ordinal);
        Assert.NotEqual(first, line);
        using JsonDocument after = await studio.JsonAsync("/api/runs/0");
        Assert.Equal(3, after.RootElement.GetProperty("epochs").GetProperty("epoch").GetArrayLength());
    }

    [Fact]
    public void PathsAreWhatTheyAre()
    {
        using var folder = new TemporaryFolder();
        folder.Write("runs/a/metrics.csv", "epoch\n"u8);
        string model = folder.Write("m.pth", [1]), images = Path.GetDirectoryName(folder.Write("images/a.jpg", [1]))!;
        StudioOptions options = new StudioOptions().WithPaths([model, images, folder.PathOf("runs")]);
        Assert.Equal((model, images, folder.PathOf("runs/a")), (options.ModelPath, Assert.Single(options.ImageFolders), Assert.Single(options.RunFolders)));
        Assert.Throws<FileNotFoundException>(() => new StudioOptions().WithPaths([folder.PathOf("none")]));
        Assert.Throws<InvalidDataException>(() => options.WithPaths([model]));
    }

    /// <summary>Whoever changes the page builds it, too: <c>npm ci &amp;&amp; npm run build</c> in src/AlexNetSharp.Studio/web.</summary>
    [Fact]
    public void TheBuiltPageIsNotOlderThanItsSources()
    {
        string web = Path.Combine(Repository.Root, "src", "AlexNetSharp.Studio", "web");
        string[] sources = [.. ((string[])["index.html", "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts"])
            .Concat(Directory.EnumerateFiles(Path.Combine(web, "src"), "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(web, path).Replace('\\', '/')))
            .Order(StringComparer.Ordinal)];
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string name in sources)
        {
            hash.AppendData(Encoding.UTF8.GetBytes(name + "\n"));
            hash.AppendData(File.ReadAllBytes(Path.Combine(web, name)));
        }
        Assert.Equal(File.ReadAllText(Path.Combine(web, "dist", "sources.sha256")).Trim(), Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    private static async Task AssertRefused(TestStudio studio, string path, string why, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        change?.Invoke(request);
        using HttpResponseMessage answer = await studio.Client.SendAsync(request, Token);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Contains(why, await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    private static async Task AssertError(HttpResponseMessage answer, HttpStatusCode status, string start)
    {
        using (answer)
        using (JsonDocument json = await TestStudio.JsonAsync(answer, status))
            Assert.StartsWith(start, json.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [GeneratedRegex(@"(?:src|href)=""(/[^""]+)""")]
    private static partial Regex Part();
}

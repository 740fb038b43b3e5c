using System.Diagnostics;
using System.Net;
using System.Text.Json;
using AlexNetSharp.Cli.Hosting;
using AlexNetSharp.Cli.Runs;
using AlexNetSharp.Studio;
using AlexNetSharp.Studio.Runs;
using AlexNetSharp.Training;
using SkiaSharp;

namespace AlexNetSharp.Web.Tests.Studio;

/// <summary>What can be done with runs: their mistakes, going on, and stopping.</summary>
public sealed class StudioRunTests
{
    private static readonly string[] s_command = ["dotnet", Path.Combine(AppContext.BaseDirectory, "alexnet.dll")];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task MistakesOfARunAreShown()
    {
        await using TestStudio studio = await TestStudio.StartAsync(change: WithWork);
        using (Process training = Train(studio, "2"))
            await training.WaitForExitAsync(Token);
        // What the run has not seen, and must take for the other class.
        studio.Write("teach/red/odd.jpg", TestStudio.Colored(new SKColor(40, 90, 200), 777));
        int id = await IdOfAsync(studio, "third");
        await AssertRefused(await studio.Post("/api/runs/99/evaluation", []), HttpStatusCode.NotFound, "There is no such run.");
        (await studio.Post($"/api/runs/{id}/evaluation", [])).Dispose();
        using JsonDocument state = await EvaluationAsync(studio, id);
        JsonElement root = state.RootElement;
        Assert.Equal("done", root.GetProperty("phase").GetString());
        Assert.Equal(["blue", "red"], root.GetProperty("classes").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal([8, 0, 1, 8], root.GetProperty("confusion").EnumerateArray().Select(n => n.GetInt32()));
        Assert.Equal(16 / 17.0, root.GetProperty("topOne").GetDouble(), 1e-9);
        JsonElement mistake = Assert.Single(root.GetProperty("mistakes").EnumerateArray());
        Assert.Equal(("odd.jpg", 1, 0), (mistake.GetProperty("name").GetString(), mistake.GetProperty("label").GetInt32(), mistake.GetProperty("predicted").GetInt32()));
        byte[] picture = await studio.Client.GetByteArrayAsync($"/api/runs/{id}/mistakes/0", Token);
        Assert.Equal(4 * root.GetProperty("width").GetInt32() * root.GetProperty("height").GetInt32(), picture.Length);
        Assert.True(Sum(picture, 2) > Sum(picture, 0), "the image is blue");
        await AssertRefused(await studio.Client.GetAsync($"/api/runs/{id}/mistakes/1", Token), HttpStatusCode.NotFound, "There is no such image.");
        await AssertRefused(await studio.Client.GetAsync("/api/runs/0/mistakes/0", Token), HttpStatusCode.NotFound, "There is no such image.");
        // A run without weights.
        (await studio.Post("/api/runs/1/evaluation", [])).Dispose();
        using JsonDocument failed = await EvaluationAsync(studio, 1);
        Assert.Equal("failed", failed.RootElement.GetProperty("phase").GetString());
        Assert.Contains("checkpoints/best.safetensors", failed.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutImagesThereAreNoMistakes()
    {
        await using TestStudio studio = await TestStudio.StartAsync(change: options => WithWork(options) with { ImageFolders = [] }, images: 0);
        await AssertRefused(await studio.Post("/api/runs/0/evaluation", []), HttpStatusCode.Conflict, "The run's images are not open");
    }

    [Fact]
    public async Task ARunGoesOnAndIsStopped()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "trainings are not stopped by signals there");
        await using TestStudio studio = await TestStudio.StartAsync(change: WithWork);
        int id, epochs;
        using (Process training = Train(studio, "100000"))
        {
            id = await IdOfAsync(studio, "third");
            (await UntilAsync(studio, id, table => table.GetProperty("isRunning").GetBoolean() && EpochsOf(table) > 0)).Dispose();
            await AssertRefused(await studio.Post($"/api/runs/{id}/continue", []), HttpStatusCode.Conflict, "This run is already being trained.");
            if (OperatingSystem.IsLinux())
                await StopAsync(studio, id, training.Id);
            else
                Work().Interrupt(training.Id);
            await training.WaitForExitAsync(Token);
            // It wrote a checkpoint: a second signal would have ended it before.
            Assert.Equal(ExitCode.Interrupted, training.ExitCode);
        }
        using (JsonDocument stopped = await UntilAsync(studio, id, table => table.GetProperty("canContinue").GetBoolean()))
            epochs = EpochsOf(stopped.RootElement);
        (await studio.Post($"/api/runs/{id}/continue", [])).Dispose();
        (await UntilAsync(studio, id, table => table.GetProperty("isRunning").GetBoolean() && table.GetProperty("canStop").GetBoolean() && EpochsOf(table) > epochs)).Dispose();
        (await studio.Post($"/api/runs/{id}/stop", [])).Dispose();
        using JsonDocument ended = await UntilAsync(studio, id, table => !table.GetProperty("isRunning").GetBoolean() && !table.GetProperty("canStop").GetBoolean());
        Assert.Equal(JsonValueKind.Null, ended.RootElement.GetProperty("problem").ValueKind);
        Assert.True(ended.RootElement.GetProperty("canContinue").GetBoolean());
        // A run that has no checkpoint stays as it is.
        await AssertRefused(await studio.Post("/api/runs/1/continue", []), HttpStatusCode.Conflict, "This run cannot be continued");
    }

    [Fact]
    public async Task WhatIsNoTrainingIsNotStopped()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux says who has a file open");
        await using TestStudio studio = await TestStudio.StartAsync(change: WithWork);
        await AssertRefused(await studio.Post("/api/runs/1/stop", []), HttpStatusCode.Conflict, "This run is not being trained.");
        Directory.CreateSymbolicLink(studio.PathOf("elsewhere"), studio.PathOf("runs"));
        using (new RunFolder(studio.PathOf("elsewhere/second")))
        {
            // This process: it has the folder, and is none of alexnet train's.
            Assert.Equal((Environment.ProcessId, false), (TrainingProcess.Find(studio.PathOf("runs/second"))!.Id, TrainingProcess.Find(studio.PathOf("elsewhere/second"))!.IsTraining));
            await AssertRefused(await studio.Post("/api/runs/1/stop", []), HttpStatusCode.Conflict, $"Process {Environment.ProcessId} is using this run and is not alexnet train");
        }
        Assert.Null(TrainingProcess.Find(studio.PathOf("runs/second")));
    }

    private static async Task StopAsync(TestStudio studio, int id, int process)
    {
        Assert.Equal((process, true), (TrainingProcess.Find(studio.PathOf("runs/third"))!.Id, TrainingProcess.Find(studio.PathOf("runs/third"))!.IsTraining));
        for (int i = 0; i < 2; i++)
            using (HttpResponseMessage answer = await studio.Post($"/api/runs/{id}/stop", []))
                // The second one may come when it has ended.
                Assert.True(answer.StatusCode == HttpStatusCode.NoContent || i > 0);
    }

    internal static StudioOptions WithWork(StudioOptions options) => options with
    {
        RunWork = Work(),
        ImageFolders = [.. options.ImageFolders, Path.Combine(Path.GetDirectoryName(options.ImageFolders[0])!, "teach")],
    };

    private static PageRunWork Work() => new(new CommandContext(null!, TextWriter.Null, TextWriter.Null, new ProgressLine(null, () => 80), CancellationToken.None), s_command, 1);

    private static Process Train(TestStudio studio, string epochs) => Process.Start(new ProcessStartInfo(
        s_command[0], [s_command[1], "train", studio.PathOf("teach"), "--out", studio.PathOf("runs/third"), "--network", "cifar10-quick", "--image-size", "32", "--batch-size", "8", "--epochs", epochs, "--threads", "1"]))!;

    private static async Task<int> IdOfAsync(TestStudio studio, string name)
    {
        for (int i = 0; i < 600; i++)
        {
            using JsonDocument runs = await studio.JsonAsync("/api/runs");
            foreach (JsonElement run in runs.RootElement.EnumerateArray())
                if (run.GetProperty("name").GetString() == name)
                    return run.GetProperty("id").GetInt32();
            await Task.Delay(100, Token);
        }
        throw new TimeoutException($"the run '{name}' does not come");
    }

    private static async Task<JsonDocument> UntilAsync(TestStudio studio, int id, Func<JsonElement, bool> isSo)
    {
        for (int i = 0; i < 600; i++)
        {
            JsonDocument table = await studio.JsonAsync($"/api/runs/{id}");
            if (isSo(table.RootElement))
                return table;
            table.Dispose();
            await Task.Delay(100, Token);
        }
        throw new TimeoutException("the run does not become what it should");
    }

    private static async Task<JsonDocument> EvaluationAsync(TestStudio studio, int id)
    {
        for (int i = 0; i < 600; i++)
        {
            JsonDocument state = await studio.JsonAsync($"/api/runs/{id}/evaluation");
            if (state.RootElement.GetProperty("phase").GetString() is not "running")
                return state;
            state.Dispose();
            await Task.Delay(50, Token);
        }
        throw new TimeoutException("the evaluation does not end");
    }

    private static int EpochsOf(JsonElement table) => table.GetProperty("epochs").TryGetProperty("epoch", out JsonElement epochs) ? epochs.GetArrayLength() : 0;

    private static long Sum(byte[] picture, int channel) => picture.Where((_, i) => i % 4 == channel).Sum(value => (long)value);

    private static async Task AssertRefused(HttpResponseMessage answer, HttpStatusCode status, string start)
    {
        using (answer)
        using (JsonDocument json = await TestStudio.JsonAsync(answer, status))
            Assert.StartsWith(start, json.RootElement.GetProperty("error").GetString(), StringComparison.Ordinal);
    }
}

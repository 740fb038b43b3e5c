using System.Runtime.CompilerServices;
using AlexNetSharp.Data;

namespace AlexNetSharp.Inference;

// Many image files: one enumeration has its own pipeline and its own batches.
internal sealed partial class ImageInference
{
    /// <summary>Batches of files that are prepared ahead of the one that is computed.</summary>
    private const int Prefetch = 2;

    /// <summary>Bytes of the batches that an enumeration of files holds.</summary>
    public long FileBytes => ImagePipeline.BytesOf(FilesOfABatch, (long)Views * _engine.InputLength, Prefetch);

    private int FilesOfABatch => Math.Max(1, BatchSize / Views);

    /// <summary>Many image files, a batch at a time: while one is computed, the next ones are decoded.</summary>
    /// <param name="paths">The files; enumerated on the caller's thread, a few batches ahead.</param>
    /// <param name="result">Makes the result of an image from its outputs, [views, output].</param>
    /// <param name="cancellation">Stops between two batches.</param>
    public IEnumerable<FileResult<T>> RunFiles<T>(IEnumerable<string> paths, Func<Span<float>, T> result, CancellationToken cancellation)
        where T : class
    {
        using var files = new FileWindow(paths, Decoder(), FilesOfABatch, Prefetch + 1);
        using ImagePipeline pipeline = Pipeline(files);
        while (pipeline.Next(cancellation) is { } batch)
        {
            FileResult<T>[] results;
            _room.Wait(cancellation);
            using (Lease lease = TakeCall(batch.Count * Views, batch))
            {
                _engine.Run(lease.Call, cancellation);
                results = Results(files, batch, lease.Call, result);
            }
            foreach (FileResult<T> file in results)
                yield return file;
        }
        files.ThrowIfFailed();
    }

    /// <summary>Many image files, without blocking a thread while they are decoded and computed.</summary>
    /// <inheritdoc cref="RunFiles"/>
    public async IAsyncEnumerable<FileResult<T>> RunFilesAsync<T>(
        IEnumerable<string> paths, Func<Span<float>, T> result, [EnumeratorCancellation] CancellationToken cancellation)
        where T : class
    {
        using var files = new FileWindow(paths, Decoder(), FilesOfABatch, Prefetch + 1);
        using ImagePipeline pipeline = Pipeline(files);
        while (await pipeline.NextAsync(cancellation).ConfigureAwait(false) is { } batch)
        {
            FileResult<T>[] results;
            await _room.WaitAsync(cancellation).ConfigureAwait(false);
            using (Lease lease = TakeCall(batch.Count * Views, batch))
            {
                await _engine.RunAsync(lease.Call, cancellation).ConfigureAwait(false);
                results = Results(files, batch, lease.Call, result);
            }
            foreach (FileResult<T> file in results)
                yield return file;
        }
        files.ThrowIfFailed();
    }

    private ImagePipeline Pipeline(FileWindow files) => new(
        files, FilesOfABatch, Views * _engine.InputLength, _threads, Prefetch, files.Schedule, ImagePipeline.Inputs(_preprocessing, Views > 1));

    private FileResult<T>[] Results<T>(FileWindow files, Batch batch, InferenceCall call, Func<Span<float>, T> result)
        where T : class
    {
        var results = new FileResult<T>[batch.Count];
        int length = Views * OutputLength;
        for (int i = 0; i < results.Length; i++)
        {
            string path = files.Name(batch.Indices[i]);
            results[i] = batch.Errors[i] is { } error
                ? new FileResult<T>(path, null, error)
                : new FileResult<T>(path, result(call.Output.Slice(i * length, length)), null);
        }
        return results;
    }
}

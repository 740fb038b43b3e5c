namespace AlexNetSharp.Data;

/// <summary>Reads all images of a data set once, on several threads, in no particular order.</summary>
internal static class ImageLoop
{
    private const int ReportEvery = 64;

    /// <summary>Reads, and hands over, every image.</summary>
    /// <param name="images">The data set.</param>
    /// <param name="threads">Threads that read, at least 1; the caller's is one of them.</param>
    /// <param name="done">Called for each image after it was read, with the error if there was one.</param>
    /// <param name="use">Called for each image that could be read: thread number, image number, pixels. It may throw, too.</param>
    /// <param name="progress">Receives the number of images done.</param>
    /// <param name="cancellation">Stops the loop.</param>
    public static void Run(IImageDataset images, int threads, Action<int, Exception?> done, Action<int, int, PixelBuffer> use,
        Action<int>? progress, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        int next = 0, finished = 0;
        // Not Parallel.For: which thread takes which image must not matter, but each needs a buffer that lives as long as it does.
        Exception? failure = null;
        var helpers = new Thread[Math.Min(threads, Math.Max(images.Count, 1)) - 1];
        for (int t = 0; t < helpers.Length; t++)
        {
            int thread = t + 1;
            helpers[t] = new Thread(() => Work(thread)) { IsBackground = true, Name = "AlexNetSharp images" };
            helpers[t].Start();
        }
        Work(0);
        foreach (Thread helper in helpers)
            helper.Join();
        cancellation.ThrowIfCancellationRequested();
        if (failure is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        progress?.Invoke(images.Count);

        void Work(int thread)
        {
            var buffer = new PixelBuffer();
            try
            {
                int index;
                while (!cancellation.IsCancellationRequested && (index = Interlocked.Increment(ref next) - 1) < images.Count)
                {
                    Exception? error = null;
                    try
                    {
                        images.Read(index, buffer);
                        use(thread, index, buffer);
                    }
                    catch (Exception e) when (ImageErrors.IsAboutTheImage(e))
                    {
                        error = e;
                    }
                    done(index, error);
                    int count = Interlocked.Increment(ref finished);
                    if (count % ReportEvery == 0)
                        progress?.Invoke(count);
                }
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref failure, e, null);
                Volatile.Write(ref next, images.Count);
            }
        }
    }
}

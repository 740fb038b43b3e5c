using AlexNetSharp.Data;
using System.Diagnostics;
using AlexNetSharp.Execution;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Training;

/// <summary>
/// Adds up the gradients of the parts of a batch in one fixed order, whichever process computed them: results are bit-identical for any
/// number of processes.
/// </summary>
/// <remarks>
/// <para>
/// The order is a binary tree over the parts. A process adds what it can of its own parts; then each process gets its piece of
/// every gradient from all others, adds them in the order of the tree, and gives the result to all. With whole branches of the tree in each process
/// (1, 2, 4, … of 2ᵏ parts) a process sends 2 (n − 1) / n of the gradients' size, the least that any exchange needs.
/// </para>
/// <para>
/// Gradients are sent on a separate thread while the backward pass goes on. Of layers that the plan leaves to the exchange
/// (<c>PlanOptions.FactorLayers</c>) inputs and output gradients are exchanged instead, and every process computes the gradient of the whole batch from them.
/// </para>
/// </remarks>
public sealed unsafe class GradientExchange : IGradientExchange, IDisposable
{
    /// <summary>Gradients that lie one behind the other travel together up to this length, in floats.</summary>
    private const long BucketFloats = 1 << 18;

    private readonly IExecutor _executor;
    private readonly Action<Parameter> _ready;
    private readonly int _parts;
    private readonly (PartSum Sum, int[] Merges)[] _orders;
    private readonly WorkerPool _pool;
    private readonly bool _ownsPool;
    private readonly List<SharedGradients> _items = [];
    private readonly Dictionary<Parameter, SharedGradients> _itemOf = [];
    private readonly Tally[] _ownTallies, _allTallies;
    private readonly CommunicationThread? _thread;
    private int _used, _part;

    /// <summary>Creates the exchange.</summary>
    /// <param name="processes">The processes.</param>
    /// <param name="executor">What computes the gradients. Its batch is a part.</param>
    /// <param name="batchSize">Images per batch of the training.</param>
    /// <exception cref="ArgumentException">The executor computes no gradients, or there are more processes than parts.</exception>
    /// <exception cref="OutOfMemoryException">There is not enough memory for sums and for what arrives.</exception>
    public GradientExchange(IProcessGroup processes, IExecutor executor, int batchSize)
    {
        ArgumentNullException.ThrowIfNull(processes);
        ArgumentNullException.ThrowIfNull(executor);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        (Processes, _executor, _ready) = (processes, executor, Ready);
        int size = executor.BatchSize;
        _parts = _used = (batchSize + size - 1) / size;
        if (processes.Count > _parts)
            throw new ArgumentException(FormattableString.Invariant(
                $"{processes.Count} processes, but a batch of {batchSize} images is {_parts} part{(_parts == 1 ? "" : "s")} of {size}: make the parts smaller, or the batch larger"));
        ParameterSet gradients = executor.Gradients ?? throw new ArgumentException("the executor computes no gradients; set ExecutorOptions.Gradients", nameof(executor));
        (FirstPart, EndPart) = (BatchShare.StartOf(processes.Rank, _parts, processes.Count), BatchShare.StartOf(processes.Rank + 1, _parts, processes.Count));
        // The last batch of an epoch may have fewer parts.
        _orders = [.. Enumerable.Range(1, _parts).Select(used => (new PartSum(_parts, used, processes.Count), new PartSum(_parts, used, 1).Merges))];
        _ownsPool = executor.Pool is null;
        _pool = executor.Pool ?? new WorkerPool(Environment.ProcessorCount);
        int most = (_parts + processes.Count - 1) / processes.Count;
        // One entry more: whether to stop.
        _ownTallies = new Tally[most + 1];
        _allTallies = new Tally[(most + 1) * processes.Count];
        Divide(gradients, executor);
        if (processes.Count > 1)
            _thread = new CommunicationThread(_items);
    }

    /// <inheritdoc/>
    IProcessGroup IGradientExchange.Processes => Processes;

    private IProcessGroup Processes { get; }

    /// <inheritdoc cref="IGradientExchange.FirstPart"/>
    internal int FirstPart { get; }

    /// <inheritdoc/>
    int IGradientExchange.FirstPart => FirstPart;

    /// <inheritdoc cref="IGradientExchange.EndPart"/>
    internal int EndPart { get; }

    /// <inheritdoc/>
    int IGradientExchange.EndPart => EndPart;

    /// <summary>Total time that the communication thread was busy.</summary>
    public TimeSpan Busy => _thread?.Busy ?? TimeSpan.Zero;

    /// <summary>Total time that steps have waited for communication: what the backward pass did not hide.</summary>
    public TimeSpan Waited { get; private set; }

    /// <summary>Managed memory that the communication thread has allocated, in bytes: none in a step.</summary>
    public long AllocatedBytes => _thread?.AllocatedBytes ?? 0;

    /// <summary>
    /// The gradients of a batch, for a training without a <see cref="Trainer"/>: runs the backward pass of each part of this process, and returns when the
    /// executor's gradients are the sums over the parts of all processes. All have to call this.
    /// </summary>
    /// <param name="parts">Parts of the batch that have images, from the first on; all but the last batch of an epoch have as many as the training's.</param>
    /// <param name="forward">
    /// Called with the number of each part of this process: writes its images to the executor's input, runs its forward pass, and writes the gradient of
    /// the loss to the output's gradient.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer parts than one, or more than the training's batch has.</exception>
    /// <exception cref="IOException">Another process is gone, or the transport failed.</exception>
    public void Backward(int parts, Action<int> forward)
    {
        ArgumentNullException.ThrowIfNull(forward);
        Begin(parts);
        for (int part = FirstPart; part < Math.Min(EndPart, parts); part++)
        {
            forward(part);
            _part = part;
            _executor.Backward(accumulate: false, _ready);
        }
        Complete();
    }

    /// <inheritdoc/>
    void IGradientExchange.Begin(int parts) => Begin(parts);

    private void Begin(int parts)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)(parts - 1), (uint)(_parts - 1), nameof(parts));
        _used = parts;
        foreach (SharedGradients item in _items)
            item.Begin(_orders[parts - 1].Sum, parts);
    }

    /// <inheritdoc/>
    void IGradientExchange.BeginPart(int part) => _part = part;

    /// <inheritdoc/>
    void IGradientExchange.Ready(Parameter gradient) => Ready(gradient);

    private void Ready(Parameter gradient)
    {
        ArgumentNullException.ThrowIfNull(gradient);
        SharedGradients item = _itemOf[gradient];
        if (item.Take(_pool, _part) && _thread is not null)
            _thread.Start(item);
    }

    /// <inheritdoc/>
    Tally IGradientExchange.Agree(ReadOnlySpan<Tally> own, ref bool stop)
    {
        _ownTallies.AsSpan().Clear();
        own.CopyTo(_ownTallies);
        _ownTallies[^1] = new Tally(stop ? 1 : 0, 0, 0, 0);
        Processes.AllGather<Tally>(_ownTallies, _allTallies);
        Tally sum = default;
        for (int i = 0; i < _allTallies.Length; i++)
            if (i % _ownTallies.Length < _ownTallies.Length - 1)
                sum = sum.Plus(_allTallies[i]);
            else
                stop |= _allTallies[i].Count > 0;
        return sum;
    }

    /// <inheritdoc/>
    void IGradientExchange.Complete(ParameterSet gradients) => Complete();

    private void Complete()
    {
        // A process without a part in this batch has told nobody yet.
        if (_thread is not null && Math.Min(EndPart, _used) <= FirstPart)
            foreach (SharedGradients item in _items)
                _thread.Start(item);
        for (int i = 0; i < _items.Count; i++)
        {
            if (_thread is not null)
            {
                long start = Stopwatch.GetTimestamp();
                _thread.Wait(_items[i]);
                Waited += Stopwatch.GetElapsedTime(start);
            }
            _items[i].Finish(_pool, _orders[_used - 1].Merges);
        }
    }

    /// <summary>Stops the thread and frees the memory.</summary>
    public void Dispose()
    {
        _thread?.Dispose();
        foreach (SharedGradients item in _items)
            item.Dispose();
        if (_ownsPool)
            _pool.Dispose();
    }

    /// <summary>What travels together, in the order in which backward gets it done.</summary>
    private void Divide(ParameterSet gradients, IExecutor executor)
    {
        var bucket = new List<Parameter>();
        foreach (Parameter gradient in gradients.Parameters.Reverse())
        {
            if (executor.FactorsOf(gradient) is { } factors)
            {
                Close();
                Add(new SharedFactors(Processes, _orders[^1].Sum, _parts, EndPart, factors, gradient, _pool.Threads), [gradient]);
                continue;
            }
            bucket.Add(gradient);
            if (bucket.Sum(parameter => parameter.StorageLength) >= BucketFloats)
                Close();
        }
        Close();
        SortByReadiness(gradients);

        void Close()
        {
            if (bucket.Count > 0)
                Add(new SharedBucket(Processes, _orders[^1].Sum, FirstPart, EndPart, [.. bucket]), bucket);
            bucket.Clear();
        }

        void Add(SharedGradients item, IEnumerable<Parameter> members)
        {
            _items.Add(item);
            foreach (Parameter member in members)
                _itemOf.Add(member, item);
        }
    }

    /// <summary>Brings the items into the order in which backward completes them, for processes that compute no part of a batch.</summary>
    private void SortByReadiness(ParameterSet gradients)
    {
        var ready = new List<SharedGradients>();
        foreach (IGrouping<string, Parameter> layer in gradients.Parameters.GroupBy(gradient => gradient.Name[..gradient.Name.LastIndexOf('.')]).Reverse())
            foreach (Parameter gradient in layer)
            {
                ready.Remove(_itemOf[gradient]);
                ready.Add(_itemOf[gradient]);
            }
        _items.Clear();
        _items.AddRange(ready);
    }
}

/// <summary>Gradients that travel together, or what they are made of.</summary>
internal abstract class SharedGradients : IDisposable
{
    /// <summary>Whether they have arrived; the communication thread sets it.</summary>
    public volatile bool Arrived;

    /// <summary>A step begins.</summary>
    /// <param name="sum">The order of the sum.</param>
    /// <param name="used">Parts with images.</param>
    public abstract void Begin(PartSum sum, int used);

    /// <summary>Takes one of the gradients of a part; called on the training thread.</summary>
    /// <returns>Whether this process has all of all its parts now, so that they can travel.</returns>
    public abstract bool Take(WorkerPool pool, int part);

    /// <summary>Lets them travel; called on the communication thread.</summary>
    public abstract void Travel();

    /// <summary>Does the rest when they have arrived; called on the training thread.</summary>
    /// <param name="pool">The threads.</param>
    /// <param name="merges">The order of the sum of all parts as one process does it.</param>
    public virtual void Finish(WorkerPool pool, int[] merges)
    {
    }

    /// <inheritdoc/>
    public abstract void Dispose();
}

using AlexNetSharp.Kernels;
using AlexNetSharp.Models;
using AlexNetSharp.Networks;

namespace AlexNetSharp.Execution;

/// <summary>All decisions of a plan before any memory is touched: operations, what backward needs, and where every buffer lies.</summary>
internal sealed unsafe class PlanLayout
{
    private readonly ArenaPlanner _arena = new();
    private readonly ArenaSlot?[] _gradients, _prepared, _kept, _scratch;

    /// <summary>Lowers the network to operations and places their buffers.</summary>
    /// <param name="network">The network.</param>
    /// <param name="options">What the plan is made for.</param>
    /// <param name="values">Values of the network's parameters; null for such as are in memory.</param>
    /// <exception cref="ArgumentException">The options contradict each other or do not fit the network, or no layer computes anything.</exception>
    /// <exception cref="NotSupportedException">A layer is of a type that cannot be executed; the message names it.</exception>
    /// <exception cref="OverflowException">The sizes exceed 64 bits.</exception>
    public PlanLayout(Network network, PlanOptions options, ParameterSet? values = null)
    {
        options.Validate();
        Learning = options.Gradients.In(network);
        Operations = Lowering.Lower(network, options, Learning, values);
        if (Operations.Length == 0)
            throw new ArgumentException($"network '{network.Name}' has no layer that computes anything; a plan needs at least one");
        int n = Operations.Length;
        bool backward = options.InputGradient || Operations.Any(operation => operation.Kernel.WeightGradient);
        BackwardEnd = options.InputGradient ? 0 : backward ? Array.FindIndex(Operations, operation => operation.Kernel.WeightGradient) : n;

        Activations = new ArenaSlot[n + 1];
        _gradients = new ArenaSlot?[n + 1];
        _prepared = new ArenaSlot?[n];
        _kept = new ArenaSlot?[n];
        _scratch = new ArenaSlot?[n];
        for (int k = 0; k <= n; k++)
        {
            // Output of operation k - 1, input of operation k; operation i runs backward at moment 2n - 1 - i.
            long length = k == 0 ? Operations[0].Info.InputLength : Operations[k - 1].Info.OutputLength;
            bool always = k == 0 || k == n || options.KeepActivations;
            int last = always ? ArenaPlanner.Forever : k;
            if (!always && k < n && k >= BackwardEnd && Operations[k].Kernel.BackwardReadsInput)
                last = 2 * n - 1 - k;
            if (!always && k - 1 >= BackwardEnd && Operations[k - 1].Kernel.BackwardReadsOutput)
                last = 2 * n - k;
            Activations[k] = _arena.Reserve(length, always ? 0 : k - 1, last);

            bool outside = k == 0 || k == n;
            if (backward && (k == 0 ? options.InputGradient : k > BackwardEnd))
                _gradients[k] = _arena.Reserve(length, outside ? 0 : 2 * n - 1 - k, outside ? ArenaPlanner.Forever : 2 * n - k);
        }
        for (int i = 0; i < n; i++)
        {
            _prepared[i] = PreparesInTurn(i)
                ? _arena.Reserve(Operations[i].Kernel.PreparedWeightLength, i, i)
                : _arena.Reserve(Operations[i].Kernel.PreparedWeightLength, 0, ArenaPlanner.Forever);
            _kept[i] = _arena.Reserve(Operations[i].Kernel.KeptLength, i, 2 * n - 1 - i);
            // Weights are prepared in their turn, or before the first moment, when nothing but the input holds anything.
            _scratch[i] = _arena.ReserveTwice(Operations[i].Kernel.ScratchLength(options.EffectiveThreads), i, 2 * n - 1 - i);
        }
        ArenaLength = _arena.Place();

        long gradients = Learning.Sum(Parameter.LengthOfStorage);
        Bytes = checked((ArenaLength + gradients) * sizeof(float));
    }

    /// <summary>The parameters whose gradients backward computes.</summary>
    public IReadOnlyList<ParameterSpec> Learning { get; }

    /// <summary>The operations in the order of forward.</summary>
    public Operation[] Operations { get; }

    /// <summary>Index of the last operation that backward runs; the number of operations where there is no backward.</summary>
    public int BackwardEnd { get; }

    /// <summary>Input of operation k at index k; the network's output at the end.</summary>
    public ArenaSlot[] Activations { get; }

    /// <summary>Floats of the arena.</summary>
    public long ArenaLength { get; }

    /// <summary>Bytes of arena and parameter gradients.</summary>
    public long Bytes { get; }

    /// <summary>What operation <paramref name="i"/> has to do.</summary>
    public OperationMode ModeOf(int i) => i < BackwardEnd ? OperationMode.Inference
        : Operations[i].Kernel.WeightGradient ? OperationMode.Learns : OperationMode.PassesGradient;

    /// <summary>
    /// Whether the weights of operation <paramref name="i"/> are prepared in each pass, just before it runs, in memory that all such operations share: where some
    /// weights stay in their file, passes are few, and new memory costs more than the work.
    /// </summary>
    public bool PreparesInTurn(int i) => !Operations[i].Kernel.FetchesWeight && Operations.Any(operation => operation.Kernel.FetchesWeight);

    /// <summary>The gradient of activation k; null where none is computed.</summary>
    public ArenaSlot? GradientOf(int k) => _gradients[k];

    /// <summary>What operation <paramref name="i"/> works on, in an arena that begins at <paramref name="arena"/>; without its parameters.</summary>
    public Operands OperandsOf(int i, float* arena, Step step)
    {
        return new Operands
        {
            Input = At(Activations[i]),
            Output = At(Activations[i + 1]),
            GradInput = At(_gradients[i]),
            GradOutput = At(_gradients[i + 1]),
            PreparedWeight = At(_prepared[i]),
            Kept = At(_kept[i]),
            Scratch = At(_scratch[i]),
            Step = step,
        };

        float* At(ArenaSlot? slot) => slot is null || slot.Length == 0 ? null : arena + slot.Offset;
    }
}

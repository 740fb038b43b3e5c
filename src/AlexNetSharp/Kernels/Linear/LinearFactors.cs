using AlexNetSharp.Kernels.Gemm;
using AlexNetSharp.Simd;
using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Linear;

/// <summary>
/// The gradient of a fully connected weight for a batch that is computed in parts: Σ over the parts of inputᵀ · g, from the inputs and the output
/// gradients g of all parts, which are much smaller than the gradient.
/// </summary>
/// <remarks>
/// The product of each part is computed for itself and added in a given order, block by block in the cache: the same bits as if each part had given
/// its gradient and these had been added in that order.
/// </remarks>
internal abstract unsafe class LinearFactors
{
    /// <summary>After backward, the input of this part, [batch, in].</summary>
    public float* Input { get; private set; }

    /// <summary>After backward and before anything else runs, the masked output gradient of this part in panels.</summary>
    public float* GradOutput { get; private set; }

    /// <summary>Floats of the input of a part.</summary>
    public abstract long InputLength { get; }

    /// <summary>Floats of the output gradient of a part.</summary>
    public abstract long GradOutputLength { get; }

    /// <summary>Floats of scratch for a product.</summary>
    /// <param name="parts">Most parts.</param>
    /// <param name="depth">Most sums that wait for another at the same time.</param>
    /// <param name="threads">Threads of the pool.</param>
    public abstract long ScratchLength(int parts, int depth, int threads);

    /// <summary>Stores where the kernel has input and output gradient.</summary>
    public void Bind(float* input, float* gradOutput)
    {
        Input = input;
        GradOutput = gradOutput;
    }

    /// <summary>Computes the gradient.</summary>
    /// <param name="pool">The threads.</param>
    /// <param name="inputs">Inputs of the parts, one after the other, [parts, batch, in].</param>
    /// <param name="gradOutputs">Output gradients of the parts, each as <see cref="GradOutput"/> has it.</param>
    /// <param name="merges">For each part how often, when it is there, the last two sums become one.</param>
    /// <param name="scratch">Memory for <see cref="ScratchLength"/>.</param>
    /// <param name="depth">The depth that the scratch was made for.</param>
    /// <param name="gradWeight">Receives the gradient, in the layout of the weight.</param>
    public abstract void Product(WorkerPool pool, float* inputs, float* gradOutputs, int[] merges, float* scratch, int depth, float* gradWeight);
}

/// <inheritdoc/>
internal sealed unsafe class LinearFactors<V> : LinearFactors
    where V : unmanaged, ISimd<V>
{
    private const int Width = GemmKernel.PanelWidth;

    /// <summary>Rows of the gradient in one piece of work: 64 KiB for each sum that waits.</summary>
    private const int Rows = 512;

    private const int PackedTogether = 16;

    private readonly int _batch, _inFeatures, _inPanels, _outPanels;
    private readonly nint _stride;
    private readonly Job _pack, _multiply;
    private int[] _merges = [];
    private float* _inputs, _gradOutputs, _panels, _sums, _gradWeight;
    private int _depth;

    /// <summary>Fixes the sizes.</summary>
    public LinearFactors(int batch, int inFeatures, int outFeatures, nint stride)
    {
        (_batch, _inFeatures, _stride) = (batch, inFeatures, stride);
        (_inPanels, _outPanels) = (GemmKernel.Panels(inFeatures), GemmKernel.Panels(outFeatures));
        (_pack, _multiply) = (Pack, Multiply);
    }

    public override long InputLength => (long)_batch * _inFeatures;

    public override long GradOutputLength => _outPanels * _stride;

    private long PanelsLength => _inPanels * _stride;

    private int PackingPieces => (_inPanels + PackedTogether - 1) / PackedTogether;

    public override long ScratchLength(int parts, int depth, int threads) => parts * PanelsLength + (long)threads * depth * Rows * Width;

    public override void Product(WorkerPool pool, float* inputs, float* gradOutputs, int[] merges, float* scratch, int depth, float* gradWeight)
    {
        (_merges, _depth) = (merges, depth);
        _inputs = inputs;
        _gradOutputs = gradOutputs;
        _gradWeight = gradWeight;
        _panels = scratch;
        _sums = scratch + merges.Length * PanelsLength;
        pool.Run(_pack, merges.Length * PackingPieces);
        pool.Run(_multiply, (_inFeatures + Rows - 1) / Rows * _outPanels);
    }

    /// <summary>Sixteen panels of the input of a part.</summary>
    private void Pack(int index, int worker)
    {
        (int part, int piece) = Math.DivRem(index, PackingPieces);
        int first = piece * PackedTogether, column = first * Width;
        PanelPacking.Pack<V>(
            _inputs + part * InputLength + column, _inFeatures, _batch, Math.Min(PackedTogether * Width, _inFeatures - column),
            _panels + part * PanelsLength + first * _stride, _stride);
    }

    /// <summary>A block of rows of one panel of the gradient, in all parts.</summary>
    private void Multiply(int index, int worker)
    {
        // All panels of one block of rows follow each other, so that its input stays in the cache.
        (int block, int panel) = Math.DivRem(index, _outPanels);
        int row = block * Rows, rows = Math.Min(Rows, _inFeatures - row), length = rows * Width;
        float* result = _gradWeight + (nint)panel * _inFeatures * Width + row * Width;
        float* sums = _sums + (nint)worker * _depth * Rows * Width;
        int waiting = 0;
        for (int part = 0; part < _merges.Length; part++)
        {
            // What is last takes all others in, so it goes where the result belongs.
            float* sum = part == _merges.Length - 1 ? result : sums + (nint)waiting * Rows * Width;
            GemmKernel.MultiplyTransposed<V>(
                _panels + part * PanelsLength + row / Width * _stride, _stride, _gradOutputs + part * GradOutputLength + panel * _stride, 0,
                sum, 0, rows, 1, _batch, accumulate: false);
            waiting++;
            for (int i = 0; i < _merges[part]; i++)
            {
                float* before = sums + (nint)(waiting - 2) * Rows * Width;
                // The sum of two is the same whichever comes first.
                if (part == _merges.Length - 1)
                    Add(result, before, length);
                else
                    Add(before, sums + (nint)(waiting - 1) * Rows * Width, length);
                waiting--;
            }
        }
    }

    private static void Add(float* sum, float* other, int length)
    {
        for (int i = 0; i < length; i += V.Count)
            V.Store(V.Load(sum + i) + V.Load(other + i), sum + i);
    }
}

using AlexNetSharp.Threading;

namespace AlexNetSharp.Kernels.Convolution.Winograd;

// How the work is cut, in multiply-adds of one vector: products as they are, transforms with the twelve instructions a point that TileGrid counts.
internal sealed unsafe partial class ConvWinograd<V>
{
    private const int Transform = 12;

    private double Points => (double)Geometry.Batch * _grid.Multiplications * Geometry.Groups;

    private double ProductWork => Points * _sizes.InputChannels * _sizes.OutputChannels;

    public override IReadOnlyList<WorkStage> WorkStages(bool backward, int threads) =>
        !backward ? ForwardStages() : _sizes.FusedBackward is not null ? FusedBackwardStages() : StagedBackwardStages();

    private IReadOnlyList<WorkStage> ForwardStages()
    {
        double input = Points * Transform * _sizes.InputChannels, output = Points * Transform * _sizes.OutputChannels;
        if (_sizes.Fused is not { } fused)
            return [Rows(input), Products(ProductWork, ProductParts.Count), Rows(output)];
        double all = input + ProductWork + output;
        return [new(all, (double)fused.Blocks * Geometry.Groups, all * Part(fused) / Geometry.Groups)];
    }

    private List<WorkStage> FusedBackwardStages()
    {
        BlockLayout layout = _sizes.FusedBackward!;
        double input = Points * Transform * _sizes.InputChannels, output = Points * Transform * _sizes.OutputChannels;
        double weights = Request.WeightGradient ? ProductWork : 0, adjoint = Request.InputGradient ? ProductWork + input : 0;
        double part = (double)_sizes.BackwardParts.Length(0) / layout.Blocks / Geometry.Groups;
        if (!IsWide)
        {
            double all = output + (Request.WeightGradient ? input : 0) + weights + adjoint;
            return [new(all, (double)Parts * Geometry.Groups, all * part)];
        }
        // What is transformed several times is counted once as work, and as often as it happens in the largest piece.
        var stages = new List<WorkStage>();
        if (Request.WeightGradient)
        {
            double outputs = (double)_wideOutput.Length(0) / _sizes.OutputPanels, inputs = (double)_wideInput.Length(0) / _sizes.InputPanels;
            double piece = part * (output * outputs + input * inputs + weights * outputs * inputs);
            stages.Add(new(output + input + weights, (double)Parts * PiecesOfPart * Geometry.Groups, piece));
        }
        if (Request.InputGradient)
        {
            double more = Request.WeightGradient ? 0 : output;
            stages.Add(new(adjoint + more, (double)layout.Blocks * Geometry.Groups, (adjoint + output) * Part(layout) / Geometry.Groups));
        }
        return stages;
    }

    private List<WorkStage> StagedBackwardStages()
    {
        double input = Points * Transform * _sizes.InputChannels, output = Points * Transform * _sizes.OutputChannels;
        var stages = new List<WorkStage> { Rows(output + (Request.WeightGradient ? input : 0)) };
        double each = (Request.WeightGradient ? ProductWork : 0) + (Request.InputGradient ? ProductWork : 0);
        stages.Add(Products(each, ProductParts.Count));
        if (Request.InputGradient)
            stages.Add(WorkStage.Even(input, (long)_sizes.Staged.Images.Length(0) * _sizes.AddedPanels.Count));
        return stages;
    }

    /// <summary>
    /// How the channels of a part are cut where there are more threads than parts, so that all are done soonest: more pieces come out more
    /// evenly, but each transforms the panels that it needs itself.
    /// </summary>
    private (EvenSplit Output, EvenSplit Input) ChooseWide()
    {
        (EvenSplit, EvenSplit) best = (new(_sizes.OutputPanels, _sizes.OutputPanels, 1), new(_sizes.InputPanels, _sizes.InputPanels, 1));
        double least = double.PositiveInfinity;
        for (int o = 1; o <= _sizes.OutputPanels && IsWide; o++)
            for (int i = 1; i <= _sizes.InputPanels; i++)
            {
                EvenSplit output = new(_sizes.OutputPanels, o, 1), input = new(_sizes.InputPanels, i, 1);
                double rounds = Math.Ceiling((double)Parts * output.Count * input.Count / Request.Threads);
                double cost = rounds * Width * (Transform * (output.Length(0) + input.Length(0)) + Width * output.Length(0) * input.Length(0));
                if (cost < least)
                    (best, least) = ((output, input), cost);
            }
        return best;
    }

    /// <summary>Staged: a piece for each row of tiles of the images of a block.</summary>
    private WorkStage Rows(double work) => WorkStage.Even(work, (long)_sizes.Staged.Images.Length(0) * _grid.Rows.Tiles);

    /// <summary>Staged: a piece for each point; those that only large tiles have are smaller.</summary>
    private WorkStage Products(double work, int parts)
    {
        double largest = (double)_grid.Rows.Tiles * _grid.Columns.Tiles / _grid.Multiplications;
        return new(work, (double)_planes.Length * parts, work * largest / parts);
    }

    /// <summary>The largest block as a part of all.</summary>
    private double Part(BlockLayout layout) =>
        (double)layout.Images.Length(0) * layout.TileRows.Length(0) / ((double)Geometry.Batch * _grid.Rows.Tiles);
}

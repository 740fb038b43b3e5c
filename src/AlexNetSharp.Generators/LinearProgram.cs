using System.Collections.Generic;
using System.Linq;

namespace AlexNetSharp.Generators;

/// <summary>One summand: <see cref="Factor"/> times the value of node <see cref="Node"/>.</summary>
internal readonly struct Term(Rational factor, int node)
{
    public Rational Factor { get; } = factor;

    public int Node { get; } = node;
}

/// <summary>A linear map as a sequence of steps that share common subexpressions: every node is a sum of multiples of earlier nodes.</summary>
/// <remarks>
/// Reversing all arrows gives the transposed map at the same cost (the transposition principle), so only one of each pair of
/// adjoint transforms needs to be designed.
/// </remarks>
internal sealed class LinearProgram(int inputs)
{
    private readonly List<IReadOnlyList<Term>> _nodes = Enumerable.Repeat<IReadOnlyList<Term>>([], inputs).ToList();
    private readonly List<int> _outputs = [];

    /// <summary>Number of inputs; they are the nodes 0 to <see cref="Inputs"/> − 1.</summary>
    public int Inputs { get; } = inputs;

    /// <summary>The summands of every node; none for inputs.</summary>
    public IReadOnlyList<IReadOnlyList<Term>> Nodes => _nodes;

    /// <summary>The node that holds each output.</summary>
    public IReadOnlyList<int> Outputs => _outputs;

    /// <summary>Adds the node Σ factor · node; terms with factor 0 are dropped, and a single node with factor 1 is not copied.</summary>
    public int Sum(IEnumerable<Term> terms)
    {
        Term[] merged = terms
            .GroupBy(t => t.Node, (node, same) => new Term(same.Aggregate((Rational)0, (sum, t) => sum + t.Factor), node))
            .Where(t => !t.Factor.IsZero).ToArray();
        if (merged.Length == 1 && merged[0].Factor == 1)
            return merged[0].Node;
        _nodes.Add(merged);
        return _nodes.Count - 1;
    }

    /// <summary>Adds the node Σ factors[i] · nodes[i], where the lists may differ in length; the shorter one counts.</summary>
    public int Sum(IEnumerable<Rational> factors, IEnumerable<int> nodes) => Sum(factors.Zip(nodes, (f, n) => new Term(f, n)));

    /// <summary>Makes <paramref name="node"/> the next output.</summary>
    public void Output(int node) => _outputs.Add(node);

    /// <summary>The matrix [outputs, inputs] of the map.</summary>
    public Rational[,] Matrix()
    {
        var values = new Rational[_nodes.Count, Inputs];
        for (int i = 0; i < Inputs; i++)
            values[i, i] = 1;
        for (int node = Inputs; node < _nodes.Count; node++)
            foreach (Term term in _nodes[node])
                for (int i = 0; i < Inputs; i++)
                    values[node, i] += term.Factor * values[term.Node, i];
        var matrix = new Rational[_outputs.Count, Inputs];
        for (int o = 0; o < _outputs.Count; o++)
            for (int i = 0; i < Inputs; i++)
                matrix[o, i] = values[_outputs[o], i];
        return matrix;
    }

    /// <summary>The program of the transposed matrix: each node sums the contributions of all nodes that used it.</summary>
    public LinearProgram Transpose()
    {
        var transposed = new LinearProgram(_outputs.Count);
        var collected = _nodes.Select(_ => new List<Term>()).ToArray();
        for (int o = 0; o < _outputs.Count; o++)
            collected[_outputs[o]].Add(new Term(1, o));
        var adjoint = new int[_nodes.Count];
        for (int node = _nodes.Count - 1; node >= 0; node--)
        {
            adjoint[node] = transposed.Sum(collected[node]);
            foreach (Term term in _nodes[node])
                collected[term.Node].Add(new Term(term.Factor, adjoint[node]));
        }
        for (int i = 0; i < Inputs; i++)
            transposed.Output(adjoint[i]);
        return transposed;
    }
}

using System;
using System.Collections.Generic;
using System.Linq;

namespace AlexNetSharp.Generators;

/// <summary>The transforms of the Winograd tile F(m, r), derived from its points by the Toom–Cook method.</summary>
/// <remarks>
/// <para>
/// The product of a polynomial with m coefficients and one with r is determined by its values at n = m + r − 1 points; the point ∞
/// stands for the leading coefficient. Evaluation is the Vandermonde matrix E[p, i] = αₚⁱ, interpolation its inverse V⁻¹. Transposing the
/// bilinear map gives the correlation y[i] = Σ x[i + j] w[j] as y = Eᵀ[(G w) ⊙ (V⁻ᵀ x)], with G = E for r coefficients.
/// Row p of V⁻ᵀ holds the coefficients of Lagrange's polynomial, Π over q ≠ p of (x − α_q) divided by N_p = Π (α_p − α_q). Here the division is moved
/// to the output side: <b>G</b>[p, j] = αₚʲ, <b>Bᵀ</b> row p = coefficients of Π (x − α_q), <b>Aᵀ</b>[i, p] = αₚⁱ / N_p. So G does not depend on
/// m, and tiles whose points are a prefix of another's share its transformed weights.
/// </para>
/// <para>Source: S. Winograd, Arithmetic Complexity of Computations (1980); A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural Networks (2015).</para>
/// </remarks>
internal sealed class ToomCook
{
    private readonly Rational?[] _points;

    /// <summary>Creates the transforms for the given points; null is ∞.</summary>
    /// <exception cref="ArgumentException">∞ does not occur exactly once, a point occurs twice, or there are fewer points than the kernel has taps.</exception>
    public ToomCook(int kernel, IEnumerable<Rational?> points)
    {
        _points = points.ToArray();
        Kernel = kernel;
        Outputs = _points.Length - kernel + 1;
        if (_points.Count(p => p is null) != 1 || _points.Distinct().Count() != _points.Length)
            throw new ArgumentException("The points must be different, with ∞ once among them.");
        if (kernel < 1 || Outputs < 1)
            throw new ArgumentException($"{_points.Length} points are too few for {kernel} taps.");
    }

    /// <summary>Parses points such as <c>0, ∞, 1, -1, 1/2</c>.</summary>
    public static ToomCook Parse(int kernel, string points) =>
        new(kernel, points.Split(',').Select(p => p.Trim() == "∞" ? (Rational?)null : Rational.Parse(p)));

    /// <summary>Number of taps of the kernel, r.</summary>
    public int Kernel { get; }

    /// <summary>Number of outputs of a tile, m.</summary>
    public int Outputs { get; }

    /// <summary>Number of points, n.</summary>
    public int Points => _points.Length;

    /// <summary>N_p: the product of the distances from point <paramref name="p"/> to the other finite points; 1 for ∞.</summary>
    public Rational Norm(int p) => _points[p] is not { } at
        ? 1
        : _points.Where((q, i) => i != p && q is not null).Aggregate((Rational)1, (product, q) => product * (at - q!.Value));

    /// <summary>G: values of the kernel's polynomial at the points.</summary>
    public LinearProgram WeightTransform() => Evaluation(Kernel, _ => 1);

    /// <summary>A: values of the output gradient's polynomial at the points, divided by N_p. Its transpose is the output transform.</summary>
    public LinearProgram OutputAdjoint() => Evaluation(Outputs, p => 1 / Norm(p));

    /// <summary>Bᵀ: the input transform.</summary>
    public LinearProgram InputTransform()
    {
        var program = new LinearProgram(Points);
        Rational[] finite = _points.Where(p => p is not null).Select(p => p!.Value).ToArray();
        Dictionary<Rational, int> rows = LagrangeRows(program, finite, Enumerable.Range(0, Points).ToArray(), out int infinity);
        foreach (Rational? point in _points)
            program.Output(point is { } at ? rows[at] : infinity);
        return program;
    }

    /// <summary>Values of Σ y[i]·xⁱ, i &lt; <paramref name="length"/>, at every point, times a factor. ±α share their even and odd parts.</summary>
    private LinearProgram Evaluation(int length, Func<int, Rational> factor)
    {
        var program = new LinearProgram(length);
        var outputs = new int[Points];
        for (int p = 0; p < Points; p++)
        {
            if (_points[p] is not { } at)
            {
                outputs[p] = program.Sum([new Term(factor(p), length - 1)]);
                continue;
            }
            int opposite = Array.IndexOf(_points, -at);
            if (at.IsZero || opposite < 0)
                outputs[p] = program.Sum(Powers(at, factor(p), 0, 1));
            else if (opposite > p)
            {
                Rational here = factor(p), there = factor(opposite);
                // Factors of equal magnitude go into the parts; others multiply the sum and difference.
                Rational inner = here.Magnitude == there.Magnitude ? here : 1;
                int even = program.Sum(Powers(at, inner, 0, 2)), odd = program.Sum(Powers(at, inner, 1, 2));
                int sum = program.Sum([new Term(1, even), new Term(1, odd)]), difference = program.Sum([new Term(1, even), new Term(-1, odd)]);
                outputs[p] = program.Sum([new Term(here / inner, sum)]);
                outputs[opposite] = program.Sum([new Term(there / inner, difference)]);
            }
        }
        foreach (int output in outputs)
            program.Output(output);
        return program;

        IEnumerable<Term> Powers(Rational at, Rational scale, int first, int step)
        {
            for (int i = first; i < length; i += step)
                yield return new Term(scale * at.Power(i), i);
        }
    }

    /// <summary>
    /// For each point of a set S, the sum over k of the coefficients of Π over the other points of (x − α_q), times the nodes x[k];
    /// and for ∞, the same with all of S.
    /// </summary>
    /// <remarks>
    /// In a set of 0 and pairs ±α, both rows of a pair come from two sums, Q·(x ± α), where Q is the product without the pair. A point u without its
    /// opposite is split off first: every other row has the factor (x − u), so it is the row of the smaller set applied to
    /// t[k] = x[k + 1] − u·x[k], and the row of u itself is the smaller set's row of ∞ applied to x.
    /// </remarks>
    private static Dictionary<Rational, int> LagrangeRows(LinearProgram program, Rational[] set, int[] x, out int infinity)
    {
        var rows = new Dictionary<Rational, int>();
        foreach (Rational u in set.Where(p => !p.IsZero && !set.Contains(-p)))
        {
            Rational[] rest = set.Where(p => p != u).ToArray();
            int[] shifted = Enumerable.Range(0, x.Length - 1).Select(k => program.Sum([new Term(1, x[k + 1]), new Term(-u, x[k])])).ToArray();
            rows = LagrangeRows(program, rest, shifted, out infinity);
            rows[u] = program.Sum(Product(rest), x);
            return rows;
        }
        foreach (Rational p in set)
        {
            if (p.IsZero)
                rows[p] = program.Sum(Product(set.Where(q => !q.IsZero)), x);
            else if (!rows.ContainsKey(p))
            {
                Rational[] others = Product(set.Where(q => q.Magnitude != p.Magnitude));
                int high = program.Sum(others, x.Skip(1)), low = program.Sum(others, x);
                rows[p] = program.Sum([new Term(1, high), new Term(p, low)]);
                rows[-p] = program.Sum([new Term(1, high), new Term(-p, low)]);
            }
        }
        infinity = program.Sum(Product(set), x);
        return rows;
    }

    /// <summary>Coefficients of Π (x − root), the constant first.</summary>
    private static Rational[] Product(IEnumerable<Rational> roots)
    {
        Rational[] product = [1];
        foreach (Rational root in roots)
        {
            var next = new Rational[product.Length + 1];
            for (int k = 0; k < product.Length; k++)
            {
                next[k + 1] += product[k];
                next[k] -= root * product[k];
            }
            product = next;
        }
        return product;
    }
}

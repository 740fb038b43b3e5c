using System;
using System.Globalization;

namespace AlexNetSharp.Generators;

/// <summary>An exact fraction of 64-bit integers in lowest terms; every operation throws on overflow instead of rounding.</summary>
/// <remarks>Enough for Winograd tiles: with eight points of at most 2 in numerator and denominator, no term exceeds a few thousand.</remarks>
internal readonly struct Rational : IEquatable<Rational>
{
    private readonly long _denominatorLessOne;

    /// <summary>numerator / denominator, reduced.</summary>
    /// <exception cref="DivideByZeroException"><paramref name="denominator"/> is 0.</exception>
    public Rational(long numerator, long denominator = 1)
    {
        if (denominator == 0)
            throw new DivideByZeroException();
        long divisor = GreatestCommonDivisor(Math.Abs(numerator), Math.Abs(denominator)) * Math.Sign(denominator);
        Numerator = numerator / divisor;
        _denominatorLessOne = denominator / divisor - 1;
    }

    /// <summary>The numerator, which carries the sign.</summary>
    public long Numerator { get; }

    /// <summary>The denominator, at least 1 (stored minus one, so that the default value is 0).</summary>
    public long Denominator => _denominatorLessOne + 1;

    /// <summary>Whether this is 0.</summary>
    public bool IsZero => Numerator == 0;

    /// <summary>The absolute value.</summary>
    public Rational Magnitude => new(Math.Abs(Numerator), Denominator);

    public static implicit operator Rational(long value) => new(value);

    public static Rational operator +(Rational a, Rational b) =>
        new(checked(a.Numerator * b.Denominator + b.Numerator * a.Denominator), checked(a.Denominator * b.Denominator));

    public static Rational operator -(Rational a) => new(checked(-a.Numerator), a.Denominator);

    public static Rational operator -(Rational a, Rational b) => a + -b;

    public static Rational operator *(Rational a, Rational b) =>
        new(checked(a.Numerator * b.Numerator), checked(a.Denominator * b.Denominator));

    public static Rational operator /(Rational a, Rational b) =>
        new(checked(a.Numerator * b.Denominator), checked(a.Denominator * b.Numerator));

    public static bool operator ==(Rational a, Rational b) => a.Equals(b);

    public static bool operator !=(Rational a, Rational b) => !a.Equals(b);

    /// <summary>This to the power of <paramref name="exponent"/>, at least 0; 0⁰ is 1.</summary>
    public Rational Power(int exponent)
    {
        Rational result = 1;
        for (int i = 0; i < exponent; i++)
            result *= this;
        return result;
    }

    /// <summary>Parses a fraction such as <c>-3/2</c> or <c>2</c>.</summary>
    /// <exception cref="FormatException">The text is not a fraction.</exception>
    public static Rational Parse(string text)
    {
        string[] parts = text.Split('/');
        if (parts.Length > 2)
            throw new FormatException($"'{text}' is not a fraction");
        long numerator = long.Parse(parts[0].Trim(), CultureInfo.InvariantCulture);
        return parts.Length == 1 ? numerator : new Rational(numerator, long.Parse(parts[1].Trim(), CultureInfo.InvariantCulture));
    }

    /// <summary>The nearest double.</summary>
    public double ToDouble() => (double)Numerator / Denominator;

    public bool Equals(Rational other) => Numerator == other.Numerator && Denominator == other.Denominator;

    public override bool Equals(object? obj) => obj is Rational other && Equals(other);

    public override int GetHashCode() => (Numerator * 31 + Denominator).GetHashCode();

    public override string ToString() => Denominator == 1
        ? Numerator.ToString(CultureInfo.InvariantCulture)
        : Numerator.ToString(CultureInfo.InvariantCulture) + "/" + Denominator.ToString(CultureInfo.InvariantCulture);

    private static long GreatestCommonDivisor(long a, long b)
    {
        while (b != 0)
            (a, b) = (b, a % b);
        return a;
    }
}

using System.Reflection;
using AlexNetSharp.Simd;
using Xunit.Sdk;
using Xunit.v3;

namespace AlexNetSharp.Tests;

/// <summary>
/// Every combination of the values of the method's parameters, which must be enumerations or booleans; of vector tiers those of
/// <see cref="TestedTiers"/>.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class CombinatorialDataAttribute : DataAttribute
{
    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker)
    {
        IEnumerable<object[]> rows = [[]];
        foreach (Type type in testMethod.GetParameters().Select(p => p.ParameterType))
        {
            object[] values = type == typeof(SimdTier) ? [.. TestedTiers.All.Cast<object>()] : type.IsEnum ? [.. Enum.GetValues(type).Cast<object>()] : [false, true];
            rows = [.. rows.SelectMany(row => values.Select(value => (object[])[.. row, value]))];
        }
        return new([.. rows.Select(row => new TheoryDataRow(row))]);
    }

    public override bool SupportsDiscoveryEnumeration() => true;
}

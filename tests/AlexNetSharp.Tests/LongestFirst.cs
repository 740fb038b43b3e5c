using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(AlexNetSharp.Tests.LongestFirst))]

namespace AlexNetSharp.Tests;

/// <summary>
/// Classes that take long, most of it in other processes, begin before all others: at the end one of them would keep a core waiting. Such a
/// class is a collection of its own whose name begins with <see cref="Prefix"/>.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    public const string Prefix = "long: ";

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection
    {
        // In the same order each time, as far as threads allow it.
        return
        [
            .. testCollections.OrderBy(c => !c.TestCollectionDisplayName.StartsWith(Prefix, StringComparison.Ordinal))
                .ThenBy(c => c.TestCollectionDisplayName, StringComparer.Ordinal),
        ];
    }
}

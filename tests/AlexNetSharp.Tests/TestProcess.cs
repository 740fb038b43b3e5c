namespace AlexNetSharp.Tests;

/// <summary>What this process of the tests is for, told by its environment.</summary>
internal static class TestProcess
{
    /// <summary>Names the vector tier that a process started for one tier must have got.</summary>
    public const string ExpectedTierVariable = "ALEXNET_EXPECTED_TIER";

    /// <summary>Is set in a process that runs one test after the other, with nothing beside it.</summary>
    public const string AloneVariable = "ALEXNET_TESTS_ALONE";

    /// <summary>Whether no other test runs at the same time.</summary>
    public static bool RunsAlone => Environment.GetEnvironmentVariable(AloneVariable) is not null;
}

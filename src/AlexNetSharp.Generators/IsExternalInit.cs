namespace System.Runtime.CompilerServices;

/// <summary>Required by records; missing from .NET Standard 2.0.</summary>
internal static class IsExternalInit;

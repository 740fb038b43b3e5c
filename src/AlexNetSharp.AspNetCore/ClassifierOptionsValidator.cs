using System.Globalization;
using AlexNetSharp.Models;
using Microsoft.Extensions.Options;

namespace AlexNetSharp.AspNetCore;

/// <summary>Validates a classifier's options before the host starts; reports all errors at once.</summary>
internal sealed class ClassifierOptionsValidator(string name) : IValidateOptions<AlexNetClassifierOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? optionsName, AlexNetClassifierOptions options)
    {
        if (optionsName != name)
            return ValidateOptionsResult.Skip;
        var wrong = new List<string>();
        if (string.IsNullOrWhiteSpace(options.ModelPath))
            wrong.Add("ModelPath is empty: name a model file or a run folder");
        else if (!File.Exists(options.ModelPath) && !Directory.Exists(options.ModelPath))
            wrong.Add($"ModelPath: '{options.ModelPath}' does not exist");
        if (options.Network is { } network && !NetworkCatalog.Names.Contains(network) && !File.Exists(network))
            wrong.Add($"Network: '{network}' is not a known network; use one of {string.Join(", ", NetworkCatalog.Names)}, or a file that describes one");
        Number(nameof(options.BatchSize), options.BatchSize, 1, 1 << 20);
        Number(nameof(options.Threads), options.Threads, 0, 1024);
        Number(nameof(options.MaxTop), options.MaxTop, 1, int.MaxValue);
        Number(nameof(options.DefaultTop), options.DefaultTop, 1, options.MaxTop);
        Number(nameof(options.MaxImageBytes), options.MaxImageBytes, 1, Array.MaxLength / 2);
        Number(nameof(options.MaxPixels), options.MaxPixels, 1, Array.MaxLength / 4);
        Number(nameof(options.MaxPixelScans), options.MaxPixelScans, 1, long.MaxValue);
        Number(nameof(options.ReduceBeyond), options.ReduceBeyond, 1, int.MaxValue);
        Number(nameof(options.DecodingBytes), options.DecodingBytes, 0, long.MaxValue);
        Number(nameof(options.BodyBytes), options.BodyBytes, 0, long.MaxValue);
        Number(nameof(options.MaxRequests), options.MaxRequests, 1, int.MaxValue);
        Number(nameof(options.MinBodyBytesPerSecond), options.MinBodyBytesPerSecond, 0, int.MaxValue);
        Number(nameof(options.RefusalsPerSecond), options.RefusalsPerSecond, 0, 1_000_000);
        Time(nameof(options.BodyTimeout), options.BodyTimeout);
        Time(nameof(options.BodyGrace), options.BodyGrace);
        Time(nameof(options.RequestTimeout), options.RequestTimeout);
        Time(nameof(options.TrimAfter), options.TrimAfter);
        string who = name.Length == 0 ? "classifier" : $"classifier '{name}'";
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong.Select(line => $"{who}: {line}"));

        void Number(string what, long value, long minimum, long maximum)
        {
            if (value < minimum || value > maximum)
                wrong.Add(string.Create(CultureInfo.InvariantCulture, $"{what} must be {minimum} to {maximum}, but is {value}"));
        }

        void Time(string what, TimeSpan value)
        {
            if (value <= TimeSpan.Zero || value > TimeSpan.FromDays(1))
                wrong.Add(string.Create(CultureInfo.InvariantCulture, $"{what} must be greater than 0 and at most one day, but is {value}"));
        }
    }
}

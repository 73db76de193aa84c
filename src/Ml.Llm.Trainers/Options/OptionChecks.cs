using System.Globalization;

namespace Ml.Llm.Training;

/// <summary>The checks that options have in common; each names the option and its range.</summary>
internal static class OptionChecks
{
    internal static void AtLeast(long? value, long least, string name)
    {
        if (value is { } given && given < least)
            throw new ArgumentOutOfRangeException(name, given, string.Create(CultureInfo.InvariantCulture, $"{name} must be at least {least}."));
    }

    internal static void Present(object? value, string name)
    {
        if (value is null)
            throw new ArgumentNullException(name, $"{name} must not be null.");
    }

    internal static void NotEmpty(string? value, string name)
    {
        if (string.IsNullOrEmpty(value))
            throw new ArgumentException($"{name} must not be empty.", name);
    }

    internal static void Require(bool holds, string name, string message)
    {
        if (!holds)
            throw new ArgumentException(message, name);
    }

    /// <summary>A finite number from a least to a most one; <paramref name="open"/> shuts the most out.</summary>
    internal static void Within(double value, double least, double most, string name, bool open = false)
    {
        if (!double.IsFinite(value) || value < least || value > most || (open && value == most))
        {
            var bound = double.IsPositiveInfinity(most) ? "and be finite" : $"and be {(open ? "below" : "at most")} {most.ToString("R", CultureInfo.InvariantCulture)}";
            throw new ArgumentOutOfRangeException(name, value,
                string.Create(CultureInfo.InvariantCulture, $"{name} must be at least {least:R} {bound}."));
        }
    }

    internal static void Above(double value, double bound, string name)
    {
        if (!double.IsFinite(value) || value <= bound)
            throw new ArgumentOutOfRangeException(name, value, string.Create(CultureInfo.InvariantCulture, $"{name} must be above {bound:R} and finite."));
    }
}

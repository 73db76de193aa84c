using System.Globalization;

namespace Ml.Llm.Models;

/// <summary>What is wrong with a configuration.</summary>
/// <param name="Property">The property of the record.</param>
/// <param name="Field">The field of config.json.</param>
/// <param name="Text">The rest of the sentence that begins with either.</param>
internal sealed record ConfigProblem(string Property, string Field, string Text)
{
    /// <summary>A problem where a number is below a least or above a greatest possible one; else null.</summary>
    internal static ConfigProblem? Range(long value, long least, long greatest, string property, string field)
    {
        if (value < least)
            return new(property, field, string.Create(CultureInfo.InvariantCulture, $"is {value}, which is out of range: it must be at least {least}."));
        return value > greatest
            ? new(property, field, string.Create(CultureInfo.InvariantCulture, $"is {value}, which is too large: at most {greatest} is possible."))
            : null;
    }

    /// <summary>A problem where a number is not finite, not above zero, or, with <paramref name="zero"/>, below zero; else null.</summary>
    internal static ConfigProblem? Positive(double value, string property, string field, bool zero = false) =>
        double.IsFinite(value) && (value > 0 || (zero && value == 0))
            ? null
            : new(property, field, string.Create(CultureInfo.InvariantCulture, $"is {value}, which is out of range: it must be {(zero ? "zero or more" : "above zero")}."));

    /// <summary>A problem where a rate is outside 0 to 1 (1 excluded); else null.</summary>
    internal static ConfigProblem? Rate(double value, string property, string field) =>
        value is >= 0 and < 1
            ? null
            : new(property, field, string.Create(CultureInfo.InvariantCulture, $"is {value}, which is out of range: a rate lies in 0 to 1, without 1."));

    /// <summary>A problem where one number is no multiple of another; else null.</summary>
    internal static ConfigProblem? Divides(int value, int divisor, string property, string field, string divisorField) =>
        value % divisor == 0
            ? null
            : new(property, field, string.Create(CultureInfo.InvariantCulture, $"is {value}, which is no multiple of {divisorField} ({divisor})."));

    /// <summary>A problem where a text is not one of those known; else null.</summary>
    internal static ConfigProblem? Known(string value, IEnumerable<string> known, string property, string field) =>
        known.Contains(value, StringComparer.Ordinal)
            ? null
            : new(property, field, $"is \"{(value.Length > 80 ? value[..80] : value)}\", which is not one of {string.Join(", ", known)}.");
}

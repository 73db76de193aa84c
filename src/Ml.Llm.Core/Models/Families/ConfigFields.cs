using System.Globalization;
using System.Text.Json;

namespace Ml.Llm.Models;

/// <summary>The fields of a configuration as a family reads them: by name, with the type it must have and the default that an absent one takes.</summary>
internal sealed class ConfigFields
{
    private readonly JsonElement root;
    private readonly string prefix;

    private ConfigFields(JsonElement root, string file, string prefix)
    {
        this.root = root;
        File = file;
        this.prefix = prefix;
    }

    /// <summary>The file's name, for messages.</summary>
    internal string File { get; }

    /// <summary>Parses config.json.</summary>
    /// <exception cref="ModelFormatException">The bytes are not JSON with an object at the top.</exception>
    internal static ConfigFields Parse(ReadOnlyMemory<byte> bytes, string file) => new(JsonText.ParseObject(bytes, file), file, string.Empty);

    /// <summary>The error of a field.</summary>
    internal ModelFormatException Error(string name, string problem) => new(File, $"{prefix}{name} {problem}");

    /// <summary>Whether the field is there and not null.</summary>
    internal bool Has(string name) => root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>The first of these names that is there; the first of all where none is.</summary>
    internal string FirstOf(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (root.TryGetProperty(name, out _))
                return name;
        }

        return names[0];
    }

    /// <summary>A whole number.</summary>
    internal int Integer(string name, int fallback)
    {
        if (!root.TryGetProperty(name, out var value))
            return fallback;
        return ToInteger(name, value);
    }

    /// <summary>A whole number, or null where the field is null.</summary>
    internal int? IntegerOrNull(string name, int? fallback = null)
    {
        if (!root.TryGetProperty(name, out var value))
            return fallback;
        return value.ValueKind == JsonValueKind.Null ? null : ToInteger(name, value);
    }

    /// <summary>A token id, a list of them, or null, as a list.</summary>
    internal IReadOnlyList<int> TokenIds(string name, params IReadOnlyList<int> fallback)
    {
        if (!root.TryGetProperty(name, out var value))
            return fallback;
        return value.ValueKind switch
        {
            JsonValueKind.Null => [],
            JsonValueKind.Array => [.. value.EnumerateArray().Select(item => ToInteger(name, item))],
            _ => [ToInteger(name, value)],
        };
    }

    /// <summary>A finite number.</summary>
    internal double Number(string name, double fallback) => root.TryGetProperty(name, out var value) ? ToNumber(name, value) : fallback;

    /// <summary>A finite number, or null where the field is null or absent.</summary>
    internal double? NumberOrNull(string name) => Has(name) ? ToNumber(name, root.GetProperty(name)) : null;

    /// <summary>A truth value.</summary>
    internal bool Flag(string name, bool fallback)
    {
        if (!root.TryGetProperty(name, out var value))
            return fallback;
        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Error(name, $"must be true or false, not {JsonText.Kind(value)}."),
        };
    }

    /// <summary>Text, or null where the field is null or absent.</summary>
    internal string? TextOrNull(string name)
    {
        if (!Has(name))
            return null;
        var value = root.GetProperty(name);
        if (value.ValueKind != JsonValueKind.String)
            throw Error(name, $"must be text, not {JsonText.Kind(value)}.");
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            throw Error(name, "holds half of a surrogate pair.");
        }
    }

    /// <summary>The object in a field, or null where the field is null or absent.</summary>
    internal ConfigFields? ObjectOrNull(string name)
    {
        if (!Has(name))
            return null;
        var value = root.GetProperty(name);
        if (value.ValueKind != JsonValueKind.Object)
            throw Error(name, $"must be an object, not {JsonText.Kind(value)}.");
        return new ConfigFields(value, File, $"{prefix}{name}.");
    }

    private int ToInteger(string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Number)
            throw Error(name, $"must be a whole number, not {JsonText.Kind(value)}.");
        if (value.TryGetInt32(out var number))
            return number;
        if (value.TryGetInt64(out var large))
            throw Error(name, string.Create(CultureInfo.InvariantCulture, $"is {large}, which is too large."));
        throw Error(name, value.GetRawText().AsSpan().ContainsAny(".eE")
            ? "must be a whole number, not a fraction."
            : "is out of range: it has more than 64 bits.");
    }

    private double ToNumber(string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Number)
            throw Error(name, $"must be a number, not {JsonText.Kind(value)}.");
        return value.TryGetDouble(out var number) && double.IsFinite(number)
            ? number
            : throw Error(name, "is not finite.");
    }
}

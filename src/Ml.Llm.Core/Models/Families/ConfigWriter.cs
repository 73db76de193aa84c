using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Ml.Llm.Models;

/// <summary>Writes a configuration as transformers does: names in order, two spaces, numbers in Python's form, a line end at the end.</summary>
/// <remarks>The result is the same on every system and culture.</remarks>
internal static class ConfigWriter
{
    private static readonly JsonWriterOptions Options = new() { Indented = true, IndentSize = 2, NewLine = "\n" };

    /// <summary>Writes the fields.</summary>
    /// <param name="fields">Values are null, bool, int, double, string, lists of int or string, or further dictionaries.</param>
    internal static string Write(IReadOnlyDictionary<string, object?> fields)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Options))
            Write(writer, fields);
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length) + "\n";
    }

    private static void Write(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteNullValue();
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case int number:
                writer.WriteNumberValue(number);
                break;
            case double number:
                writer.WriteRawValue(Number(number));
                break;
            case string text:
                writer.WriteStringValue(text);
                break;
            case IReadOnlyDictionary<string, object?> fields:
                writer.WriteStartObject();
                foreach (var (name, field) in fields.OrderBy(static field => field.Key, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(name);
                    Write(writer, field);
                }

                writer.WriteEndObject();
                break;
            case System.Collections.IEnumerable items:
                writer.WriteStartArray();
                foreach (var item in items)
                    Write(writer, item);
                writer.WriteEndArray();
                break;
            default:
                throw new ArgumentException($"A configuration cannot hold a {value.GetType().Name}.", nameof(value));
        }
    }

    /// <summary>A number as Python prints it: 1e-05, 10000.0.</summary>
    private static string Number(double value)
    {
        // The exponent is a small letter there, and a whole number keeps a zero behind its point.
        var text = value.ToString("R", CultureInfo.InvariantCulture).Replace("E", "e", StringComparison.Ordinal);
        return text.AsSpan().ContainsAny('.', 'e') ? text : text + ".0";
    }
}

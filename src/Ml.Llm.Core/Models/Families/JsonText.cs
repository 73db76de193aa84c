using System.Text.Json;
using System.Text.Unicode;

namespace Ml.Llm.Models;

/// <summary>Strict reading of small JSON files that come from elsewhere: config.json, generation_config.json, a shard index.</summary>
/// <remarks>Each kind of fault has its own sentence: not UTF-8, nested too deeply, not JSON, a number that is not finite, a name given twice.</remarks>
internal static class JsonText
{
    private const int MaximumDepth = 64;
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = MaximumDepth + 1 };

    /// <summary>Parses a file whose top is an object.</summary>
    /// <param name="bytes">The whole file; a UTF-8 byte order mark is skipped.</param>
    /// <param name="file">The file's name, for messages.</param>
    /// <exception cref="ModelFormatException">The bytes are not such JSON.</exception>
    internal static JsonElement ParseObject(ReadOnlyMemory<byte> bytes, string file)
    {
        if (bytes.Span.StartsWith("\uFEFF"u8))
            bytes = bytes[3..];
        if (!Utf8.IsValid(bytes.Span))
            throw new ModelFormatException(file, "this is not UTF-8 text. Save it as UTF-8.");
        CheckDepth(bytes.Span, file);
        JsonElement root;
        try
        {
            using var document = JsonDocument.Parse(bytes, Strict);
            root = document.RootElement.Clone();
        }
        catch (JsonException failure)
        {
            throw new ModelFormatException(file, Explain(bytes.Span, failure), failure);
        }

        if (root.ValueKind != JsonValueKind.Object)
            throw new ModelFormatException(file, $"the top must be an object, not {Kind(root)}.");
        CheckNames(root, file);
        return root;
    }

    /// <summary>What kind of value it is, in words.</summary>
    internal static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a truth value",
        _ => "null",
    };

    private static void CheckDepth(ReadOnlySpan<byte> text, string file)
    {
        var depth = 0;
        var quoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (quoted)
            {
                if (c == '\\')
                    i++;
                else if (c == '"')
                    quoted = false;
            }
            else if (c == '"')
            {
                quoted = true;
            }
            else if (c is (byte)'[' or (byte)'{')
            {
                if (++depth > MaximumDepth)
                    throw new ModelFormatException(file, $"the JSON is nested deeper than {MaximumDepth} levels.");
            }
            else if (c is (byte)']' or (byte)'}')
            {
                depth--;
            }
        }
    }

    private static string Explain(ReadOnlySpan<byte> text, JsonException failure)
    {
        var line = failure.LineNumber ?? 0;
        var rest = text;
        for (var i = 0L; i < line && rest.IndexOf((byte)'\n') is >= 0 and var end; i++)
            rest = rest[(end + 1)..];
        rest = rest[(int)Math.Min(failure.BytePositionInLine ?? 0, rest.Length)..];
        // The reader stops at the N or I, or behind the sign, of a literal that Python writes and JSON does not have.
        if (rest.StartsWith("NaN"u8) || rest.StartsWith("Infinity"u8) || rest.StartsWith("-Infinity"u8))
            return $"the number at line {line + 1} is not finite.";
        return $"this is not valid JSON: it breaks off or goes wrong at line {line + 1}, byte {(failure.BytePositionInLine ?? 0) + 1}.";
    }

    private static void CheckNames(JsonElement value, string file)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray())
                CheckNames(item, file);
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            var names = new HashSet<string>();
            foreach (var property in value.EnumerateObject())
            {
                if (!names.Add(NameOf(property, file)))
                    throw new ModelFormatException(file, $"{property.Name} is there twice; keep one.");
                CheckNames(property.Value, file);
            }
        }
    }

    private static string NameOf(JsonProperty property, string file)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException failure)
        {
            throw new ModelFormatException(file, "this is not valid JSON: a name holds half of a surrogate pair.", failure);
        }
    }
}

using System.Globalization;
using System.Text.Json;

namespace Ml.Llm.Tokenization;

/// <summary>A JSON value of a file together with its path there, so that every complaint says where it is.</summary>
internal readonly struct JsonPart(JsonElement element, string file, string path)
{
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false, MaxDepth = 64 };

    public JsonElement Element { get; } = element;

    public string Path { get; } = path;

    public bool IsNull => Element.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined;

    /// <summary>Parses a file and hands its root object to a reader; whatever is wrong becomes a <see cref="ModelFormatException"/>.</summary>
    public static T Read<T>(ReadOnlyMemory<byte> utf8, string file, Func<JsonPart, T> reader)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, s_strict);
            var root = new JsonPart(document.RootElement, file, "");
            root.RequireKind(JsonValueKind.Object, "an object");
            return reader(root);
        }
        catch (JsonException problem)
        {
            throw new ModelFormatException(file, $"not readable as JSON: {problem.Message}", problem);
        }
        catch (InvalidOperationException problem)
        {
            // System.Text.Json says so of text that is not Unicode, when it is read.
            throw new ModelFormatException(file, $"holds text that is not valid Unicode: {problem.Message}", problem);
        }
    }

    public ModelFormatException Problem(string problem, Exception? inner = null) =>
        new(file, Path.Length == 0 ? problem : $"{Path}: {problem}", inner);

    /// <summary>The value of a field, with Undefined as its kind where the field is absent.</summary>
    public JsonPart Optional(string name)
    {
        Element.TryGetProperty(name, out var value);
        return new JsonPart(value, file, Path.Length == 0 ? name : $"{Path}.{name}");
    }

    public JsonPart Required(string name)
    {
        var value = Optional(name);
        return value.Element.ValueKind == JsonValueKind.Undefined ? throw Problem($"the field \"{name}\" is missing") : value;
    }

    public JsonPart RequireKind(JsonValueKind kind, string what) => Element.ValueKind == kind
        ? this
        : throw Problem($"must be {what}, but is {Describe(Element)}");

    public string Text() => RequireKind(JsonValueKind.String, "text").Element.GetString()!;

    public string? TextOrNull() => IsNull ? null : Text();

    public bool Truth() => Element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Problem($"must be true or false, but is {Describe(Element)}"),
    };

    public bool Truth(string name, bool otherwise)
    {
        var value = Optional(name);
        return value.Element.ValueKind == JsonValueKind.Undefined ? otherwise : value.Truth();
    }

    /// <summary>A whole number from 0 to a limit.</summary>
    public int Integer(int limit = int.MaxValue)
    {
        RequireKind(JsonValueKind.Number, "a whole number");
        return Element.TryGetInt64(out var value) && value >= 0 && value <= limit
            ? (int)value
            : throw Problem(string.Create(CultureInfo.InvariantCulture, $"must be a whole number from 0 to {limit}, but is {Element.GetRawText()}"));
    }

    public IEnumerable<JsonPart> Items()
    {
        RequireKind(JsonValueKind.Array, "an array");
        return ItemsOf(Element, file, Path);
    }

    /// <summary>Refuses any field but those named: an option that is not known must not be passed over.</summary>
    public void RefuseOthers(params ReadOnlySpan<string> known)
    {
        foreach (var field in Element.EnumerateObject())
        {
            if (!known.Contains(field.Name)) throw Problem($"the option \"{field.Name}\" is not known");
        }
    }

    private static IEnumerable<JsonPart> ItemsOf(JsonElement array, string file, string path)
    {
        var index = 0;
        foreach (var item in array.EnumerateArray())
            yield return new JsonPart(item, file, string.Create(CultureInfo.InvariantCulture, $"{path}[{index++}]"));
    }

    private static string Describe(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Undefined => "missing",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };
}

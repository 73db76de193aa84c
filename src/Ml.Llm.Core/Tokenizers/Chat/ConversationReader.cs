using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ml.Llm.Tokenization.Jinja;

namespace Ml.Llm.Tokenization;

/// <summary>Turns a conversation and its options into a template's variables, with all text from the conversation marked as content.</summary>
/// <threadsafety>Belongs to one rendering.</threadsafety>
internal sealed class ConversationReader(Budget budget)
{
    /// <summary>Names under which messages carry their reasoning; the first that is there counts.</summary>
    private static readonly string[] s_reasoning = ["reasoning_content", "thinking", "reasoning"];

    public IReadOnlyList<MappingValue> Messages(IReadOnlyList<ChatMessage> messages) => [.. messages.Select(message =>
    {
        ArgumentNullException.ThrowIfNull(message);
        var fields = new List<KeyValuePair<string, JsonNode?>>
        {
            new("role", message.Role), new("content", message.Content), new("name", message.Name), new("reasoning_content", message.ReasoningContent),
            new("tool_calls", message.ToolCalls), new("tool_call_id", message.ToolCallId),
        };
        if (message.Extra is { } extra) fields.AddRange(extra);
        return Prepared(fields.Select(field => KeyValuePair.Create(field.Key, FieldOf(field.Key, field.Value))));
    })];

    public IReadOnlyList<MappingValue> Messages(string json)
    {
        return ReadJson(json, "the messages", root =>
        {
            if (root.ValueKind != JsonValueKind.Array) throw new DataFormatException("The messages must be a JSON array of objects, each a message.");
            return root.EnumerateArray().Select((message, place) => message.ValueKind == JsonValueKind.Object
                ? Prepared(message.EnumerateObject().Select(field => KeyValuePair.Create(field.Name, FieldOf(field.Name, field.Value))))
                : throw new DataFormatException($"Message {place} (counted from 0) must be a JSON object with role and content.")).ToArray();
        });
    }

    /// <summary>The variables of a conversation.</summary>
    public IEnumerable<KeyValuePair<string, Value>> Variables(
        IReadOnlyList<MappingValue> messages, ChatTemplateOptions options, IEnumerable<KeyValuePair<string, string>> specialTokens)
    {
        var variables = new List<KeyValuePair<string, Value>>
        {
            new("messages", new ListValue([.. messages], budget)),
            new("tools", ValueOf(options.Tools, isContent: true)),
            new("documents", ValueOf(options.Documents, isContent: true)),
            new("add_generation_prompt", BooleanValue.Of(options.AddGenerationPrompt)),
        };
        variables.AddRange(specialTokens.Select(static token => KeyValuePair.Create(token.Key, (Value)TextValue.Of(token.Value))));
        if (options.Variables is { } more) variables.AddRange(more.Select(pair => KeyValuePair.Create(pair.Key, ValueOf(pair.Value, IsContent(pair.Key)))));
        return variables;
    }

    /// <summary>Variables alone.</summary>
    public IEnumerable<KeyValuePair<string, Value>> Variables(string json) => ReadJson(
        json, "the variables", root => root.EnumerateObject().Select(field => KeyValuePair.Create(field.Name, ValueOf(field.Value, IsContent(field.Name)))).ToArray());

    private T ReadJson<T>(string json, string what, Func<JsonElement, T> read)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = budget.Limits.MaxValueDepth });
            return read(document.RootElement);
        }
        catch (JsonException problem)
        {
            throw new DataFormatException($"{char.ToUpperInvariant(what[0])}{what[1..]} are not readable as JSON: {problem.Message}");
        }
        catch (InvalidOperationException problem)
        {
            // System.Text.Json says so of text that is not Unicode, when it is read.
            throw new DataFormatException($"{char.ToUpperInvariant(what[0])}{what[1..]} hold text that is not valid Unicode: {problem.Message}");
        }
    }

    /// <summary>A message without fields that are null, and with its reasoning under the names that templates look for.</summary>
    private MappingValue Prepared(IEnumerable<KeyValuePair<string, Value>> fields)
    {
        var kept = fields.Where(static field => field.Value is not NoneValue).ToList();
        foreach (var name in s_reasoning)
        {
            var place = kept.FindIndex(field => field.Key == name);
            if (place < 0) continue;
            if (!kept.Exists(static field => field.Key == s_reasoning[0])) kept.Add(new(s_reasoning[0], kept[place].Value));
            if (!kept.Exists(static field => field.Key == s_reasoning[1])) kept.Add(new(s_reasoning[1], kept[place].Value));
            break;
        }

        return new MappingValue(kept.Select(static field => KeyValuePair.Create((Value)TextValue.OfContent(field.Key), field.Value)), budget);
    }

    private static bool IsContent(string variable) => !variable.EndsWith("_token", StringComparison.Ordinal);

    /// <summary>Templates make tokens of roles; a role of plain letters cannot spell one alone.</summary>
    private static bool IsPlainRole(string name, string text) => name == "role" && text.All(static unit => char.IsAsciiLetterOrDigit(unit) || unit is '_' or '-');

    private Value FieldOf(string name, JsonElement value) =>
        ValueOf(value, isContent: value.ValueKind != JsonValueKind.String || !IsPlainRole(name, value.GetString()!));

    private Value FieldOf(string name, JsonNode? value) =>
        ValueOf(value, isContent: value?.GetValueKind() != JsonValueKind.String || !IsPlainRole(name, value.GetValue<string>()));

    private Value ValueOf(JsonElement json, bool isContent)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.String: return Text(json.GetString()!, isContent);
            case JsonValueKind.True: return BooleanValue.True;
            case JsonValueKind.False: return BooleanValue.False;
            case JsonValueKind.Number: return Number(json.GetRawText());
            case JsonValueKind.Array: return new ListValue([.. json.EnumerateArray().Select(item => ValueOf(item, isContent))], budget);
            case JsonValueKind.Object:
                return new MappingValue(json.EnumerateObject().Select(field => KeyValuePair.Create((Value)Text(field.Name, isContent), ValueOf(field.Value, isContent))), budget);
            default: return NoneValue.Instance;
        }
    }

    private Value ValueOf(JsonNode? json, bool isContent, int depth = 0)
    {
        // Nodes can be built deeper than JSON text is read, and by their user even with a loop in it.
        if (depth > budget.Limits.MaxValueDepth) throw Fault.Limit($"values nest deeper than {budget.Limits.MaxValueDepth} levels (MaxValueDepth)");
        switch (json)
        {
            case null: return NoneValue.Instance;
            case JsonArray array: return new ListValue([.. array.Select(item => ValueOf(item, isContent, depth + 1))], budget);
            case JsonObject fields:
                return new MappingValue(fields.Select(field => KeyValuePair.Create((Value)Text(field.Key, isContent), ValueOf(field.Value, isContent, depth + 1))), budget);
        }

        return json.GetValueKind() switch
        {
            JsonValueKind.String => Text(json.GetValue<string>(), isContent),
            JsonValueKind.True => BooleanValue.True,
            JsonValueKind.False => BooleanValue.False,
            // A floating-point number of .NET stays one, though its JSON may read as a whole number.
            JsonValueKind.Number when json.AsValue().TryGetValue<object>(out var number) && number is double or float => new FloatValue(Convert.ToDouble(number, CultureInfo.InvariantCulture)),
            JsonValueKind.Number => Number(json.ToJsonString()),
            _ => NoneValue.Instance,
        };
    }

    private TextValue Text(string text, bool isContent)
    {
        budget.Write(text.Length);
        return isContent ? TextValue.OfContent(text) : TextValue.Of(text);
    }

    private Value Number(string digits)
    {
        if (digits.AsSpan().IndexOfAny('.', 'e', 'E') >= 0) return new FloatValue(double.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture));
        if (digits.Length > budget.Limits.MaxIntegerBits) throw Fault.Limit($"a whole number has more than {budget.Limits.MaxIntegerBits} bits (MaxIntegerBits)");
        return Arithmetic.Bounded(budget, BigInteger.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
    }
}

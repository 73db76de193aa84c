using System.Text.Json;

namespace Ml.Llm.Tokenization;

/// <summary>Writes JSON that was read, its fields in their order.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class JsonCopy
{
    /// <summary>Writes a value. Reading has bounded how deep it goes.</summary>
    /// <exception cref="InvalidOperationException">A text is not Unicode.</exception>
    public static void Write(JsonOutput output, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                output.BeginObject();
                foreach (var field in value.EnumerateObject())
                {
                    output.Name(field.Name);
                    Write(output, field.Value);
                }

                output.EndObject();
                break;
            case JsonValueKind.Array:
                output.BeginArray();
                foreach (var item in value.EnumerateArray()) Write(output, item);
                output.EndArray();
                break;
            case JsonValueKind.String:
                output.Text(value.GetString());
                break;
            default:
                output.Literal(value.GetRawText());
                break;
        }
    }
}

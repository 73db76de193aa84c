using System.Text.Json;

namespace Ml.Llm.Tokenization;

/// <summary>Reads and writes the truncation and the padding of a tokenizer.json.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class LengthParts
{
    /// <summary>The longest padding that a file may ask for: a small file must not make each text a large encoding.</summary>
    private const int LongestPadding = 1 << 18;

    /// <summary>Reads the truncation, which may be null.</summary>
    public static TruncationOptions? ReadTruncation(JsonPart part)
    {
        if (part.IsNull) return null;
        part.RequireKind(JsonValueKind.Object, "an object");
        part.RefuseOthers("direction", "max_length", "strategy", "stride");
        return new TruncationOptions
        {
            Direction = OneOf<TruncationDirection>(part.Optional("direction"), TruncationDirection.Right),
            MaxLength = part.Required("max_length").Integer(),
            Strategy = OneOf<TruncationStrategy>(part.Required("strategy")),
            Stride = part.Required("stride").Integer(),
        };
    }

    /// <summary>Reads the padding, which may be null.</summary>
    public static PaddingOptions? ReadPadding(JsonPart part)
    {
        if (part.IsNull) return null;
        part.RequireKind(JsonValueKind.Object, "an object");
        part.RefuseOthers("strategy", "direction", "pad_to_multiple_of", "pad_id", "pad_type_id", "pad_token");
        var multiple = part.Optional("pad_to_multiple_of");
        return new PaddingOptions
        {
            Length = ReadStrategy(part.Required("strategy")),
            Direction = OneOf<PaddingDirection>(part.Required("direction")),
            PadToMultipleOf = multiple.IsNull ? null : multiple.Integer(LongestPadding),
            PadId = part.Required("pad_id").Integer(TokenizerJsonReader.LargestId),
            PadTypeId = part.Required("pad_type_id").Integer(),
            PadToken = part.Required("pad_token").Text(),
        };
    }

    /// <summary>Writes the truncation.</summary>
    public static void Write(JsonOutput output, TruncationOptions? truncation)
    {
        if (truncation is null)
        {
            output.Null("truncation");
            return;
        }

        output.Name("truncation");
        output.BeginObject();
        output.Text("direction", truncation.Direction.ToString());
        output.Integer("max_length", truncation.MaxLength);
        output.Text("strategy", truncation.Strategy.ToString());
        output.Integer("stride", truncation.Stride);
        output.EndObject();
    }

    /// <summary>Writes the padding, of which id and token are known.</summary>
    public static void Write(JsonOutput output, PaddingOptions? padding)
    {
        if (padding is null)
        {
            output.Null("padding");
            return;
        }

        output.Name("padding");
        output.BeginObject();
        output.Name("strategy");
        WriteStrategy(output, padding.Length);
        output.Text("direction", padding.Direction.ToString());
        if (padding.PadToMultipleOf is { } multiple) output.Integer("pad_to_multiple_of", multiple);
        else output.Null("pad_to_multiple_of");
        output.Integer("pad_id", padding.PadId!.Value);
        output.Integer("pad_type_id", padding.PadTypeId);
        output.Text("pad_token", padding.PadToken);
        output.EndObject();
    }

    /// <summary>A fixed length, or null for that of the longest in the batch.</summary>
    private static int? ReadStrategy(JsonPart part)
    {
        if (part.Element.ValueKind == JsonValueKind.String)
        {
            return part.Text() == "BatchLongest"
                ? null
                : throw part.Problem($"\"{part.Text()}\" is not one of BatchLongest and an object with Fixed");
        }

        part.RequireKind(JsonValueKind.Object, "\"BatchLongest\" or an object with Fixed");
        part.RefuseOthers("Fixed");
        return part.Required("Fixed").Integer(LongestPadding);
    }

    private static void WriteStrategy(JsonOutput output, int? length)
    {
        if (length is { } fixedLength)
        {
            output.BeginObject();
            output.Integer("Fixed", fixedLength);
            output.EndObject();
        }
        else
        {
            output.Text("BatchLongest");
        }
    }

    private static T OneOf<T>(JsonPart part, T? otherwise = null)
        where T : struct, Enum
    {
        if (otherwise is { } value && part.Element.ValueKind == JsonValueKind.Undefined) return value;
        var name = part.Text();
        foreach (var known in Enum.GetValues<T>())
            if (known.ToString() == name)
                return known;
        throw part.Problem($"\"{name}\" is not one of {string.Join(", ", Enum.GetNames<T>())}");
    }
}

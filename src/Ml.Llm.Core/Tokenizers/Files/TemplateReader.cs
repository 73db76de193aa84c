using System.Globalization;
using System.Text.Json;

namespace Ml.Llm.Tokenization;

/// <summary>
/// Reads the post-processor TemplateProcessing. A template is an array of pieces, or of texts such as <c>[CLS]</c>, <c>$A</c>
/// and <c>$B:1</c>, or one text of those parted by spaces.
/// </summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class TemplateReader
{
    /// <summary>Reads it.</summary>
    public static TemplatePostProcessor Read(JsonPart part)
    {
        part.RefuseOthers("type", "single", "pair", "special_tokens");
        var tokens = new List<TemplateToken>();
        var all = part.Required("special_tokens").RequireKind(JsonValueKind.Object, "an object");
        foreach (var field in all.Element.EnumerateObject()) tokens.Add(ReadToken(all.Required(field.Name), field.Name));

        var names = tokens.Select(token => token.Name).ToHashSet();
        return new TemplatePostProcessor(
            ReadTemplate(part.Required("single"), names, pair: false), ReadTemplate(part.Required("pair"), names, pair: true), tokens);
    }

    private static TemplateToken ReadToken(JsonPart token, string name)
    {
        token.RequireKind(JsonValueKind.Object, "an object");
        token.RefuseOthers("id", "ids", "tokens");
        var ids = token.Required("ids").Items().Select(id => id.Integer(TokenizerJsonReader.LargestId)).ToList();
        var texts = token.Required("tokens").Items().Select(text => text.Text()).ToList();
        return ids.Count == texts.Count
            ? new TemplateToken(name, token.Required("id").Text(), ids, texts)
            : throw token.Problem($"must have as many ids as tokens, but has {ids.Count} and {texts.Count}");
    }

    private static List<TemplatePiece> ReadTemplate(JsonPart part, HashSet<string> names, bool pair) =>
        part.Element.ValueKind == JsonValueKind.String
            ? part.Text().Split(' ').Select(text => Checked(ParsePiece(text, part), part, names, pair)).ToList()
            : part.Items().Select(item => Checked(ReadPiece(item), item, names, pair)).ToList();

    private static TemplatePiece ReadPiece(JsonPart item)
    {
        if (item.Element.ValueKind == JsonValueKind.String) return ParsePiece(item.Text(), item);
        item.RequireKind(JsonValueKind.Object, "an object or text");
        item.RefuseOthers("SpecialToken", "Sequence");
        var isSequence = item.Optional("Sequence").Element.ValueKind != JsonValueKind.Undefined;
        if (isSequence && item.Optional("SpecialToken").Element.ValueKind != JsonValueKind.Undefined)
            throw item.Problem("a piece of a template is a Sequence or a SpecialToken, not both");
        var place = item.Required(isSequence ? "Sequence" : "SpecialToken").RequireKind(JsonValueKind.Object, "an object");
        place.RefuseOthers("id", "type_id");
        return new TemplatePiece(place.Required("id").Text(), isSequence, place.Required("type_id").Integer());
    }

    /// <summary>A piece as text: a special token, or $ with A, B, a type or nothing; a type may follow a colon.</summary>
    private static TemplatePiece ParsePiece(string text, JsonPart part)
    {
        var halves = text.Split(':');
        var typeId = 0;
        if (halves.Length > 2 || (halves.Length == 2 && !TryParse(halves[1], out typeId)))
            throw part.Problem($"\"{text}\" is no piece of a template: behind its colon there must be a type");
        var name = halves[0];
        if (!name.StartsWith('$')) return new TemplatePiece(name, IsSequence: false, typeId);
        return name[1..] switch
        {
            "" or "A" or "a" => new TemplatePiece("A", IsSequence: true, typeId),
            "B" or "b" => new TemplatePiece("B", IsSequence: true, typeId),
            var type when TryParse(type, out var own) => new TemplatePiece("A", IsSequence: true, halves.Length == 2 ? typeId : own),
            _ => throw part.Problem($"\"{text}\" is no piece of a template: the sequences are $A and $B"),
        };
    }

    private static TemplatePiece Checked(TemplatePiece piece, JsonPart part, HashSet<string> names, bool pair)
    {
        if (piece.IsSequence && piece.Name != "A" && !(pair && piece.Name == "B"))
            throw part.Problem($"the sequence \"{piece.Name}\" is not known in this template");
        if (!piece.IsSequence && !names.Contains(piece.Name)) throw part.Problem($"the special token \"{piece.Name}\" is not among special_tokens");
        return piece;
    }

    private static bool TryParse(string text, out int typeId) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out typeId);
}

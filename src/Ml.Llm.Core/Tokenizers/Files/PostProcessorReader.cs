using System.Text.Json;

namespace Ml.Llm.Tokenization;

/// <summary>Reads the post-processor of a tokenizer.json.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class PostProcessorReader
{
    /// <summary>Reads the post-processor.</summary>
    public static IPostProcessor Read(JsonPart part) => TokenizerJsonReader.TypeOf(part) switch
    {
        "ByteLevel" => new ByteLevelPostProcessor(ByteLevelReader.Read(part)),
        "TemplateProcessing" => ReadTemplate(part),
        "Sequence" => ReadSequence(part),
        _ => throw TokenizerJsonReader.NotKnown(part),
    };

    private static SequencePostProcessor ReadSequence(JsonPart part)
    {
        part.RefuseOthers("type", "processors");
        return new SequencePostProcessor(part.Required("processors").Items().Select(Read).ToList());
    }

    private static TemplatePostProcessor ReadTemplate(JsonPart part)
    {
        part.RefuseOthers("type", "single", "pair", "special_tokens");
        var tokens = new List<TemplateToken>();
        var all = part.Required("special_tokens").RequireKind(JsonValueKind.Object, "an object");
        foreach (var field in all.Element.EnumerateObject())
        {
            var token = all.Required(field.Name).RequireKind(JsonValueKind.Object, "an object");
            token.RefuseOthers("id", "ids", "tokens");
            var ids = token.Required("ids").Items().Select(id => id.Integer(TokenizerJsonReader.LargestId)).ToList();
            var texts = token.Required("tokens").Items().Select(text => text.Text()).ToList();
            if (ids.Count != texts.Count) throw token.Problem("must have as many ids as tokens");
            tokens.Add(new TemplateToken(token.Required("id").Text(), ids, texts));
        }

        var names = tokens.Select(token => token.Name).ToHashSet();
        var single = ReadTemplatePieces(part.Required("single"), names, pair: false);
        var pair = ReadTemplatePieces(part.Required("pair"), names, pair: true);
        return new TemplatePostProcessor(single, pair, tokens);
    }

    private static List<TemplatePiece> ReadTemplatePieces(JsonPart part, HashSet<string> names, bool pair)
    {
        var pieces = new List<TemplatePiece>();
        foreach (var item in part.Items())
        {
            item.RequireKind(JsonValueKind.Object, "an object");
            item.RefuseOthers("SpecialToken", "Sequence");
            var isSequence = item.Optional("Sequence").Element.ValueKind != JsonValueKind.Undefined;
            var place = item.Required(isSequence ? "Sequence" : "SpecialToken").RequireKind(JsonValueKind.Object, "an object");
            place.RefuseOthers("id", "type_id");
            var name = place.Required("id").Text();
            if (isSequence && name != "A" && !(pair && name == "B")) throw place.Problem($"the sequence \"{name}\" is not known here");
            if (!isSequence && !names.Contains(name)) throw place.Problem($"the special token \"{name}\" is not among special_tokens");
            pieces.Add(new TemplatePiece(name, isSequence, place.Required("type_id").Integer()));
        }

        return pieces;
    }
}

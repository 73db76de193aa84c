using System.Text.Json;

namespace Ml.Llm.Tokenization;

/// <summary>
/// Reads tokenizer.json: one method a part. A part or option that this library does not know is refused by name.
/// </summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class TokenizerJsonReader
{
    /// <summary>Ids beyond this are refused, so that sums of them fit.</summary>
    internal const int LargestId = (1 << 24) - 1;

    private const int HolesAllowed = 1_000_000;

    /// <summary>Reads a whole file.</summary>
    /// <param name="utf8">Its bytes.</param>
    /// <param name="file">What to call it in complaints.</param>
    /// <exception cref="ModelFormatException">The file is broken, or asks for something this library does not know.</exception>
    public static TokenizerPipeline Read(ReadOnlyMemory<byte> utf8, string file) => JsonPart.Read(WithoutMark(utf8), file, ReadRoot);

    private static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> utf8) =>
        utf8.Span.StartsWith("\uFEFF"u8) ? utf8[3..] : utf8;

    private static TokenizerPipeline ReadRoot(JsonPart root)
    {
        root.RefuseOthers("version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model");
        var version = root.Optional("version");
        if (!version.IsNull && version.Text() != "1.0") throw version.Problem($"the version \"{version.Text()}\" is not known; 1.0 is");
        RefusePart(root.Optional("truncation"));
        RefusePart(root.Optional("padding"));
        if (root.Optional("normalizer") is { IsNull: false } normalizer) throw NotKnown(normalizer);

        var model = ReadModel(root.Required("model"));
        var preTokenizer = ReadPreTokenizer(root.Optional("pre_tokenizer"));
        var addedTokens = root.Optional("added_tokens") is { IsNull: false } added ? ReadAddedTokens(added, model) : [];
        var postProcessor = root.Optional("post_processor") is { IsNull: false } post ? ReadPostProcessor(post) : null;
        var decoder = root.Optional("decoder") is { IsNull: false } part ? ReadDecoder(part) : null;
        return new TokenizerPipeline(addedTokens, preTokenizer, model, postProcessor, decoder);
    }

    private static void RefusePart(JsonPart part)
    {
        if (!part.IsNull) throw part.Problem("this part is not supported yet; set it to null and cut or pad the ids yourself");
    }

    private static string TypeOf(JsonPart part)
    {
        part.RequireKind(JsonValueKind.Object, "an object");
        return part.Required("type").Text();
    }

    private static ModelFormatException NotKnown(JsonPart part) => part.Problem($"the type \"{TypeOf(part)}\" is not known to this version");

    private static ByteLevelPreTokenizer ReadPreTokenizer(JsonPart part)
    {
        if (part.IsNull) throw part.Problem("BPE without the pre-tokenizer ByteLevel is not supported yet");
        return TypeOf(part) == "ByteLevel" ? new ByteLevelPreTokenizer(ReadByteLevel(part)) : throw NotKnown(part);
    }

    private static ByteLevelDecoder ReadDecoder(JsonPart part) =>
        TypeOf(part) == "ByteLevel" ? new ByteLevelDecoder(ReadByteLevel(part)) : throw NotKnown(part);

    private static IPostProcessor ReadPostProcessor(JsonPart part) => TypeOf(part) switch
    {
        "ByteLevel" => new ByteLevelPostProcessor(ReadByteLevel(part)),
        "TemplateProcessing" => ReadTemplate(part),
        "Sequence" => ReadSequence(part),
        _ => throw NotKnown(part),
    };

    private static SequencePostProcessor ReadSequence(JsonPart part)
    {
        part.RefuseOthers("type", "processors");
        return new SequencePostProcessor(part.Required("processors").Items().Select(ReadPostProcessor).ToList());
    }

    private static ByteLevelOptions ReadByteLevel(JsonPart part)
    {
        part.RefuseOthers("type", "add_prefix_space", "trim_offsets", "use_regex");
        return new ByteLevelOptions(
            part.Required("add_prefix_space").Truth(), part.Required("trim_offsets").Truth(), part.Truth("use_regex", otherwise: true));
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
            var ids = token.Required("ids").Items().Select(id => id.Integer(LargestId)).ToList();
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

    private static List<AddedToken> ReadAddedTokens(JsonPart part, BytePairModel model)
    {
        var tokens = new Dictionary<string, AddedToken>();
        var largest = -1;
        foreach (var item in part.Items())
        {
            item.RequireKind(JsonValueKind.Object, "an object");
            item.RefuseOthers("id", "content", "single_word", "lstrip", "rstrip", "normalized", "special");
            item.Required("id").Integer(LargestId);
            var content = item.Required("content").Text();
            if (content.Length == 0) continue;

            // As with Hugging Face the id is the model's own, else the next free one, whatever the file says.
            var id = tokens.TryGetValue(content, out var before) ? before.Id
                : model.IdOf(content) ?? (largest >= model.Count ? largest + 1 : model.Count);
            largest = Math.Max(largest, id);
            tokens[content] = new AddedToken(
                id,
                content,
                item.Required("single_word").Truth(),
                item.Required("lstrip").Truth(),
                item.Required("rstrip").Truth(),
                item.Required("normalized").Truth(),
                item.Required("special").Truth());
        }

        var clash = tokens.Values.GroupBy(token => token.Id).FirstOrDefault(group => group.Count() > 1);
        if (clash is not null) throw part.Problem($"the tokens {string.Join(", ", clash.Select(token => $"\"{token.Content}\""))} would all have the id {clash.Key}");
        return tokens.Values.ToList();
    }

    private static BytePairModel ReadModel(JsonPart part)
    {
        part.RequireKind(JsonValueKind.Object, "an object");
        var type = part.Optional("type");
        if (type.IsNull ? part.Optional("merges").IsNull : type.Text() != "BPE")
            throw type.IsNull ? part.Problem("the type of the model is missing") : NotKnown(part);

        part.RefuseOthers(
            "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback", "ignore_merges", "vocab", "merges");
        RefuseDropout(part.Optional("dropout"));
        if (part.Truth("byte_fallback", otherwise: false)) throw part.Optional("byte_fallback").Problem("true is not supported yet");
        var options = new BytePairModelOptions(
            part.Optional("unk_token").TextOrNull(),
            part.Truth("fuse_unk", otherwise: false),
            part.Truth("ignore_merges", otherwise: false),
            NullOrEmpty(part.Optional("continuing_subword_prefix")),
            NullOrEmpty(part.Optional("end_of_word_suffix")));
        var ids = ReadVocabulary(part.Required("vocab"));
        if (options.UnknownToken is { } unknown && !ids.ContainsKey(unknown))
            throw part.Optional("unk_token").Problem($"the unknown token \"{unknown}\" is not in the vocabulary");

        var merges = part.Required("merges");
        try
        {
            return new BytePairModel(new BytePairVocabulary(ids, ReadMerges(merges), options));
        }
        catch (FormatException problem)
        {
            throw merges.Problem(problem.Message, problem);
        }
    }

    private static void RefuseDropout(JsonPart part)
    {
        if (part.IsNull) return;
        var value = part.RequireKind(JsonValueKind.Number, "a number").Element.GetDouble();
        if (value is not (>= 0 and <= 1)) throw part.Problem("must lie between 0 and 1");
        if (value > 0) throw part.Problem("dropout is not supported: tokens would change from call to call");
    }

    private static string? NullOrEmpty(JsonPart part) =>
        part.TextOrNull() is var text && string.IsNullOrEmpty(text) ? text : throw part.Problem($"\"{text}\" is not supported yet; only null is");

    private static Dictionary<string, int> ReadVocabulary(JsonPart part)
    {
        part.RequireKind(JsonValueKind.Object, "an object");
        var ids = new Dictionary<string, int>();
        var tokenOf = new Dictionary<int, string>();
        foreach (var field in part.Element.EnumerateObject())
        {
            var value = field.Value;
            if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out var id) || id < 0 || id > LargestId)
                throw part.Problem($"the id of \"{field.Name}\" must be a whole number from 0 to {LargestId}, but is {value.GetRawText()}");
            if (!tokenOf.TryAdd(id, field.Name)) throw part.Problem($"the tokens \"{tokenOf[id]}\" and \"{field.Name}\" have the same id {id}");
            ids.Add(field.Name, id);
        }

        // Tables go by id: a small file must not ask for large ones.
        var largest = tokenOf.Keys.DefaultIfEmpty().Max();
        if (largest > HolesAllowed + (4 * ids.Count)) throw part.Problem($"{ids.Count} tokens have ids up to {largest}: too many holes");
        return ids;
    }

    private static List<(string Left, string Right)> ReadMerges(JsonPart part)
    {
        var merges = new List<(string, string)>();
        foreach (var item in part.Items())
        {
            // Older files write a pair as one text, parted by a space.
            var pair = item.Element.ValueKind == JsonValueKind.String
                ? item.Text().Split(' ')
                : item.Items().Select(side => side.Text()).ToArray();
            if (pair.Length != 2) throw item.Problem($"a merge must have two parts, but has {pair.Length}");
            merges.Add((pair[0], pair[1]));
        }

        return merges;
    }
}

using System.Globalization;
using System.Text.Json;

namespace Ml.Llm.Tokenization;

/// <summary>Reads the model of a tokenizer.json.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class ModelReader
{
    /// <summary>Reads the model.</summary>
    /// <param name="part">The field <c>model</c>.</param>
    /// <param name="preTokenizer">The pre-tokenizer, which may leave bytes to a BPE model; null: there is none.</param>
    public static ITokenModel Read(JsonPart part, IPreTokenizer? preTokenizer)
    {
        part.RequireKind(JsonValueKind.Object, "an object");
        return TypeOf(part) switch
        {
            "BPE" => ReadBytePair(part, preTokenizer is { LeavesBytesToModel: true }),
            "WordPiece" => ReadWordPiece(part),
            "WordLevel" => ReadWordLevel(part),
            "Unigram" => ReadUnigram(part),
            _ => throw TokenizerJsonReader.NotKnown(part),
        };
    }

    /// <summary>The type; where an older file does not say it, what the fields tell, in Hugging Face's order.</summary>
    private static string TypeOf(JsonPart part)
    {
        if (part.Optional("type") is { IsNull: false } type) return type.Text();
        if (part.Optional("vocab").Element.ValueKind == JsonValueKind.Array) return "Unigram";
        if (!part.Optional("merges").IsNull) return "BPE";
        if (!part.Optional("max_input_chars_per_word").IsNull) return "WordPiece";
        return part.Optional("unk_token").IsNull ? throw part.Problem("the field \"type\" is missing, and the other fields do not tell it") : "WordLevel";
    }

    private static BytePairModel ReadBytePair(JsonPart part, bool takesBytes)
    {
        part.RefuseOthers(
            "type", "dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", "byte_fallback", "ignore_merges", "vocab", "merges");
        var options = new BytePairModelOptions(
            part.Optional("unk_token").TextOrNull(),
            TruthOrNull(part.Optional("fuse_unk")),
            TruthOrNull(part.Optional("ignore_merges")),
            part.Optional("continuing_subword_prefix").TextOrNull(),
            part.Optional("end_of_word_suffix").TextOrNull(),
            TruthOrNull(part.Optional("byte_fallback")),
            Dropout(part.Optional("dropout")));
        var ids = VocabularyReader.ReadIds(part.Required("vocab"));
        var merges = part.Required("merges");
        try
        {
            return new BytePairModel(new BytePairVocabulary(ids, VocabularyReader.ReadMerges(merges), options), takesBytes);
        }
        catch (FormatException problem)
        {
            throw merges.Problem(problem.Message, problem);
        }
    }

    private static WordPieceModel ReadWordPiece(JsonPart part)
    {
        part.RefuseOthers("type", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word", "vocab");
        var longest = part.Required("max_input_chars_per_word").RequireKind(JsonValueKind.Number, "a whole number");
        if (!longest.Element.TryGetInt64(out var characters) || characters < 0)
            throw longest.Problem($"{longest.Element.GetRawText()} is out of range; it must be a whole number of 0 or more");
        var options = new WordPieceModelOptions(part.Required("unk_token").Text(), part.Required("continuing_subword_prefix").Text(), characters);
        return new WordPieceModel(VocabularyReader.ReadIds(part.Required("vocab")), options);
    }

    private static WordLevelModel ReadWordLevel(JsonPart part)
    {
        part.RefuseOthers("type", "unk_token", "vocab");
        return new WordLevelModel(VocabularyReader.ReadIds(part.Required("vocab")), part.Required("unk_token").Text());
    }

    private static UnigramModel ReadUnigram(JsonPart part)
    {
        part.RefuseOthers("type", "unk_id", "vocab", "byte_fallback");
        var pieces = VocabularyReader.ReadPieces(part.Required("vocab"));
        var unknown = part.Optional("unk_id") is { IsNull: false } id ? UnknownId(id, pieces.Count) : (int?)null;
        return new UnigramModel(new UnigramVocabulary(pieces, new UnigramModelOptions(unknown, part.Truth("byte_fallback", otherwise: false))));
    }

    private static int UnknownId(JsonPart part, int count)
    {
        part.RequireKind(JsonValueKind.Number, "a whole number");
        return part.Element.TryGetInt32(out var id) && id >= 0 && id < count
            ? id
            : throw part.Problem(string.Create(
                CultureInfo.InvariantCulture, $"{part.Element.GetRawText()} is out of range; it must be the id of one of the {count} pieces, from 0 to {count - 1}"));
    }

    private static float? Dropout(JsonPart part)
    {
        if (part.IsNull) return null;
        var value = (float)part.RequireKind(JsonValueKind.Number, "a number").Element.GetDouble();
        return value is >= 0 and <= 1 ? value : throw part.Problem($"{part.Element.GetRawText()} is out of range; the dropout must lie between 0 and 1");
    }

    private static bool TruthOrNull(JsonPart part) => !part.IsNull && part.Truth();
}

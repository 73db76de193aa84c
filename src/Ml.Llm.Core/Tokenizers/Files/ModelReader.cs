using System.Text.Json;

namespace Ml.Llm.Tokenization;

/// <summary>Reads the model of a tokenizer.json.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class ModelReader
{
    private const int HolesAllowed = 1_000_000;

    /// <summary>Reads the model.</summary>
    public static ITokenModel Read(JsonPart part, IPreTokenizer? preTokenizer)
    {
        if (preTokenizer is not { LeavesBytesToModel: true }) throw part.Problem("BPE without the pre-tokenizer ByteLevel is not supported yet");
        part.RequireKind(JsonValueKind.Object, "an object");
        var type = part.Optional("type");
        if (type.IsNull ? part.Optional("merges").IsNull : type.Text() != "BPE")
            throw type.IsNull ? part.Problem("the type of the model is missing") : TokenizerJsonReader.NotKnown(part);

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
            if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out var id) || id < 0 || id > TokenizerJsonReader.LargestId)
                throw part.Problem($"the id of \"{field.Name}\" must be a whole number from 0 to {TokenizerJsonReader.LargestId}, but is {value.GetRawText()}");
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

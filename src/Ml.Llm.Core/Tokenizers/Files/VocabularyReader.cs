using System.Globalization;
using System.Text.Json;

namespace Ml.Llm.Tokenization;

/// <summary>Reads the tokens, merges and scores of a model.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class VocabularyReader
{
    private const int HolesAllowed = 1_000_000;

    /// <summary>Reads tokens and their ids; two tokens may share an id.</summary>
    public static Dictionary<string, int> ReadIds(JsonPart part)
    {
        part.RequireKind(JsonValueKind.Object, "an object");
        var ids = new Dictionary<string, int>();
        var largest = -1;
        foreach (var field in part.Element.EnumerateObject())
        {
            var value = field.Value;
            if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out var id) || id < 0 || id > TokenizerJsonReader.LargestId)
                throw part.Problem($"the id of \"{field.Name}\" must be a whole number from 0 to {TokenizerJsonReader.LargestId}, but is {value.GetRawText()}");
            ids[field.Name] = id;
            largest = Math.Max(largest, id);
        }

        // Tables go by id: a small file must not ask for large ones.
        if (largest > HolesAllowed + (4 * ids.Count))
            throw part.Problem(string.Create(CultureInfo.InvariantCulture, $"{ids.Count} tokens have ids up to {largest}: too many holes"));
        return ids;
    }

    /// <summary>Reads merges: pairs, or in older files texts with a space between the parts.</summary>
    public static List<(string Left, string Right)> ReadMerges(JsonPart part)
    {
        part.RequireKind(JsonValueKind.Array, "an array");
        var merges = new List<(string, string)>();
        var index = 0;
        foreach (var item in part.Element.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.String)
            {
                var text = item.GetString()!;
                var space = text.IndexOf(' ', StringComparison.Ordinal);

                // The first line of the older merges.txt says its version.
                if (!text.StartsWith("#version", StringComparison.Ordinal))
                {
                    if (space < 0 || text.IndexOf(' ', space + 1) >= 0)
                        throw ItemAt(part, index).Problem($"the merge \"{text}\" must have two parts with one space between them");
                    merges.Add((text[..space], text[(space + 1)..]));
                }
            }
            else
            {
                if (item.ValueKind != JsonValueKind.Array || item.GetArrayLength() != 2)
                    throw ItemAt(part, index).Problem($"a merge must be two texts in an array, but is {Shown(item)}");
                var (left, right) = (item[0], item[1]);
                if (left.ValueKind != JsonValueKind.String || right.ValueKind != JsonValueKind.String)
                    throw ItemAt(part, index).Problem($"a merge must be two texts in an array, but is {Shown(item)}");
                merges.Add((left.GetString()!, right.GetString()!));
            }

            index++;
        }

        return merges;
    }

    /// <summary>Reads pieces and their scores.</summary>
    public static List<(string Piece, double Score)> ReadPieces(JsonPart part)
    {
        part.RequireKind(JsonValueKind.Array, "an array");
        var pieces = new List<(string, double)>();
        var index = 0;
        foreach (var item in part.Element.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Array
                || item.GetArrayLength() != 2
                || item[0].ValueKind != JsonValueKind.String
                || item[1].ValueKind != JsonValueKind.Number)
                throw ItemAt(part, index).Problem($"must be a piece and its score in an array, but is {Shown(item)}");
            var score = item[1].GetDouble();
            if (!double.IsFinite(score)) throw ItemAt(part, index).Problem($"the score {item[1].GetRawText()} is not finite");
            pieces.Add((item[0].GetString()!, score));
            index++;
        }

        return pieces.Count > 0 ? pieces : throw part.Problem("the vocabulary is empty; a Unigram model needs at least one piece");
    }

    private static JsonPart ItemAt(JsonPart part, int index) => part.Items().ElementAt(index);

    private static string Shown(JsonElement item)
    {
        const int Most = 60;
        var text = item.GetRawText();
        return text.Length <= Most ? text : text[..Most] + "...";
    }
}

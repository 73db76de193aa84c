using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ml.Llm.Core.Tests.Tokenizers;

/// <summary>Changes a JSON file to another well-formed one, so that what lies behind the parser is put to the test.</summary>
internal static class JsonTreeMutation
{
    private static readonly string[] s_texts = ["", " ", "▁", "a", "##", "</w>", "<s>", "Ġ", "é", "日", "𝒜", "\n", "(a*)*$", "\\s*|x", "[^a]", "$A", "$B:1", "\\p{L}+?", "aa", "Sequence"];

    private static readonly string[] s_wholes = ["0", "1", "2", "7", "8", "12", "13", "100", "255", "1000", "65536", "1000000", "16777215", "2147483647", "0.5", "1e-300", "-1e300"];

    /// <summary>A changed copy of a file; the file itself, if it is not well-formed.</summary>
    public static byte[] Change(byte[] file, Random random)
    {
        try
        {
            return JsonNode.Parse(file) is { } root ? Change(root, random) ?? file : file;
        }
        catch (Exception problem) when (problem is JsonException or InvalidOperationException or ArgumentException)
        {
            // An earlier change has broken the syntax, put a name twice, or nested it too deep.
            return file;
        }
    }

    private static byte[]? Change(JsonNode root, Random random)
    {
        var nodes = new List<JsonNode?>();
        Collect(root, nodes);
        var places = nodes.OfType<JsonNode>().Where(static node => node.Parent is not null).ToList();
        if (places.Count == 0) return null;
        var node = places[random.Next(places.Count)];
        switch (random.Next(8))
        {
            case 0:
                Remove(node);
                break;
            case 1 when node.Parent is JsonArray array:
                array.Insert(random.Next(array.Count + 1), node.DeepClone());
                break;
            case 2:
                var same = places.Where(other => other.GetValueKind() == node.GetValueKind()).ToList();
                Put(node, same[random.Next(same.Count)].DeepClone());
                break;
            case 3:
                // Parts stand in the place of each other, or within sequences of their own kind.
                var parts = places.OfType<JsonObject>().Where(static part => part.ContainsKey("type")).ToList();
                if (parts.Count > 0) Put(parts[random.Next(parts.Count)], Wrapped(parts[random.Next(parts.Count)], random));
                break;
            case 4:
                var numbers = places.Where(static other => other.GetValueKind() == JsonValueKind.Number).ToList();
                if (numbers.Count > 0) Put(numbers[random.Next(numbers.Count)], JsonNode.Parse(s_wholes[random.Next(s_wholes.Length)])!);
                break;
            case 5:
                var truths = places.Where(static other => other.GetValueKind() is JsonValueKind.True or JsonValueKind.False).ToList();
                if (truths.Count > 0 && truths[random.Next(truths.Count)] is var truth) Put(truth, JsonValue.Create(truth.GetValueKind() == JsonValueKind.False));
                break;
            default:
                var texts = places.Where(static other => other.GetValueKind() == JsonValueKind.String).ToList();
                if (texts.Count > 0 && texts[random.Next(texts.Count)] is var text) Put(text, JsonValue.Create(Edited(text.GetValue<string>(), random)));
                break;
        }

        return Encoding.UTF8.GetBytes(root.ToJsonString());
    }

    private static void Collect(JsonNode? node, List<JsonNode?> nodes)
    {
        nodes.Add(node);
        if (node is JsonObject fields)
        {
            foreach (var (_, value) in fields) Collect(value, nodes);
        }
        else if (node is JsonArray items)
        {
            foreach (var item in items) Collect(item, nodes);
        }
    }

    private static void Remove(JsonNode node)
    {
        if (node.Parent is JsonArray array) array.Remove(node);
        else node.Parent!.AsObject().Remove(node.GetPropertyName());
    }

    private static void Put(JsonNode node, JsonNode? by)
    {
        if (node.Parent is null) return;
        if (node.Parent is JsonArray array) array[array.IndexOf(node)] = by;
        else node.Parent[node.GetPropertyName()] = by;
    }

    private static JsonNode Wrapped(JsonObject part, Random random)
    {
        var list = random.Next(6) switch
        {
            0 => "normalizers",
            1 => "pretokenizers",
            2 => "decoders",
            3 => "processors",
            _ => null,
        };
        return list is null
            ? part.DeepClone()
            : new JsonObject { ["type"] = "Sequence", [list] = new JsonArray([.. Enumerable.Range(0, random.Next(20)).Select(_ => part.DeepClone())]) };
    }

    private static string Edited(string text, Random random)
    {
        var other = s_texts[random.Next(s_texts.Length)];
        var at = random.Next(text.Length + 1);
        return random.Next(4) switch
        {
            0 => other,
            1 => text[..at] + other + text[at..],
            2 => string.Create(CultureInfo.InvariantCulture, $"{text[..at]}{(char)random.Next(0x20, 0x3100)}{text[Math.Min(at + 1, text.Length)..]}"),
            _ => text[..at],
        };
    }
}

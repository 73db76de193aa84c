using System.Buffers;
using System.Text.Json;

namespace Ml.Llm.Models;

/// <summary>model.safetensors.index.json: which of several files holds each tensor.</summary>
internal sealed class ShardIndex
{
    // What separates folders or names drives and streams on any system.
    private static readonly SearchValues<char> Forbidden = SearchValues.Create("/\\:*?\"<>|");

    private ShardIndex(string file, Dictionary<string, string> shardOf)
    {
        File = file;
        ShardOf = shardOf;
    }

    /// <summary>The index file, for messages.</summary>
    internal string File { get; }

    /// <summary>The shard's file name by the tensor's name.</summary>
    internal IReadOnlyDictionary<string, string> ShardOf { get; }

    /// <summary>The shards, each once.</summary>
    internal IEnumerable<string> Shards => ShardOf.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);

    /// <summary>Reads an index.</summary>
    /// <exception cref="ModelFormatException">It is not a well-formed index, or a shard's name is not that of a .safetensors file beside it.</exception>
    internal static ShardIndex Read(ReadOnlyMemory<byte> bytes, string file)
    {
        var root = JsonText.ParseObject(bytes, file);
        if (!root.TryGetProperty("weight_map", out var map))
            throw new ModelFormatException(file, "weight_map is missing.");
        if (map.ValueKind != JsonValueKind.Object)
            throw new ModelFormatException(file, $"weight_map must be an object, not {JsonText.Kind(map)}.");
        var shardOf = new Dictionary<string, string>();
        foreach (var entry in map.EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.String)
                throw new ModelFormatException(file, $"the shard of {entry.Name} must be text, not {JsonText.Kind(entry.Value)}.");
            var shard = NameOf(entry, file);
            if (!IsPlainName(shard))
                throw new ModelFormatException(file, $"the shard name of {entry.Name} is refused: it must be the plain name of a .safetensors file in the same folder.");
            shardOf.Add(entry.Name, shard);
        }

        return new ShardIndex(file, shardOf);
    }

    private static string NameOf(JsonProperty entry, string file)
    {
        try
        {
            return entry.Value.GetString()!;
        }
        catch (InvalidOperationException failure)
        {
            throw new ModelFormatException(file, $"the shard name of {entry.Name} holds half of a surrogate pair.", failure);
        }
    }

    private static bool IsPlainName(string name) =>
        name.Length is > 0 and <= 255
        && name.EndsWith(".safetensors", StringComparison.Ordinal)
        && name[0] != '.'
        && !name.AsSpan().ContainsAny(Forbidden)
        && !name.Any(char.IsControl);
}

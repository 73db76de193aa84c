using Ml.Llm.Generation;
using Ml.Llm.Models.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Models;

/// <summary>Attention of new tokens over those in a cache and themselves. Without gradients.</summary>
internal static class CachedAttention
{
    /// <summary>Appends the new tokens' keys and values to the cache and attends.</summary>
    /// <param name="queryKeyValue">[tokens, (heads + 2 kv heads) * head dim] of the new tokens.</param>
    /// <param name="attention">Heads, scale and rotary table.</param>
    /// <param name="layer">The layer, for the cache.</param>
    /// <param name="layout">The new tokens' positions.</param>
    /// <param name="cache">What was seen before; its length is advanced by the caller after the last layer.</param>
    /// <param name="hidden">[batch, 1, new, seen] true where a query may not see a key, or null where all see all.</param>
    /// <returns>[tokens, heads * head dim].</returns>
    internal static Tensor Attend(Tensor queryKeyValue, AttentionGeometry attention, int layer, AttentionLayout layout, KeyValueCache cache, Tensor? hidden)
    {
        var (query, newKeys, newValues) = PlainLayers.SplitHeads(queryKeyValue, attention, layout);
        var (keys, values) = cache.Append(layer, newKeys, newValues); // [B, K, S, D]
        var (batch, seen) = (layout.Batch, keys.size(2));
        var group = attention.Heads / attention.KeyValueHeads;
        // The query heads of a group lie under one another, so that keys and values need no repeating.
        var grouped = (query * attention.Scale).reshape(batch, attention.KeyValueHeads, (long)group * layout.Length, attention.HeadDim);
        var scores = grouped.matmul(keys.transpose(-2, -1)).to(ScalarType.Float32); // [B, K, G * T, S]
        if (hidden is not null)
        {
            scores = scores.view(batch, attention.Heads, layout.Length, seen)
                .masked_fill(hidden, float.NegativeInfinity)
                .view(batch, attention.KeyValueHeads, (long)group * layout.Length, seen);
        }

        var mixed = nn.functional.softmax(scores, -1).to(values.dtype).matmul(values); // [B, K, G * T, D]
        return mixed.view(batch, attention.Heads, layout.Length, attention.HeadDim)
            .transpose(1, 2).reshape((long)batch * layout.Length, (long)attention.Heads * attention.HeadDim);
    }

    /// <summary>Which keys the new queries may not see: padding, and new tokens after them. Null where they see all.</summary>
    internal static Tensor? HiddenKeys(KeyValueCache cache, int length, Device device)
    {
        if (length == 1 && !cache.HasPadding)
            return null;
        var seen = cache.Length + length;
        var hidden = new bool[cache.Batch * length * seen];
        for (var row = 0; row < cache.Batch; row++)
        {
            for (var t = 0; t < length; t++)
            {
                var place = cache.Length + t;
                var line = hidden.AsSpan(((row * length) + t) * seen, seen);
                // A padding token sees itself, so that its softmax has something to work on; nobody reads the result.
                line[..Math.Min(cache.PadCounts[row], place)].Fill(true);
                line[(place + 1)..].Fill(true);
            }
        }

        return tensor(hidden, [cache.Batch, 1, length, seen], device: device);
    }
}

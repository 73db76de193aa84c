using System.Globalization;
using Ml.Llm.Models;
using Ml.Llm.Models.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Ml.Llm.Generation;

/// <summary>
/// A decoder's forward pass over new tokens alone: their queries meet the keys and values of all tokens so far, which a
/// <see cref="KeyValueCache"/> holds.
/// </summary>
/// <threadsafety>Safe from several threads, each with a cache of its own.</threadsafety>
internal static class CachedAttention
{
    /// <summary>Runs a model over new tokens and adds them to the cache.</summary>
    /// <param name="model">The model.</param>
    /// <param name="inputIds">[batch, new tokens] int64; the first call's rows are padded on the left, as the cache's pad counts say.</param>
    /// <param name="cache">The tokens before them.</param>
    /// <returns>The hidden states of the new tokens after the final norm, [batch, new tokens, hidden]; those of padding mean nothing.</returns>
    /// <exception cref="ArgumentException">Shapes do not fit the cache, or a position is beyond the model's.</exception>
    internal static Tensor Forward(DecoderModel model, Tensor inputIds, KeyValueCache cache)
    {
        if (inputIds.dim() != 2 || inputIds.size(0) != cache.Batch || inputIds.dtype != ScalarType.Int64 || inputIds.size(1) == 0)
            throw new ArgumentException($"Token ids must be int64 [{cache.Batch}, new tokens], not {inputIds.dtype}[{string.Join(",", inputIds.shape)}].", nameof(inputIds));
        TokenIds.Check(inputIds, model.Shape.VocabSize, nameof(inputIds), allowIgnored: false);
        using var guard = no_grad();
        using var scope = NewDisposeScope();
        var count = (int)inputIds.size(1);
        var layout = Layout(cache, count, model.Shape.MaxPositions);
        var hiddenKeys = HiddenKeys(cache, count, model.Device);
        var positions = PositionTensor(layout, model.Device);
        var hidden = model.Run(inputIds, layout, (queryKeyValue, geometry, layer) =>
            Attend(queryKeyValue, geometry, layer, cache, count, positions, hiddenKeys));
        cache.Advance(count);
        return hidden.MoveToOuterDisposeScope();
    }

    // Where the new tokens stand. Which keys they see is this file's matter, so first keys are not used.
    private static AttentionLayout Layout(KeyValueCache cache, int count, int maxPositions)
    {
        var positions = new int[cache.Batch * count];
        for (var row = 0; row < cache.Batch; row++)
        {
            for (var t = 0; t < count; t++)
                positions[(row * count) + t] = Math.Max(0, cache.Length + t - cache.PadCounts[row]);
        }

        if (positions.Max() is var last && last >= maxPositions)
        {
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture,
                $"Position {last} is beyond the model's {maxPositions} positions."), nameof(cache));
        }

        return AttentionLayout.Custom(new int[positions.Length], positions, cache.Batch, count);
    }

    private static Tensor PositionTensor(AttentionLayout layout, Device device) =>
        tensor(Array.ConvertAll(layout.Positions!, static position => (long)position), device: device);

    /// <summary>[B or 1, 1, new tokens, keys] true where a query may not see a key; null where all see all.</summary>
    private static Tensor? HiddenKeys(KeyValueCache cache, int count, Device device)
    {
        if (count == 1 && !cache.HasPadding)
            return null;
        var keys = arange(cache.Length + count, ScalarType.Int64, device).view(1, 1, 1, -1);
        var places = arange(cache.Length, cache.Length + count, ScalarType.Int64, device).view(1, 1, -1, 1);
        var later = keys.gt(places);
        if (!cache.HasPadding)
            return later;
        // A padding token sees itself, so that its softmax has something to work on; nobody reads the result.
        var first = minimum(tensor(cache.PadCounts.ToArray(), ScalarType.Int64, device).view(-1, 1, 1, 1), places);
        return later.logical_or(keys.lt(first));
    }

    private static Tensor Attend(
        Tensor queryKeyValue, AttentionGeometry geometry, int layer, KeyValueCache cache, int count, Tensor positions, Tensor? hiddenKeys)
    {
        using var scope = NewDisposeScope();
        var (heads, groups, width) = (geometry.Heads, geometry.KeyValueHeads, geometry.HeadDim);
        var batch = cache.Batch;
        var all = queryKeyValue.view(batch, count, heads + (2 * groups), width).transpose(1, 2); // [B, H + 2K, T, D]
        var turned = all.narrow(1, 0, heads + groups);
        if (geometry.Rotary is { } rotary)
            turned = Rotate(turned, rotary, positions, batch, count);
        var (keys, values) = cache.Append(layer, turned.narrow(1, heads, groups), all.narrow(1, heads + groups, groups)); // [B, K, L, D]

        // The query heads of a key-value head are rows of one product: its keys are read once for all of them.
        var shared = heads / groups;
        var query = turned.narrow(1, 0, heads).reshape(batch, groups, (long)shared * count, width);
        var scores = query.matmul(keys.transpose(-2, -1)).to(ScalarType.Float32) * geometry.Scale; // [B, K, S * T, L]
        if (hiddenKeys is not null)
            scores = scores.view(batch, heads, count, -1).masked_fill(hiddenKeys, float.NegativeInfinity).view(batch, groups, (long)shared * count, -1);
        var mixed = nn.functional.softmax(scores, -1).to(values.dtype).matmul(values); // [B, K, S * T, D]
        return mixed.view(batch, heads, count, width).transpose(1, 2).reshape((long)batch * count, (long)heads * width).MoveToOuterDisposeScope();
    }

    private static Tensor Rotate(Tensor x, RotaryTable rotary, Tensor positions, int batch, int count)
    {
        var cosine = rotary.Cosines.index_select(0, positions).view(batch, 1, count, rotary.Half).to(x.dtype);
        var sine = rotary.Sines.index_select(0, positions).view(batch, 1, count, rotary.Half).to(x.dtype);
        var first = x.narrow(3, 0, rotary.Half);
        var second = x.narrow(3, rotary.Half, rotary.Half);
        return cat([(first * cosine) - (second * sine), (second * cosine) + (first * sine)], 3);
    }
}

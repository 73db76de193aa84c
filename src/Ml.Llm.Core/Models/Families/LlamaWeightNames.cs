namespace Ml.Llm.Models;

/// <summary>The names of LLaMA's weights.</summary>
internal sealed class LlamaWeightNames : WeightNames
{
    private const string Prefix = "model.";

    private LlamaWeightNames()
    {
    }

    internal static LlamaWeightNames Instance { get; } = new();

    internal override string Embedding => "model.embed_tokens.weight";

    internal override string? Canonical(string nameInFile)
    {
        if (nameInFile.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal))
            return null;
        return nameInFile == Head || nameInFile.StartsWith(Prefix, StringComparison.Ordinal) ? nameInFile : Prefix + nameInFile;
    }

    private protected override IEnumerable<FileWeight> Outer(DecoderShape shape)
    {
        yield return new(Embedding, [shape.VocabSize, shape.HiddenSize], ["embed_tokens"]);
        yield return new("model.norm.weight", [shape.HiddenSize], ["norm.weight"]);
        if (!shape.TiedHead)
            yield return new(Head, [shape.VocabSize, shape.HiddenSize], ["lm_head"]);
    }

    private protected override IEnumerable<FileWeight> Layer(DecoderShape shape, int layer)
    {
        long hidden = shape.HiddenSize, inner = shape.IntermediateSize;
        var (queries, keys) = ((long)shape.Heads * shape.HeadDim, (long)shape.KeyValueHeads * shape.HeadDim);
        var (theirs, ours) = ($"{Prefix}layers.{layer}", $"layers.{layer}");
        (string Theirs, string Ours, long Out, long In, bool Bias)[] products =
        [
            ("self_attn.q_proj", "q", queries, hidden, shape.QueryKeyValueBias),
            ("self_attn.k_proj", "k", keys, hidden, shape.QueryKeyValueBias),
            ("self_attn.v_proj", "v", keys, hidden, shape.QueryKeyValueBias),
            ("self_attn.o_proj", "o", hidden, queries, shape.AttentionOutputBias),
            ("mlp.gate_proj", "gate", inner, hidden, shape.FeedForwardBias),
            ("mlp.up_proj", "up", inner, hidden, shape.FeedForwardBias),
            ("mlp.down_proj", "down", hidden, inner, shape.FeedForwardBias),
        ];
        foreach (var product in products)
        {
            yield return new($"{theirs}.{product.Theirs}.weight", [product.Out, product.In], [$"{ours}.{product.Ours}.weight"]);
            if (product.Bias)
                yield return new($"{theirs}.{product.Theirs}.bias", [product.Out], [$"{ours}.{product.Ours}.bias"]);
        }

        yield return new($"{theirs}.input_layernorm.weight", [hidden], [$"{ours}.norm1.weight"]);
        yield return new($"{theirs}.post_attention_layernorm.weight", [hidden], [$"{ours}.norm2.weight"]);
    }
}

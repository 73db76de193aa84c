namespace Ml.Llm.Models;

/// <summary>The names of GPT-2's weights. Its products are Conv1D: [in, out] in the file, with query, key and value in one tensor.</summary>
internal sealed class Gpt2WeightNames : WeightNames
{
    private const string Prefix = "transformer.";

    private Gpt2WeightNames()
    {
    }

    internal static Gpt2WeightNames Instance { get; } = new();

    internal override string Embedding => "transformer.wte.weight";

    internal override string? Canonical(string nameInFile)
    {
        if (nameInFile == Head)
            return nameInFile;
        var name = nameInFile.StartsWith(Prefix, StringComparison.Ordinal) ? nameInFile : Prefix + nameInFile;
        // The first files hold the causal mask beside the weights.
        var isMask = name.EndsWith(".attn.bias", StringComparison.Ordinal) || name.EndsWith(".attn.masked_bias", StringComparison.Ordinal);
        return isMask ? null : name;
    }

    private protected override IEnumerable<FileWeight> Outer(DecoderShape shape)
    {
        yield return new(Embedding, [shape.VocabSize, shape.HiddenSize], ["embed_tokens"]);
        yield return new("transformer.wpe.weight", [shape.MaxPositions, shape.HiddenSize], ["embed_positions"]);
        yield return new("transformer.ln_f.weight", [shape.HiddenSize], ["norm.weight"]);
        yield return new("transformer.ln_f.bias", [shape.HiddenSize], ["norm.bias"]);
        if (!shape.TiedHead)
            yield return new(Head, [shape.VocabSize, shape.HiddenSize], ["lm_head"]);
    }

    private protected override IEnumerable<FileWeight> Layer(DecoderShape shape, int layer)
    {
        long hidden = shape.HiddenSize, inner = shape.IntermediateSize;
        var (theirs, ours) = ($"{Prefix}h.{layer}", $"layers.{layer}");
        (string Theirs, string[] Ours, long Out, long In)[] products =
        [
            ("attn.c_attn", ["q", "k", "v"], 3 * hidden, hidden),
            ("attn.c_proj", ["o"], hidden, hidden),
            ("mlp.c_fc", ["up"], inner, hidden),
            ("mlp.c_proj", ["down"], hidden, inner),
        ];
        foreach (var product in products)
        {
            yield return new($"{theirs}.{product.Theirs}.weight", [product.In, product.Out], [.. product.Ours.Select(part => $"{ours}.{part}.weight")], Transposed: true);
            yield return new($"{theirs}.{product.Theirs}.bias", [product.Out], [.. product.Ours.Select(part => $"{ours}.{part}.bias")]);
        }

        foreach (var (norm, own) in new[] { ("ln_1", "norm1"), ("ln_2", "norm2") })
        {
            yield return new($"{theirs}.{norm}.weight", [hidden], [$"{ours}.{own}.weight"]);
            yield return new($"{theirs}.{norm}.bias", [hidden], [$"{ours}.{own}.bias"]);
        }
    }
}

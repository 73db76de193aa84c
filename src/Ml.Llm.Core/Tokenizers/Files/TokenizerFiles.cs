using System.Text.Json;

namespace Ml.Llm.Tokenization;

/// <summary>
/// The files beside tokenizer.json: tokenizer_config.json and special_tokens_map.json, and what config.json says of tokens.
/// </summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class TokenizerFiles
{
    public const string Tokenizer = "tokenizer.json";
    public const string Config = "tokenizer_config.json";
    public const string SpecialTokensMap = "special_tokens_map.json";
    public const string ModelConfig = "config.json";

    /// <summary>What Hugging Face writes for "no limit": the whole number nearest to 1e30 as a double.</summary>
    private const string NoLimit = "1000000000000000019884624838656";

    private static readonly string[] s_bosNames = ["<s>", "<|begin_of_text|>", "<bos>", "[BOS]", "<|startoftext|>", "<|endoftext|>"];
    private static readonly string[] s_eosNames = ["<|endoftext|>", "</s>", "<|end_of_text|>", "<eos>", "[EOS]"];
    private static readonly string[] s_padNames = ["<pad>", "<|pad|>", "[PAD]", "<|padding|>"];
    private static readonly string[] s_unknownNames = ["<unk>", "[UNK]", "<|unk|>"];

    /// <summary>Finds the special ids and the longest length; later files fill what earlier ones leave open.</summary>
    public static (SpecialTokenIds Ids, int? MaxLength) ReadSpecialTokens(TokenizerPipeline pipeline, Func<string, byte[]?> open, string folder)
    {
        var ids = new SpecialTokenIds();
        int? maxLength = null;
        if (open(Config) is { } config)
        {
            (ids, maxLength) = JsonPart.Read(
                config, Path.Combine(folder, Config), root => (FillFromNames(ids, root, pipeline), MaxLength(root.Optional("model_max_length"))));
        }

        if (open(SpecialTokensMap) is { } map)
            ids = JsonPart.Read(map, Path.Combine(folder, SpecialTokensMap), root => FillFromNames(ids, root, pipeline));
        if (open(ModelConfig) is { } model)
            ids = JsonPart.Read(model, Path.Combine(folder, ModelConfig), root => FillFromIds(ids, root, pipeline));
        return (FillFromUsualNames(ids, pipeline), maxLength);
    }

    /// <summary>The special ids that the usual names of special tokens tell.</summary>
    public static SpecialTokenIds FillFromUsualNames(SpecialTokenIds ids, TokenizerPipeline pipeline)
    {
        var special = pipeline.AddedTokens.Where(token => token.Special).ToDictionary(token => token.Content, token => token.Id);
        return ids with
        {
            Bos = ids.Bos ?? Find(s_bosNames),
            Eos = ids.Eos ?? Find(s_eosNames),
            Pad = ids.Pad ?? Find(s_padNames),
            Unknown = ids.Unknown ?? (pipeline.Model.UnknownToken is { } unknown ? pipeline.IdOf(unknown) : Find(s_unknownNames)),
        };

        int? Find(string[] names)
        {
            foreach (var name in names)
                if (special.TryGetValue(name, out var id))
                    return id;
            return null;
        }
    }

    /// <summary>The content of tokenizer_config.json.</summary>
    public static byte[] WriteConfig(LanguageModelTokenizer tokenizer, int? maxLength)
    {
        var output = new JsonOutput(indented: true);
        output.BeginObject();
        WriteNamed(output, "bos_token", tokenizer.SpecialTokens.Bos, tokenizer);
        output.Truth("clean_up_tokenization_spaces", false);
        WriteNamed(output, "eos_token", tokenizer.SpecialTokens.Eos, tokenizer);
        output.Name("model_max_length");
        if (maxLength is { } length) output.Integer(length);
        else output.Literal(NoLimit);
        WriteNamed(output, "pad_token", tokenizer.SpecialTokens.Pad, tokenizer);
        output.Text("tokenizer_class", "PreTrainedTokenizerFast");
        WriteNamed(output, "unk_token", tokenizer.SpecialTokens.Unknown, tokenizer);
        output.EndObject();
        return output.ToBytes();
    }

    /// <summary>The content of special_tokens_map.json.</summary>
    public static byte[] WriteSpecialTokensMap(LanguageModelTokenizer tokenizer)
    {
        var output = new JsonOutput(indented: true);
        output.BeginObject();
        WriteNamed(output, "bos_token", tokenizer.SpecialTokens.Bos, tokenizer);
        WriteNamed(output, "eos_token", tokenizer.SpecialTokens.Eos, tokenizer);
        WriteNamed(output, "pad_token", tokenizer.SpecialTokens.Pad, tokenizer);
        WriteNamed(output, "unk_token", tokenizer.SpecialTokens.Unknown, tokenizer);
        output.EndObject();
        return output.ToBytes();
    }

    private static void WriteNamed(JsonOutput output, string name, int? id, LanguageModelTokenizer tokenizer)
    {
        if (id is { } known && tokenizer.TokenOf(known) is { } token) output.Text(name, token);
    }

    private static SpecialTokenIds FillFromNames(SpecialTokenIds ids, JsonPart root, TokenizerPipeline pipeline) => ids with
    {
        Bos = ids.Bos ?? NamedId(root.Optional("bos_token"), pipeline),
        Eos = ids.Eos ?? NamedId(root.Optional("eos_token"), pipeline),
        Pad = ids.Pad ?? NamedId(root.Optional("pad_token"), pipeline),
        Unknown = ids.Unknown ?? NamedId(root.Optional("unk_token"), pipeline),
    };

    private static SpecialTokenIds FillFromIds(SpecialTokenIds ids, JsonPart root, TokenizerPipeline pipeline) => ids with
    {
        Bos = ids.Bos ?? ListedId(root.Optional("bos_token_id"), pipeline),
        Eos = ids.Eos ?? ListedId(root.Optional("eos_token_id"), pipeline),
        Pad = ids.Pad ?? ListedId(root.Optional("pad_token_id"), pipeline),
    };

    /// <summary>The id of a token that a file names by text, or by an object with a content; null for one the vocabulary lacks.</summary>
    private static int? NamedId(JsonPart part, TokenizerPipeline pipeline)
    {
        if (part.IsNull) return null;
        var token = part.Element.ValueKind == JsonValueKind.Object ? part.Required("content").Text() : part.Text();
        return pipeline.IdOf(token);
    }

    /// <summary>An id, or the first of several; null for one that the vocabulary lacks.</summary>
    private static int? ListedId(JsonPart part, TokenizerPipeline pipeline)
    {
        if (part.Element.ValueKind == JsonValueKind.Array) part = part.Items().FirstOrDefault(part);
        if (part.Element.ValueKind != JsonValueKind.Number || !part.Element.TryGetInt32(out var id)) return null;
        return pipeline.TokenOf(id) is null ? null : id;
    }

    private static int? MaxLength(JsonPart part)
    {
        if (part.IsNull) return null;
        part.RequireKind(JsonValueKind.Number, "a number");
        return part.Element.TryGetInt32(out var length) && length > 0 ? length : null;
    }
}

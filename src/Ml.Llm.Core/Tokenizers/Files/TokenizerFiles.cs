using System.Text.Json;

namespace Ml.Llm.Tokenization;

/// <summary>
/// Reads the files beside tokenizer.json: tokenizer_config.json, special_tokens_map.json and chat templates, and what config.json
/// says of tokens.
/// </summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class TokenizerFiles
{
    public const string Tokenizer = "tokenizer.json";
    public const string Config = "tokenizer_config.json";
    public const string SpecialTokensMap = "special_tokens_map.json";
    public const string ModelConfig = "config.json";

    // Names that tell a token's meaning where no file does.
    private static readonly Dictionary<string, string[]> s_usualNames = new()
    {
        ["bos_token"] = ["<s>", "<|begin_of_text|>", "<bos>", "[BOS]", "<|startoftext|>", "<|endoftext|>"],
        ["eos_token"] = ["<|endoftext|>", "</s>", "<|end_of_text|>", "<eos>", "[EOS]"],
        ["pad_token"] = ["<pad>", "<|pad|>", "[PAD]", "<|padding|>"],
        ["unk_token"] = ["<unk>", "[UNK]", "<|unk|>"],
        ["cls_token"] = ["[CLS]"],
        ["sep_token"] = ["[SEP]"],
        ["mask_token"] = ["[MASK]", "<mask>"],
    };

    /// <summary>Reads the files, and finds the special ids and the longest length; later files fill what earlier ones leave open.</summary>
    /// <param name="pipeline">The tokenizer.</param>
    /// <param name="open">Gives the bytes of a file by its name, or null.</param>
    /// <param name="names">The names of all files, '/' between folder and file: those of chat templates are free.</param>
    /// <param name="folder">What to call the place in complaints.</param>
    public static TokenizerSideFiles Read(TokenizerPipeline pipeline, Func<string, byte[]?> open, IEnumerable<string> names, string folder)
    {
        var ids = new SpecialTokenIds();
        int? maxLength = null;
        var (config, map) = (open(Config), open(SpecialTokensMap));
        if (config is not null)
            (ids, maxLength) = JsonPart.Read(config, Path.Combine(folder, Config), root => (FillFromNames(ids, root, pipeline), MaxLength(root.Optional("model_max_length"))));
        if (map is not null) ids = JsonPart.Read(map, Path.Combine(folder, SpecialTokensMap), root => FillFromNames(ids, root, pipeline));
        if (open(ModelConfig) is { } model)
            ids = JsonPart.Read(model, Path.Combine(folder, ModelConfig), root => FillFromIds(ids, root, pipeline));
        return new TokenizerSideFiles(
            config,
            map,
            open(ChatTemplateSet.FileName),
            AdditionalChatTemplates.Read(names, open, folder),
            FillFromUsualNames(ids, pipeline),
            maxLength,
            pipeline.AddedTokens);
    }

    /// <summary>The special ids that the usual names of special tokens tell.</summary>
    public static SpecialTokenIds FillFromUsualNames(SpecialTokenIds ids, TokenizerPipeline pipeline)
    {
        var special = pipeline.AddedTokens.Where(token => token.Special).ToDictionary(token => token.Content, token => token.Id);
        if (pipeline.Model.UnknownToken is { } unknown) ids = ids with { Unknown = ids.Unknown ?? pipeline.IdOf(unknown) };
        return SpecialTokenName.All.Aggregate(ids, (filled, name) => name.With(filled, name.Get(filled) ?? Find(s_usualNames[name.Key])));

        int? Find(string[] names)
        {
            foreach (var name in names)
                if (special.TryGetValue(name, out var id))
                    return id;
            return null;
        }
    }

    private static SpecialTokenIds FillFromNames(SpecialTokenIds ids, JsonPart root, TokenizerPipeline pipeline)
    {
        // What is kept is written again, so all of its text must be text.
        JsonCopy.Write(new JsonOutput(), root.Element);
        ids = SpecialTokenName.All.Aggregate(ids, (filled, name) => name.With(filled, name.Get(filled) ?? NamedId(root.Optional(name.Key), pipeline)));
        return ids.AdditionalSpecialTokens.Count > 0
            ? ids
            : ids with { AdditionalSpecialTokens = NamedIds(root.Optional(SpecialTokenName.Additional)).Concat(NamedIds(root.Optional(SpecialTokenName.Extra))).ToArray() };

        IEnumerable<int> NamedIds(JsonPart part)
        {
            // A list of tokens, or an object that gives each of them a name of its own.
            var tokens = part.IsNull ? []
                : part.Element.ValueKind == JsonValueKind.Object ? part.Element.EnumerateObject().Select(field => part.Required(field.Name))
                : part.Items();
            foreach (var token in tokens)
                if (NamedId(token, pipeline) is { } id)
                    yield return id;
        }
    }

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

using System.Globalization;
using System.Text.Json;

namespace Ml.Llm.Tokenization;

/// <summary>
/// What the files beside a vocabulary say of its tokenizer: tokenizer_config.json, special_tokens_map.json, added_tokens.json,
/// and of config.json the kind of model. Earlier files win.
/// </summary>
/// <threadsafety>Immutable once read.</threadsafety>
internal sealed class TokenizerSettings
{
    /// <summary>Tokens of their own numbers: an object of contents and ids.</summary>
    public const string AddedTokensFile = "added_tokens.json";

    private static readonly string[] s_switchNames =
    [
        "do_lower_case", "do_basic_tokenize", "strip_accents", "tokenize_chinese_chars", "add_prefix_space", "legacy",
        "add_bos_token", "add_eos_token", "keep_accents",
    ];

    // The class that Transformers takes for a kind of model where no file names one.
    private static readonly Dictionary<string, string> s_classes = new(StringComparer.Ordinal)
    {
        ["albert"] = "AlbertTokenizer", ["bart"] = "BartTokenizer", ["bert"] = "BertTokenizer", ["clip"] = "CLIPTokenizer",
        ["codegen"] = "CodeGenTokenizer", ["distilbert"] = "DistilBertTokenizer", ["electra"] = "ElectraTokenizer",
        ["gemma"] = "GemmaTokenizer", ["gemma2"] = "GemmaTokenizer", ["gpt2"] = "GPT2Tokenizer", ["llama"] = "LlamaTokenizer",
        ["mistral"] = "LlamaTokenizer", ["mt5"] = "T5Tokenizer", ["openai-gpt"] = "OpenAIGPTTokenizer", ["phi3"] = "LlamaTokenizer",
        ["qwen2"] = "Qwen2Tokenizer", ["qwen3"] = "Qwen2Tokenizer", ["roberta"] = "RobertaTokenizer", ["t5"] = "T5Tokenizer",
        ["xlm-roberta"] = "XLMRobertaTokenizer",
    };

    private readonly Dictionary<string, bool> _switches = [];
    private readonly Dictionary<string, AddedToken?> _tokens = [];
    private readonly SortedDictionary<int, AddedToken> _numbered = [];
    private readonly List<AddedToken> _additional = [];

    /// <summary>The class of Transformers, without "Fast"; null where none is named, or one that stands for any file.</summary>
    public string? Class { get; private set; }

    /// <summary>How many sentinels T5 has; null: not said.</summary>
    public int? ExtraIds { get; private set; }

    /// <summary>Tokens of their own numbers, in the order of these.</summary>
    public IReadOnlyCollection<AddedToken> Numbered => _numbered.Values;

    /// <summary>Further special tokens.</summary>
    public IReadOnlyList<AddedToken> Additional => _additional;

    /// <summary>Reads the files.</summary>
    /// <param name="open">Gives the bytes of a file by its name, or null.</param>
    /// <param name="folder">What to call the place in complaints.</param>
    /// <exception cref="ModelFormatException">A file is broken.</exception>
    public static TokenizerSettings Read(Func<string, byte[]?> open, string folder)
    {
        var settings = new TokenizerSettings();
        string? kind = null;
        ReadFile(TokenizerFiles.Config, settings.ReadConfig);
        ReadFile(TokenizerFiles.SpecialTokensMap, settings.ReadTokens);
        ReadFile(AddedTokensFile, settings.ReadAddedTokens);
        ReadFile(TokenizerFiles.ModelConfig, root => kind = root.Optional("model_type").TextOrNull());
        settings.Class = settings.Class switch
        {
            null => kind is null ? null : s_classes.GetValueOrDefault(kind),
            "PreTrainedTokenizer" or "TokenizersBackend" => null,
            var named => named,
        };
        return settings;

        void ReadFile(string name, Action<JsonPart> read)
        {
            if (open(name) is not { } bytes) return;
            JsonPart.Read(bytes, Path.Combine(folder, name), root =>
            {
                read(root);
                return true;
            });
        }
    }

    /// <summary>Settings that come from elsewhere.</summary>
    /// <param name="className">The class of Transformers; null: none.</param>
    /// <param name="switches">The switches that are said.</param>
    /// <param name="tokens">All special tokens by their keys; those that are left out are said to be none.</param>
    public static TokenizerSettings Of(string? className, IReadOnlyDictionary<string, bool> switches, IReadOnlyDictionary<string, string> tokens)
    {
        var settings = new TokenizerSettings { Class = className };
        foreach (var (name, value) in switches) settings._switches[name] = value;
        foreach (var name in SpecialTokenName.All) settings._tokens[name.Key] = tokens.TryGetValue(name.Key, out var token) ? new AddedToken(0, token) : null;
        return settings;
    }

    /// <summary>A switch of tokenizer_config.json; null: not said.</summary>
    public bool? Switch(string name) => _switches.TryGetValue(name, out var value) ? value : null;

    /// <summary>The special token of a name such as bos_token; a null that the files say counts as said.</summary>
    /// <returns>Whether the files say it.</returns>
    public bool TryGetToken(string key, out AddedToken? token) => _tokens.TryGetValue(key, out token);

    private void ReadConfig(JsonPart root)
    {
        const string Fast = "Fast";
        if (root.Optional("tokenizer_class").TextOrNull() is { } named)
            Class = named.EndsWith(Fast, StringComparison.Ordinal) ? named[..^Fast.Length] : named;
        foreach (var name in s_switchNames)
            if (root.Optional(name) is { IsNull: false } part)
                _switches[name] = part.Truth();
        if (root.Optional("extra_ids") is { IsNull: false } extra) ExtraIds = extra.Integer(1 << 16);
        if (root.Optional("never_split") is { IsNull: false } kept && kept.Items().Any())
            throw kept.Problem("words that are never split are not supported; name them as added tokens");
        ReadTokens(root);
        if (root.Optional("added_tokens_decoder") is { IsNull: false } numbered) ReadNumbered(numbered);
    }

    private void ReadNumbered(JsonPart part)
    {
        part.RequireKind(JsonValueKind.Object, "an object");
        foreach (var field in part.Element.EnumerateObject())
        {
            var token = part.Required(field.Name);
            if (!int.TryParse(field.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id > TokenizerJsonReader.LargestId)
                throw token.Problem($"an id must be a whole number from 0 to {TokenizerJsonReader.LargestId}");
            _numbered[id] = TokenOf(token, special: false) with { Id = id };
        }
    }

    private void ReadTokens(JsonPart root)
    {
        foreach (var key in SpecialTokenName.All.Select(name => name.Key))
        {
            var part = root.Optional(key);
            if (part.Element.ValueKind != JsonValueKind.Undefined && !_tokens.ContainsKey(key)) _tokens[key] = part.IsNull ? null : TokenOf(part, special: true);
        }

        if (_additional.Count > 0) return;
        foreach (var list in new[] { root.Optional(SpecialTokenName.Additional), root.Optional(SpecialTokenName.Extra) })
        {
            if (list.Element.ValueKind == JsonValueKind.Array) _additional.AddRange(list.Items().Select(item => TokenOf(item, special: true)));
        }
    }

    private void ReadAddedTokens(JsonPart root)
    {
        foreach (var field in root.Element.EnumerateObject())
        {
            var id = root.Required(field.Name).Integer(TokenizerJsonReader.LargestId);
            _numbered.TryAdd(id, new AddedToken(id, field.Name, Normalized: true, Special: false));
        }
    }

    /// <summary>A token given as text, or as an object of its content and flags.</summary>
    private static AddedToken TokenOf(JsonPart part, bool special)
    {
        if (part.Element.ValueKind == JsonValueKind.String) return new AddedToken(0, part.Text(), Special: special);
        part.RequireKind(JsonValueKind.Object, "a token, as text or as an object");
        return new AddedToken(
            0,
            part.Required("content").Text(),
            part.Truth("single_word", otherwise: false),
            part.Truth("lstrip", otherwise: false),
            part.Truth("rstrip", otherwise: false),
            part.Truth("normalized", otherwise: !special),
            part.Truth("special", otherwise: special));
    }
}

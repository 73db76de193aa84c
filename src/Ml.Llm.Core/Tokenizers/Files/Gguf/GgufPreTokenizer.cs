namespace Ml.Llm.Tokenization;

/// <summary>What a name of <c>tokenizer.ggml.pre</c> stands for: how text is cut into pieces for BPE, and what goes with it.</summary>
/// <param name="Splitter">What cuts.</param>
/// <param name="IgnoresMerges">Whether a piece that is a token is one, whatever the merges say.</param>
/// <param name="AddsBos">Whether texts begin with the begin token where the file does not say.</param>
/// <param name="Normalizer">What comes before; null: nothing.</param>
/// <remarks>
/// <para>The names and what they stand for are llama.cpp's. It cuts by one pattern after the other, each within the pieces of those
/// before; what a pattern matches is a piece, and so is what lies between.</para>
/// <para>In two things the tokenizer of the models themselves is followed, where llama.cpp comes near it: Qwen 2 has normal form C,
/// and the patterns of Tekken and o200k tell upper from lower case outside ASCII too.</para>
/// </remarks>
/// <threadsafety>Immutable.</threadsafety>
internal sealed record GgufPreTokenizer(IPreTokenizer Splitter, bool IgnoresMerges = false, bool AddsBos = false, INormalizer? Normalizer = null)
{
    /// <summary>The name that stands for files that have none.</summary>
    public const string Default = "default";

    private const string Punctuation = @"[\p{P}\$\+<=>\^~\|]+";
    private const string FalconPunctuation = @"[\p{P}\$\+<=>\^~\|`]+";
    private const string ThreeDigits = "[0-9][0-9][0-9]";
    private const string UpToThreeNumbers = @"\p{N}{1,3}";
    private const string BloomWords = @" ?[^(\s|.,!?…。，、।۔،)]+";
    private const string ChineseAndKorean = "[一-龥ࠀ-一가-퟿]+";
    private const string ChineseAndKana = "[一-龥぀-ゟ゠-ヿ]+";
    private const string DeepSeek3Words =
        @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string Qwen35Words =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string SeedCoderWords =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string TekkenWords =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
        + @"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    // Made when a name is asked for: compiling all patterns would cost more than a tokenizer.
    private static readonly (string[] Names, Func<GgufPreTokenizer> Make)[] s_forms =
    [
        ([Default], () => new(By(Punctuation, Gpt2Pattern.Text, @"\p{N}+", ThreeDigits))),
        (
            [
                "gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "exaone4", "gigachat", "mellum", "modern-bert", "a.x-4.0",
                "roberta-bpe", "jina-es", "jina-de", "jina-v1-en", "jina-v2-es", "jina-v2-de", "jina-v2-code",
            ],
            () => new(AsGpt2())),
        (
            ["starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b", "mellum2"],
            () => new(new SequencePreTokenizer([new DigitsPreTokenizer(individualDigits: true), AsGpt2()]))),
        (["falcon"], () => new(By(FalconPunctuation, Gpt2Pattern.Text, ThreeDigits))),
        (
            ["llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "jina-v5-nano"],
            () => new(By(Cl100kPattern.Text), IgnoresMerges: true, AddsBos: true)),
        (["dbrx", "smaug-bpe", "glm4", "chatglm-bpe"], () => new(By(Cl100kPattern.Text))),
        (["qwen2"], () => new(By(Cl100kPattern.Qwen2Text), Normalizer: new UnicodeNormalizer(NormalForm.Nfc))),
        (["deepseek-r1-qwen", "kormo", "f2llmv2", "megrez", "stablelm2", "hunyuan", "solar-open", "grok-2"], () => new(By(Cl100kPattern.Qwen2Text))),
        (["qwen35"], () => new(By(Qwen35Words))),
        (["seed-coder"], () => new(By(SeedCoderWords))),
        (["deepseek-coder"], () => new(Chain([Isolated(@"[\r\n]"), Isolated(@"\s?\p{L}+"), Isolated(@"\s?\p{P}+"), Isolated(ChineseAndKorean), new DigitsPreTokenizer(individualDigits: true)]))),
        (["deepseek-v3", "hunyuan-dense", "joyai-llm"], () => new(By(UpToThreeNumbers, ChineseAndKana, DeepSeek3Words))),
        (["gpt-4o", "llama4"], () => new(By(O200kPattern.Text))),
        (["tekken"], () => new(By(TekkenWords), IgnoresMerges: true, AddsBos: true)),
        (["bloom", "poro-chat", "gpt3-finnish"], () => new(By(BloomWords))),
        (["viking"], () => new(By(BloomWords, @"\p{N}"))),
    ];

    private static readonly Dictionary<string, Func<GgufPreTokenizer>> s_byName = s_forms
        .SelectMany(static form => form.Names.Select(name => KeyValuePair.Create(name, form.Make)))
        .ToDictionary(StringComparer.Ordinal);

    /// <summary>The names that are known.</summary>
    public static IEnumerable<string> Names => s_forms.SelectMany(static form => form.Names);

    /// <summary>What a name stands for; null: it is not known.</summary>
    public static GgufPreTokenizer? Find(string name) => s_byName.TryGetValue(name, out var make) ? make() : null;

    private static ByteLevelPreTokenizer AsGpt2() => new(new ByteLevelOptions(AddPrefixSpace: false));

    private static SequencePreTokenizer By(params string[] patterns) => Chain([.. patterns.Select(Isolated)]);

    private static SequencePreTokenizer Chain(IReadOnlyList<IPreTokenizer> splits) =>
        new([.. splits, new ByteLevelPreTokenizer(new ByteLevelOptions(AddPrefixSpace: false, TrimOffsets: false, UseRegex: false))]);

    private static IPreTokenizer Isolated(string pattern) => new SplitPreTokenizer(new GivenPattern(pattern, isExpression: true), SplitBehavior.Isolated, invert: false);
}

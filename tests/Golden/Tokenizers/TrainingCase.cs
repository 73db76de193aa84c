using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ml.Llm.Golden.Tests.Tokenizers;

/// <summary>One case of training: its texts, its options as ours, and what came out at the peer. Anything unknown in it fails by name.</summary>
internal sealed partial class TrainingCase
{
    private readonly string _folder;
    private readonly JsonElement? _tokenizer;

    private TrainingCase(string folder)
    {
        _folder = folder;
        Json = Tests.Json.Read(Path.Combine(folder, "case.json"));
        _tokenizer = File.Exists(Path.Combine(folder, "tokenizer.json")) ? Tests.Json.Read(Path.Combine(folder, "tokenizer.json")) : null;
    }

    /// <summary>The case itself.</summary>
    public JsonElement Json { get; }

    /// <summary>The special tokens that the case asks for.</summary>
    public string[] SpecialTokens => Json.Get("options").TryGetProperty("special_tokens", out var tokens) ? tokens.Deserialize<string[]>()! : [];

    /// <summary>Pieces with their scores, where the case gives no whole tokenizer.</summary>
    public JsonElement ExpectedPieces => Tests.Json.Read(Path.Combine(_folder, "vocab.json"));

    /// <summary>All tokens of the peer's vocabulary.</summary>
    public IReadOnlyCollection<string> ExpectedTokens => _tokenizer is null
        ? [.. ExpectedPieces.Items("pieces").Select(piece => piece[0].GetString()!), .. ExpectedPieces.Get("floor_characters").Deserialize<string[]>()!]
        : [.. Expected("model").Get("vocab").EnumerateObject().Select(token => token.Name)];

    /// <summary>Whether the size is that of the peer to the token.</summary>
    public bool HasExactSize => Json.Get("exact").ValueKind != JsonValueKind.False;

    public static TrainingCase Read(string folder) => new(folder);

    /// <summary>A part of the peer's tokenizer.</summary>
    public JsonElement Expected(string part) => (_tokenizer ?? throw new AssertFailedException($"{_folder} has no tokenizer.json.")).Get(part);

    /// <summary>The model of a tokenizer as its file would hold it.</summary>
    public JsonElement ModelOf(LanguageModelTokenizer tokenizer) => JsonSerializer.Deserialize<JsonElement>(tokenizer.ToJsonBytes()).Get("model");

    /// <summary>Trains as the case asks.</summary>
    public LanguageModelTokenizer Train(CancellationToken cancellationToken)
    {
        foreach (var field in Json.EnumerateObject())
        {
            if (field.Name is not ("input" or "lines" or "trainer" or "options" or "pre_tokenizer" or "normalizer" or "exact" or "about_order" or "tolerance"
                or "vocabulary_size" or "tokens_of_first_2000_lines" or "log_likelihood_of_first_2000_lines" or "floor_score"))
                Assert.Fail($"The field {field.Name} of case.json is not known to this test.");
        }

        var texts = Texts(Json.Text("input"));
        return Json.Text("trainer") switch
        {
            "BpeTrainer" => BytePairEncodingTrainer.Train(texts, BytePairOptions(), cancellationToken: cancellationToken),
            "WordPieceTrainer" => WordPieceTrainer.Train(texts, WordPieceOptions(), cancellationToken: cancellationToken),
            "WordLevelTrainer" => WordLevelTrainer.Train(texts, WordLevelOptions(), cancellationToken: cancellationToken),
            "UnigramTrainer" => UnigramTrainer.Train(texts, UnigramOptions(), cancellationToken: cancellationToken),
            var other => throw new AssertFailedException($"The trainer {other} is not known to this test."),
        };
    }

    /// <summary>The ids of the first lines of the corpus, special tokens in the text recognized.</summary>
    public List<int> EncodeLines(LanguageModelTokenizer tokenizer, int count)
    {
        var input = Json.Text("input");
        var lines = input.EndsWith(".tsv", StringComparison.Ordinal) ? TokenizerCases.Corpus("corpus.txt.gz") : Texts(input);
        var options = new TokenEncodingOptions { AddSpecialTokens = false, ParseSpecialTokens = true };
        return [.. lines.Take(count).SelectMany(line => tokenizer.Encode(line, options).Ids)];
    }

    [GeneratedRegex("^(?<file>[^:]+): only the lines all of whose characters occur at least (?<least>[0-9]+) times in the whole file$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FrequentLines();

    private IEnumerable<string> Texts(string input)
    {
        if (input.EndsWith(".txt.gz", StringComparison.Ordinal)) return TokenizerCases.Corpus(input);
        if (input.EndsWith(".tsv", StringComparison.Ordinal))
        {
            return File.ReadLines(Path.Combine(TokenizerCases.Root, "corpus", input)).Where(line => line.Length > 0).Select(line => line.Split('\t'))
                .SelectMany(parts => Enumerable.Repeat(parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture)));
        }

        if (FrequentLines().Match(input) is not { Success: true } match) throw new AssertFailedException($"The input \"{input}\" is not known to this test.");
        var lines = TokenizerCases.Corpus(match.Groups["file"].Value);
        var counts = lines.SelectMany(line => line.EnumerateRunes()).CountBy(rune => rune).ToDictionary();
        var least = int.Parse(match.Groups["least"].ValueSpan, CultureInfo.InvariantCulture);
        var kept = lines.Where(line => line.EnumerateRunes().All(rune => counts[rune] >= least)).ToList();
        Assert.AreEqual(Json.Integer("lines"), kept.Count);
        return kept;
    }

    private BytePairEncodingOptions BytePairOptions()
    {
        var result = new BytePairEncodingOptions
        {
            SpecialTokens = [],
            ByteLevel = false,
            UnknownToken = Expected("model").Get("unk_token").GetString(),
            Normalizer = Normalizer(),
            PreTokenizer = PreTokenizer(),
        };
        foreach (var option in Json.Get("options").EnumerateObject())
        {
            result = option.Name switch
            {
                "vocab_size" => result with { VocabularySize = option.Value.GetInt32() },
                "min_frequency" => result with { MinFrequency = option.Value.GetInt64() },
                "limit_alphabet" => result with { LimitAlphabet = option.Value.GetInt32() },
                "initial_alphabet" => result with { InitialAlphabet = option.Value.Deserialize<string[]>()! },
                "max_token_length" => result with { MaxTokenLength = option.Value.GetInt32() },
                "special_tokens" => result with { SpecialTokens = SpecialTokens },
                "continuing_subword_prefix" => result with { ContinuingSubwordPrefix = option.Value.GetString() },
                "end_of_word_suffix" => result with { EndOfWordSuffix = option.Value.GetString() },
                _ => throw NotKnown(option),
            };
        }

        return result;
    }

    private WordPieceOptions WordPieceOptions()
    {
        var model = Expected("model");
        var result = new WordPieceOptions
        {
            SpecialTokens = [],
            UnknownToken = model.Text("unk_token"),
            MaxInputCharactersPerWord = (int)model.Integer("max_input_chars_per_word"),
            ClassificationToken = null,
            SeparatorToken = null,
            Normalizer = Normalizer(),
            PreTokenizer = PreTokenizer(),
        };
        foreach (var option in Json.Get("options").EnumerateObject())
        {
            result = option.Name switch
            {
                "vocab_size" => result with { VocabularySize = option.Value.GetInt32() },
                "min_frequency" => result with { MinFrequency = option.Value.GetInt64() },
                "limit_alphabet" => result with { LimitAlphabet = option.Value.GetInt32() },
                "initial_alphabet" => result with { InitialAlphabet = option.Value.Deserialize<string[]>()! },
                "special_tokens" => result with { SpecialTokens = SpecialTokens },
                "continuing_subword_prefix" => result with { ContinuingSubwordPrefix = option.Value.GetString()! },
                _ => throw NotKnown(option),
            };
        }

        return result;
    }

    private WordLevelOptions WordLevelOptions()
    {
        var result = new WordLevelOptions
        {
            SpecialTokens = [],
            UnknownToken = Expected("model").Text("unk_token"),
            Normalizer = Normalizer(),
            PreTokenizer = PreTokenizer(),
        };
        foreach (var option in Json.Get("options").EnumerateObject())
        {
            result = option.Name switch
            {
                "vocab_size" => result with { VocabularySize = option.Value.GetInt32() },
                "min_frequency" => result with { MinFrequency = option.Value.GetInt64() },
                "special_tokens" => result with { SpecialTokens = SpecialTokens },
                _ => throw NotKnown(option),
            };
        }

        return result;
    }

    private UnigramOptions UnigramOptions()
    {
        var result = new UnigramOptions { SpecialTokens = [], UnknownToken = null, Normalizer = Normalizer(), PreTokenizer = PreTokenizer() };
        foreach (var option in Json.Get("options").EnumerateObject())
        {
            result = option.Name switch
            {
                "vocab_size" => result with { VocabularySize = option.Value.GetInt32() },
                "special_tokens" => result with { SpecialTokens = SpecialTokens },
                "unk_token" => result with { UnknownToken = option.Value.GetString() },
                "initial_alphabet" => result with { InitialAlphabet = option.Value.Deserialize<string[]>()! },
                "max_piece_length" => result with { MaxPieceLength = option.Value.GetInt32() },
                "shrinking_factor" => result with { ShrinkingFactor = option.Value.GetDouble() },
                "n_sub_iterations" => result with { SubIterations = option.Value.GetInt32() },
                _ => throw NotKnown(option),
            };
        }

        return result;
    }

    private NormalizerConfig? Normalizer() => Part("normalizer") is { } part ? NormalizerConfig.FromJson(part.GetRawText()) : null;

    private PreTokenizerConfig? PreTokenizer() => Part("pre_tokenizer") is { } part ? PreTokenizerConfig.FromJson(part.GetRawText()) : null;

    private JsonElement? Part(string name)
    {
        var part = Json.TryGetProperty(name, out var given) ? given : _tokenizer is { } tokenizer ? tokenizer.Get(name) : default;
        return part.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined ? null : part;
    }

    private static AssertFailedException NotKnown(JsonProperty option) => new($"The option {option.Name} is not known to this test.");
}

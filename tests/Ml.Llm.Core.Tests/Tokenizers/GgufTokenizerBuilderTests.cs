using System.Text.RegularExpressions;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

/// <summary>Tokenizers of GGUF files: how each kind cuts, frames and defaults, held against what llama.cpp does with the same values.</summary>
[TestClass]
public sealed class GgufTokenizerBuilderTests
{
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)";
    private const string EitherCase = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
    private const string Rest = @"\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Words = EitherCase + @"|[^\r\n\p{L}\p{N}]?\p{L}+|";
    private const string Marks = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|" + Rest;
    private const string UpperThenLower = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+";
    private const string UpperAlone = @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*";
    private const string MarksAndSlashes = @"| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + Rest;
    private const string Bloom = @" ?[^(\s|.,!?…。，、।۔،)]+";

    // The patterns as llama.cpp applies them, one after the other, by the names that it gives each list. Those of gpt-4o and tekken
    // are the models' own, which it notes beside forms of its own that tell cases apart in ASCII alone.
    private static readonly (string Names, string[] Patterns)[] s_patterns =
    [
        ("default", [@"[\p{P}\$\+<=>\^~\|]+", Gpt2, @"\p{N}+", "[0-9][0-9][0-9]"]),
        ("gpt-2 phi-2 mpt olmo jais trillion granite-docling exaone4 gigachat mellum modern-bert a.x-4.0", [Gpt2]),
        ("roberta-bpe jina-es jina-de jina-v1-en jina-v2-es jina-v2-de jina-v2-code", [Gpt2]),
        ("starcoder refact command-r smollm codeshell exaone minerva-7b mellum2", [@"\p{N}", Gpt2]),
        ("falcon", [@"[\p{P}\$\+<=>\^~\|`]+", Gpt2, "[0-9][0-9][0-9]"]),
        ("llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano dbrx smaug-bpe glm4 chatglm-bpe", [Words + @"\p{N}{1,3}" + Marks]),
        ("qwen2 deepseek-r1-qwen kormo f2llmv2 megrez stablelm2 hunyuan solar-open grok-2", [Words + @"\p{N}" + Marks]),
        ("qwen35", [EitherCase + @"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|" + Rest]),
        ("seed-coder", [Words + @"\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|" + Rest]),
        ("deepseek-coder", [@"[\r\n]", @"\s?\p{L}+", @"\s?\p{P}+", "[一-龥ࠀ-一가-퟿]+", @"\p{N}"]),
        (
            "deepseek-v3 hunyuan-dense joyai-llm",
            [@"\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+", @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|" + Rest]),
        ("gpt-4o llama4", [$"{UpperThenLower}{EitherCase}?|{UpperAlone}{EitherCase}?" + @"|\p{N}{1,3}" + MarksAndSlashes]),
        ("tekken", [$"{UpperThenLower}|{UpperAlone}" + @"|\p{N}" + MarksAndSlashes]),
        ("bloom poro-chat gpt3-finnish", [Bloom]),
        ("viking", [Bloom, @"\p{N}"]),
    ];

    private static readonly string[] s_texts =
    [
        "", " ", "I'll say: it's THEY'RE what we'd've don'T, 'twas X's", "7 42 365 1024 31415 2718281 ½ ٣٤٥٦ ⅷ x86 3.14%",
        "日本語の文章、カタカナ。漢字123한국어 テスト", "a\n\nb\r\n\r\n  c\n \t\n d   ", "  two  spaces\t\ttabs trailing  ", "\n", "   \n   ",
        "if (a != b) { return /* no */ x->y[0]; } // ok\n", "HTMLParser iPhone éCOLE Ünï `tick` $5+$6=<11>^~|", "e\u0301 ka\u0301n नमस्ते สวัสดี", "\u00A0x\u3000y\u2028z…!?/\n/\n",
        "(one, two). Three! «four» 五。", "'s 's\n't", "#tag @me a_b-c \\n",
    ];

    public static IEnumerable<object[]> Names => s_patterns.SelectMany(static row => row.Names.Split(' ').Select(name => new object[] { name, row.Patterns }));

    [TestMethod, DynamicData(nameof(Names))]
    public void Text_is_cut_by_one_pattern_after_the_other(string pre, string[] patterns)
    {
        var splitter = Build(Bytes() with { Pre = pre, BosId = 256 }).Pipeline.PreTokenizer!;
        foreach (var text in s_texts)
        {
            var expected = patterns.Aggregate((IEnumerable<string>)[text], static (pieces, pattern) => pieces.SelectMany(piece => Cut(piece, pattern))).Where(static piece => piece.Length > 0);
            Assert.AreSequenceEqual(expected.ToArray(), Split(splitter, text), text);
        }
    }

    [TestMethod]
    [DataRow("default", "it's $5 and 12345x", "it|'|s| |$|5| and| |123|45|x")]
    [DataRow("gpt-2", "it's  $5 and 12345x ", "it|'s| | $|5| and| 12345|x| ")]
    [DataRow("smollm", "it's 12345x", "it|'s| |1|2|3|4|5|x")]
    [DataRow("llama-bpe", "IT'S 12345x\n\n y", "IT|'S| |123|45|x|\n\n| y")]
    [DataRow("qwen2", "IT'S 123x\n\n y", "IT|'S| |1|2|3|x|\n\n| y")]
    [DataRow("deepseek-v3", "a.b 1234日本", "a|.b| |123|4|日本")]
    [DataRow("tekken", "HTMLParser École", "HTMLParser| École")]
    [DataRow("gpt-4o", "DON'T writeÉcole", "DON'T| write|École")]
    public void Well_known_cuts(string pre, string text, string expected) =>
        Assert.AreEqual(expected, string.Join('|', Split(Build(Bytes() with { Pre = pre, BosId = 256 }).Pipeline.PreTokenizer!, text)));

    [TestMethod]
    public void Every_name_is_tested_and_others_are_refused_by_name()
    {
        Assert.AreSequenceEqual(GgufPreTokenizer.Names.Order(StringComparer.Ordinal).ToArray(), Names.Select(static row => (string)row[0]).Order(StringComparer.Ordinal).ToArray());
        foreach (var unknown in new[] { "gpt2", "Llama3", "kimi-k2", "" })
        {
            var problem = Assert.ThrowsExactly<ModelFormatException>(() => Build(Bytes() with { Pre = unknown }));
            Assert.Contains($"tokenizer.ggml.pre: \"{unknown}\" is not known; default, gpt-2,", problem.Message);
        }

        Assert.Contains("\"rwkv\" is not known", Assert.ThrowsExactly<ModelFormatException>(() => Build(Bytes() with { Model = "rwkv" })).Message);
    }

    [TestMethod]
    public void What_the_file_does_not_say_follows_from_its_kind()
    {
        var text = Bytes() with { BosId = 256, EosId = 256 };
        foreach (var (pre, isLlama) in new[] { ("gpt-2", false), ("qwen2", false), ("glm4", false), ("llama-bpe", true), ("tekken", true) })
        {
            int[] word = isLlama ? [257] : [97, 98, 99];
            Assert.AreSequenceEqual([.. isLlama ? [256] : Array.Empty<int>(), .. word], Build(text with { Pre = pre }).Encode("abc").Ids.ToArray(), pre);
            Assert.AreSequenceEqual(word, Build(text with { Pre = pre, AddsBos = false }).Encode("abc").Ids.ToArray(), pre);
            Assert.AreSequenceEqual([256, .. word, 256], Build(text with { Pre = pre, AddsBos = true, AddsEos = true }).Encode("abc").Ids.ToArray(), pre);
        }

        // Composed first, as the tokenizer of Qwen 2 has it.
        Assert.AreEqual("é", Decoded(text with { Pre = "qwen2" }, "e\u0301"));
        Assert.AreEqual("e\u0301", Decoded(text with { Pre = "stablelm2" }, "e\u0301"));

        var llama = Build(Pieces() with { Model = "llama" });
        Assert.AreEqual((1, 2, 0), (llama.SpecialTokens.Bos, llama.SpecialTokens.Eos, llama.SpecialTokens.Unknown));
        Assert.AreEqual("<s>|▁a|b", Tokens(llama, "ab"));
        Assert.AreEqual("<s>|a|b", Tokens(Build(Pieces() with { Model = "llama", AddsSpacePrefix = false }), "ab"));

        var bert = new GgufTokenizerValues { Model = "bert", Tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "▁e", "▁é", "▁E"], UnknownId = 1, BosId = 2, SeparatorId = 3, PaddingId = 0 };
        Assert.AreEqual("[CLS]|e|e|[SEP]", Tokens(Build(bert), "E é"));
        Assert.AreEqual("[CLS]|E|é|[SEP]", Tokens(Build(bert with { Lowercases = false }), "E é"));
        Assert.AreEqual("[CLS]|e|é|[SEP]", Tokens(Build(bert with { StripsAccents = false }), "E é"));
    }

    [TestMethod]
    [DataRow(true, true)]
    [DataRow(true, false)]
    [DataRow(false, false)]
    public void Likelihoods_are_weighed_as_by_the_tokenizer_of_the_same_pieces(bool prefix, bool merges)
    {
        var values = Pieces() with { Model = "t5", EosId = 2, AddsSpacePrefix = prefix, RemovesExtraWhiteSpace = merges };
        var model = new SentencePieceBytes().Normalizer(3, prefix ? 1 : 0).Normalizer(4, merges ? 1 : 0);
        for (var id = 0; id < values.Tokens.Count; id++) model.Piece(values.Tokens[id], values.Scores![id], values.TokenTypes![id]);
        var files = new Dictionary<string, byte[]> { ["spiece.model"] = model.ToArray(), ["tokenizer_config.json"] = """{"unk_token": "<unk>"}"""u8.ToArray() };
        files["tokenizer.json"] = LanguageModelTokenizer.FromFiles(files.GetValueOrDefault, "model").ToJsonBytes();
        var (built, same) = (Build(values), LanguageModelTokenizer.FromFiles(files.GetValueOrDefault, "model"));

        foreach (var text in new[] { "ab ba", "a", "", "aab  abb b ", "x", "axxb <new>ab", "ｶ ab", "a\u0301" })
        {
            Assert.AreSequenceEqual([.. same.Encode(text).Ids, 2], built.Encode(text).Ids.ToArray(), text);
            Assert.AreEqual(same.Decode(same.Encode(text).Ids, skipSpecialTokens: true), built.Decode(built.Encode(text).Ids, skipSpecialTokens: true), text);
        }

        Assert.AreEqual(merges ? "▁a|b|▁b|a|</s>" : prefix ? "▁a|b|▁|▁b|a|</s>" : "a|b|▁|▁b|a|</s>", Tokens(built, "ab  ba"));
    }

    [TestMethod]
    public void The_usual_ids_of_t5_and_its_spaces_are_those_of_the_kind()
    {
        var values = new GgufTokenizerValues { Model = "t5", Tokens = ["<pad>", "</s>", "<unk>", "▁", "a", "▁a"], Scores = [0, 0, 0, -3, -2, -1], TokenTypes = [3, 3, 2, 1, 1, 1] };
        var built = Build(values);
        Assert.AreEqual((0, 1, 2), (built.SpecialTokens.Pad, built.SpecialTokens.Eos, built.SpecialTokens.Unknown));
        Assert.AreEqual("a|▁a|</s>", Tokens(built, "a a"));
        Assert.AreEqual("▁a|▁a|</s>", Tokens(Build(values with { RemovesExtraWhiteSpace = true }), "a a"), "each word has its space");
    }

    private static GgufTokenizerValues Pieces() => new()
    {
        Model = "",
        Tokens = ["<unk>", "<s>", "</s>", "▁", "a", "b", "▁a", "▁b", "<new>"],
        Scores = [0, 0, 0, -3, -4, -4, -1, -1.5f, 0],
        TokenTypes = [2, 3, 3, 1, 1, 1, 1, 1, 4],
    };

    // The bytes in their order, a token that begins texts, and a word without a merge.
    private static GgufTokenizerValues Bytes() => new()
    {
        Model = "gpt2",
        Tokens = [.. Enumerable.Range(0, 256).Select(static value => ByteAlphabet.Characters[value].ToString()), "<s>", "abc"],
        TokenTypes = [.. Enumerable.Repeat(1, 256), 3, 1],
        Merges = [],
    };

    private static LanguageModelTokenizer Build(GgufTokenizerValues values) => GgufTokenizerBuilder.Build(values, "model.gguf");

    private static string Tokens(LanguageModelTokenizer tokenizer, string text) => string.Join('|', tokenizer.Encode(text).Tokens);

    private static string Decoded(GgufTokenizerValues values, string text) => Build(values) is var tokenizer ? tokenizer.Decode(tokenizer.EncodeToIds(text)) : "";

    // Spelled in the byte alphabet, pieces are read back as text.
    private static string[] Split(IPreTokenizer splitter, string text)
    {
        var pieces = TextParts.Split(splitter, TextParts.Load(text));
        var bytes = Enumerable.Range(0, 256).ToDictionary(static value => ByteAlphabet.Characters[value], static value => (byte)value);
        return [.. pieces.Select(piece => System.Text.Encoding.UTF8.GetString([.. piece.Select(symbol => bytes[symbol])]))];
    }

    private static IEnumerable<string> Cut(string piece, string pattern)
    {
        var at = 0;
        foreach (Match match in Regex.Matches(piece, pattern, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(10)))
        {
            if (match.Length == 0) continue;
            yield return piece[at..match.Index];
            yield return match.Value;
            at = match.Index + match.Length;
        }

        yield return piece[at..];
    }
}

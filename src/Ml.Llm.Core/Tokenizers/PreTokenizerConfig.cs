using System.Text;
using Ml.Llm.Tokenization;

namespace Ml.Llm;

/// <summary>A pre-tokenizer to train a tokenizer with, written as tokenizer.json holds it: any that this library reads.</summary>
/// <threadsafety>Immutable.</threadsafety>
public sealed record PreTokenizerConfig
{
    private PreTokenizerConfig(string json) => Json = json;

    /// <summary>Runs of word characters, and runs of others that are no white space.</summary>
    public static PreTokenizerConfig Whitespace { get; } = new("""{"type":"Whitespace"}""");

    /// <summary>Stretches between white space.</summary>
    public static PreTokenizerConfig WhitespaceSplit { get; } = new("""{"type":"WhitespaceSplit"}""");

    /// <summary>BERT's: at white space, and each punctuation mark alone.</summary>
    public static PreTokenizerConfig Bert { get; } = new("""{"type":"BertPreTokenizer"}""");

    /// <summary>SentencePiece's: a space becomes ▁ and begins a word, and one is put before each text.</summary>
    public static PreTokenizerConfig Metaspace { get; } = new("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}""");

    /// <summary>The pre-tokenizer as JSON.</summary>
    public string Json { get; }

    /// <summary>GPT-2's: by its pattern, then bytes.</summary>
    /// <param name="addPrefixSpace">Puts a space before a text that has none. Default false.</param>
    /// <param name="useRegex">Splits by the pattern; otherwise words are left as they come. Default true.</param>
    public static PreTokenizerConfig ByteLevel(bool addPrefixSpace = false, bool useRegex = true) =>
        new($$"""{"type":"ByteLevel","add_prefix_space":{{(addPrefixSpace ? "true" : "false")}},"trim_offsets":true,"use_regex":{{(useRegex ? "true" : "false")}}}""");

    /// <summary>Several, one after the other.</summary>
    /// <param name="preTokenizers">The pre-tokenizers, the first one first.</param>
    /// <exception cref="ArgumentNullException">One is null.</exception>
    public static PreTokenizerConfig Sequence(params IReadOnlyList<PreTokenizerConfig> preTokenizers)
    {
        ArgumentNullException.ThrowIfNull(preTokenizers);
        foreach (var preTokenizer in preTokenizers) ArgumentNullException.ThrowIfNull(preTokenizer, nameof(preTokenizers));
        return new($$"""{"type":"Sequence","pretokenizers":[{{string.Join(',', preTokenizers.Select(preTokenizer => preTokenizer.Json))}}]}""");
    }

    /// <summary>One that is written as JSON.</summary>
    /// <param name="json">The value of <c>pre_tokenizer</c> in a tokenizer.json.</param>
    /// <exception cref="ArgumentException">The text is null, empty, no JSON, or a pre-tokenizer that this library does not know.</exception>
    public static PreTokenizerConfig FromJson(string json)
    {
        ArgumentException.ThrowIfNullOrEmpty(json);
        var config = new PreTokenizerConfig(json);
        try
        {
            config.ToPart();
        }
        catch (ModelFormatException problem)
        {
            throw new ArgumentException($"This is no pre-tokenizer: {problem.Message}", nameof(json), problem);
        }

        return config;
    }

    /// <summary>The pre-tokenizer itself.</summary>
    internal IPreTokenizer ToPart() => JsonPart.Read(
        Encoding.UTF8.GetBytes(Json), "pre_tokenizer", part => PreTokenizerReader.Read(part) ?? throw part.Problem("must not be null"));
}

using System.Text;
using Ml.Llm.Tokenization;

namespace Ml.Llm;

/// <summary>A normalizer to train a tokenizer with, written as tokenizer.json holds it: any that this library reads.</summary>
/// <threadsafety>Immutable.</threadsafety>
public sealed record NormalizerConfig
{
    private NormalizerConfig(string json) => Json = json;

    /// <summary>Unicode's composed form.</summary>
    public static NormalizerConfig Nfc { get; } = new("""{"type":"NFC"}""");

    /// <summary>Unicode's composed form, with look-alikes replaced.</summary>
    public static NormalizerConfig Nfkc { get; } = new("""{"type":"NFKC"}""");

    /// <summary>Lower case, each character alone.</summary>
    public static NormalizerConfig Lowercase { get; } = new("""{"type":"Lowercase"}""");

    /// <summary>What SentencePiece does by default, nearly: its clean-up, <see cref="Nfkc"/>, and runs of spaces become one space.</summary>
    public static NormalizerConfig SentencePiece { get; } = Sequence(
        new("""{"type":"Nmt"}"""), Nfkc, new("""{"type":"Replace","pattern":{"Regex":" {2,}"},"content":" "}"""));

    /// <summary>The normalizer as JSON.</summary>
    public string Json { get; }

    /// <summary>BERT's: control characters out, spaces around ideographs, and lower case without accents where asked for.</summary>
    /// <param name="lowercase">Lower case, and no accents unless the next says otherwise. Default true.</param>
    /// <param name="stripAccents">Whether accents go; null: where there is lower case. Default null.</param>
    public static NormalizerConfig Bert(bool lowercase = true, bool? stripAccents = null) => new(
        $$"""{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":{{Truth(stripAccents)}},"lowercase":{{Truth(lowercase)}}}""");

    /// <summary>Several, one after the other.</summary>
    /// <param name="normalizers">The normalizers, the first one first.</param>
    /// <exception cref="ArgumentNullException">One is null.</exception>
    public static NormalizerConfig Sequence(params IReadOnlyList<NormalizerConfig> normalizers)
    {
        ArgumentNullException.ThrowIfNull(normalizers);
        foreach (var normalizer in normalizers) ArgumentNullException.ThrowIfNull(normalizer, nameof(normalizers));
        return new($$"""{"type":"Sequence","normalizers":[{{string.Join(',', normalizers.Select(normalizer => normalizer.Json))}}]}""");
    }

    /// <summary>One that is written as JSON.</summary>
    /// <param name="json">The value of <c>normalizer</c> in a tokenizer.json.</param>
    /// <exception cref="ArgumentException">The text is null, empty, no JSON, or a normalizer that this library does not know.</exception>
    public static NormalizerConfig FromJson(string json)
    {
        ArgumentException.ThrowIfNullOrEmpty(json);
        var config = new NormalizerConfig(json);
        try
        {
            config.ToPart();
        }
        catch (ModelFormatException problem)
        {
            throw new ArgumentException($"This is no normalizer: {problem.Message}", nameof(json), problem);
        }

        return config;
    }

    /// <summary>The normalizer itself.</summary>
    internal INormalizer ToPart() => JsonPart.Read(Encoding.UTF8.GetBytes(Json), "normalizer", NormalizerReader.Read);

    private static string Truth(bool? value) => value switch { true => "true", false => "false", null => "null" };
}

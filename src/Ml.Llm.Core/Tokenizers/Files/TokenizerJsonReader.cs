using System.Text.Json;

namespace Ml.Llm.Tokenization;

/// <summary>
/// Reads tokenizer.json; each part has a reader of its own. A part or option that this library does not know is refused by name.
/// </summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class TokenizerJsonReader
{
    /// <summary>Ids beyond this are refused, so that sums of them fit.</summary>
    internal const int LargestId = (1 << 24) - 1;

    /// <summary>Reads a whole file.</summary>
    /// <param name="utf8">Its bytes.</param>
    /// <param name="file">What to call it in complaints.</param>
    /// <exception cref="ModelFormatException">The file is broken, or asks for something this library does not know.</exception>
    public static TokenizerPipeline Read(ReadOnlyMemory<byte> utf8, string file) => JsonPart.Read(WithoutMark(utf8), file, ReadRoot);

    /// <summary>The type that a part says it is.</summary>
    internal static string TypeOf(JsonPart part)
    {
        part.RequireKind(JsonValueKind.Object, "an object");
        return part.Required("type").Text();
    }

    /// <summary>The complaint about a part of a type that is not known.</summary>
    internal static ModelFormatException NotKnown(JsonPart part) => part.Problem($"the type \"{TypeOf(part)}\" is not known to this version");

    private static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> utf8) =>
        utf8.Span.StartsWith("\uFEFF"u8) ? utf8[3..] : utf8;

    private static TokenizerPipeline ReadRoot(JsonPart root)
    {
        root.RefuseOthers("version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model");
        var version = root.Optional("version");
        if (!version.IsNull && version.Text() != "1.0") throw version.Problem($"the version \"{version.Text()}\" is not known; 1.0 is");
        var truncation = LengthParts.ReadTruncation(root.Optional("truncation"));
        var padding = LengthParts.ReadPadding(root.Optional("padding"));

        var normalizer = root.Optional("normalizer") is { IsNull: false } text ? NormalizerReader.Read(text) : null;
        var preTokenizer = PreTokenizerReader.Read(root.Optional("pre_tokenizer"));
        var model = ModelReader.Read(root.Required("model"), preTokenizer);
        var addedTokens = root.Optional("added_tokens") is { IsNull: false } added ? AddedTokensReader.Read(added, model) : [];
        var postProcessor = root.Optional("post_processor") is { IsNull: false } post ? PostProcessorReader.Read(post) : null;
        var decoder = root.Optional("decoder") is { IsNull: false } part ? DecoderReader.Read(part) : null;
        return new TokenizerPipeline(addedTokens, normalizer, preTokenizer, model, postProcessor, decoder) { Truncation = truncation, Padding = padding };
    }
}

using System.Text.Json;

namespace Ml.Llm.Tokenization;

/// <summary>Puts the parts of a tokenizer around a model that was trained.</summary>
/// <threadsafety>Pure functions.</threadsafety>
internal static class TrainedTokenizer
{
    /// <summary>Makes the tokenizer.</summary>
    /// <param name="model">The model; it knows the special tokens.</param>
    /// <param name="specialTokens">The special tokens.</param>
    /// <param name="normalizer">The normalizer, or null.</param>
    /// <param name="preTokenizer">The pre-tokenizer, or null.</param>
    /// <param name="postProcessor">The post-processor, or null.</param>
    /// <param name="decoder">The decoder, or null.</param>
    public static LanguageModelTokenizer Build(
        ITokenModel model,
        IReadOnlyList<string> specialTokens,
        INormalizer? normalizer,
        IPreTokenizer? preTokenizer,
        IPostProcessor? postProcessor,
        ITokenDecoder? decoder)
    {
        var added = specialTokens.Select(token => new AddedToken(model.IdOf(token)!.Value, token)).ToList();
        var pipeline = new TokenizerPipeline(added, normalizer, preTokenizer, model, postProcessor, decoder);
        return new LanguageModelTokenizer(pipeline, TokenizerFiles.FillFromUsualNames(new SpecialTokenIds(), pipeline));
    }

    /// <summary>The decoder that undoes what a pre-tokenizer and the affixes of tokens do to the spaces of a text; null where nothing can.</summary>
    public static ITokenDecoder? DecoderFor(IPreTokenizer? preTokenizer, string? prefix = null, string? suffix = null, bool cleansUp = false)
    {
        if (preTokenizer is { LeavesBytesToModel: true }) return new ByteLevelDecoder(new ByteLevelOptions());
        var output = new JsonOutput();
        if (!string.IsNullOrEmpty(suffix))
        {
            output.BeginObject();
            output.Text("type", "BPEDecoder");
            output.Text("suffix", suffix);
            output.EndObject();
        }
        else if (!string.IsNullOrEmpty(prefix))
        {
            output.BeginObject();
            output.Text("type", "WordPiece");
            output.Text("prefix", prefix);
            output.Truth("cleanup", cleansUp);
            output.EndObject();
        }
        else if (preTokenizer is not null)
        {
            // A Metaspace decoder has the fields of the pre-tokenizer, and alone may stand for one at the end of a sequence.
            preTokenizer.WriteTo(output);
            return JsonPart.Read(output.ToBytes(), "pre_tokenizer", LastMetaspace);
        }
        else
        {
            return null;
        }

        return JsonPart.Read(output.ToBytes(), "decoder", DecoderReader.Read);
    }

    /// <summary>The template <c>[CLS] A [SEP] B [SEP]</c>; null where the tokens are not both there.</summary>
    public static IPostProcessor? TemplateFor(string? first, string? separator, ITokenModel model)
    {
        if (first is null || separator is null || model.IdOf(first) is not { } firstId || model.IdOf(separator) is not { } separatorId) return null;
        var output = new JsonOutput();
        output.BeginObject();
        output.Text("type", "TemplateProcessing");
        WritePieces(output, "single", (first, true, 0), ("A", false, 0), (separator, true, 0));
        WritePieces(output, "pair", (first, true, 0), ("A", false, 0), (separator, true, 0), ("B", false, 1), (separator, true, 1));
        output.Name("special_tokens");
        output.BeginObject();
        WriteToken(output, first, firstId);
        if (separator != first) WriteToken(output, separator, separatorId);
        output.EndObject();
        output.EndObject();
        return JsonPart.Read(output.ToBytes(), "post_processor", PostProcessorReader.Read);
    }

    private static ITokenDecoder? LastMetaspace(JsonPart part)
    {
        if (part.Optional("type").TextOrNull() == "Metaspace") return DecoderReader.Read(part);
        var parts = part.Optional("pretokenizers");
        return parts.Element.ValueKind == JsonValueKind.Array && parts.Items().Any() ? LastMetaspace(parts.Items().Last()) : null;
    }

    private static void WritePieces(JsonOutput output, string name, params ReadOnlySpan<(string Name, bool IsToken, int TypeId)> pieces)
    {
        output.Name(name);
        output.BeginArray();
        foreach (var (piece, isToken, typeId) in pieces)
        {
            output.BeginObject();
            output.Name(isToken ? "SpecialToken" : "Sequence");
            output.BeginObject();
            output.Text("id", piece);
            output.Integer("type_id", typeId);
            output.EndObject();
            output.EndObject();
        }

        output.EndArray();
    }

    private static void WriteToken(JsonOutput output, string token, int id)
    {
        output.Name(token);
        output.BeginObject();
        output.Text("id", token);
        output.Name("ids");
        output.BeginArray();
        output.Integer(id);
        output.EndArray();
        output.Name("tokens");
        output.BeginArray();
        output.Text(token);
        output.EndArray();
        output.EndObject();
    }
}

using System.Text;
using System.Text.Json.Nodes;

namespace Ml.Llm.Core.Tests.Tokenizers;

/// <summary>The small tokenizer with another post-processor, and tokens for it.</summary>
internal static class FramedTokenizer
{
    public const string Template = """
        {"type":"TemplateProcessing","single":"[CLS] $A [SEP]","pair":["[CLS]","$A","[SEP]","$B:1","[SEP]:1"],
        "special_tokens":{"[CLS]":{"id":"[CLS]","ids":[400],"tokens":["[CLS]"]},"[SEP]":{"id":"[SEP]","ids":[401],"tokens":["[SEP]"]}}}
        """;

    /// <summary>[CLS] A [SEP] B [SEP].</summary>
    public static LanguageModelTokenizer OfTemplate { get; } = With(Template);

    public static LanguageModelTokenizer With(string postProcessor)
    {
        var extended = SmallTokenizer.Trained.AddTokens(["[CLS]", "[SEP]"], special: true);
        var json = JsonNode.Parse(extended.ToJsonBytes())!;
        json["post_processor"] = JsonNode.Parse(postProcessor);
        return Read(json.ToJsonString());
    }

    public static LanguageModelTokenizer Read(string json)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json));
        return LanguageModelTokenizer.FromStream(stream);
    }
}

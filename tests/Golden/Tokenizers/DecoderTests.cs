using System.Text;
using System.Text.Json;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Golden.Tests.Tokenizers;

/// <summary>parts/decoders.jsonl: each decoder alone, on lists of tokens.</summary>
[TestClass, TestCategory("golden-tokenizers")]
public sealed class DecoderTests
{
    private const string FileName = "parts/decoders.jsonl";

    public static IEnumerable<object[]> Cases => JsonLines.Names(TokenizerCases.Area, FileName);

    [TestMethod, DynamicData(nameof(Cases))]
    public void Tokens_become_the_text_of_Hugging_Face(string name)
    {
        GoldenFolder.Require(TokenizerCases.Area, name);
        var row = JsonLines.Find(TokenizerCases.Area, FileName, name);
        var decoder = Read(row.Get("config"));
        foreach (var item in row.Items("cases"))
        {
            var tokens = item.Get("tokens").Deserialize<List<string>>()!;
            decoder.Decode(tokens);
            Assert.AreEqual(item.Text("out"), string.Concat(tokens), item.GetRawText());
        }
    }

    [TestMethod, DynamicData(nameof(Cases))]
    public void A_decoder_is_written_as_it_was_read(string name)
    {
        GoldenFolder.Require(TokenizerCases.Area, name);
        var config = JsonLines.Find(TokenizerCases.Area, FileName, name).Get("config");
        var output = new JsonOutput();
        Read(config).WriteTo(output);
        Assert.AreEqual(config.GetRawText(), Encoding.UTF8.GetString(output.ToBytes()));
    }

    private static ITokenDecoder Read(JsonElement config) =>
        JsonPart.Read(Encoding.UTF8.GetBytes(config.GetRawText()), FileName, DecoderReader.Read);
}

using System.Text.Json.Nodes;

namespace Ml.Llm.Core.Tests.Tokenizers;

[TestClass]
public sealed class PostProcessorTests
{
    private const string Pieces = """[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}}]""";

    [TestMethod]
    [DataRow("\"[CLS] $A [SEP]\"", Pieces)]
    [DataRow("[\"[CLS]\",\"$A:0\",\"[SEP]:0\"]", Pieces)]
    [DataRow("\"$\"", """[{"Sequence":{"id":"A","type_id":0}}]""")]
    [DataRow("\"$2\"", """[{"Sequence":{"id":"A","type_id":2}}]""")]
    [DataRow("\"$a:3 [SEP]:4\"", """[{"Sequence":{"id":"A","type_id":3}},{"SpecialToken":{"id":"[SEP]","type_id":4}}]""")]
    public void A_template_may_be_written_as_text(string text, string pieces)
    {
        var template = JsonNode.Parse(FramedTokenizer.Template)!;
        template["single"] = JsonNode.Parse(text);
        var written = JsonNode.Parse(FramedTokenizer.With(template.ToJsonString()).ToJsonBytes())!["post_processor"]!;
        Assert.AreEqual(pieces, written["single"]!.ToJsonString());
    }

    [TestMethod]
    [DataRow("\"[CLS] $C\"", "$C")]
    [DataRow("\"[CLS] $A:x\"", "$A:x")]
    [DataRow("\"[CLS]:1:2\"", "[CLS]:1:2")]
    [DataRow("\"$A $B\"", "\"B\"")]
    [DataRow("\"$A [EOS]\"", "[EOS]")]
    [DataRow("[7]", "single[0]")]
    [DataRow("""[{"Sequence":{"id":"C","type_id":0}}]""", "\"C\"")]
    [DataRow("""[{"Sequence":{"id":"A","type_id":-1}}]""", "type_id")]
    [DataRow("""[{"Novel":{"id":"A","type_id":0}}]""", "Novel")]
    [DataRow("""[{"Sequence":{"id":"A","type_id":0},"SpecialToken":{"id":"[CLS]","type_id":0}}]""", "not both")]
    public void A_wrong_template_is_refused_by_name(string single, string named)
    {
        var template = JsonNode.Parse(FramedTokenizer.Template)!;
        template["single"] = JsonNode.Parse(single);
        Assert.Contains(named, Assert.ThrowsExactly<ModelFormatException>(() => FramedTokenizer.With(template.ToJsonString())).Message);
    }

    [TestMethod]
    public void A_template_behind_another_one_is_refused()
    {
        var sequence = $$"""{"type":"Sequence","processors":[{{FramedTokenizer.Template}},{{FramedTokenizer.Template}}]}""";
        Assert.Contains("put it first", Assert.ThrowsExactly<ModelFormatException>(() => FramedTokenizer.With(sequence)).Message);
    }

    [TestMethod]
    [DataRow("""{"type":"BertProcessing","sep":["[SEP]"],"cls":["[CLS]",400]}""", "sep")]
    [DataRow("""{"type":"BertProcessing","sep":["[SEP]",401],"cls":["[CLS]","400"]}""", "cls[1]")]
    [DataRow("""{"type":"BertProcessing","sep":["[SEP]",401]}""", "cls")]
    [DataRow("""{"type":"RobertaProcessing","sep":["[SEP]",401],"cls":["[CLS]",400],"trim_offsets":true}""", "add_prefix_space")]
    [DataRow("""{"type":"RobertaProcessing","sep":["[SEP]",401],"cls":["[CLS]",400],"trim_offsets":true,"add_prefix_space":true,"novel":1}""", "novel")]
    public void A_wrong_option_is_refused_by_name(string processor, string named) =>
        Assert.Contains(named, Assert.ThrowsExactly<ModelFormatException>(() => FramedTokenizer.With(processor)).Message);

    [TestMethod]
    public void Bert_and_Roberta_frame_texts_and_pairs()
    {
        var bert = FramedTokenizer.With("""{"type":"BertProcessing","sep":["[SEP]",401],"cls":["[CLS]",400]}""");
        var roberta = FramedTokenizer.With("""{"type":"RobertaProcessing","sep":["[SEP]",401],"cls":["[CLS]",400],"trim_offsets":true,"add_prefix_space":true}""");
        var (a, b) = (SmallTokenizer.Trained.EncodeToIds("dog").ToArray(), SmallTokenizer.Trained.EncodeToIds(" dog").ToArray());
        Assert.AreSequenceEqual((int[])[400, .. a, 401, .. b, 401], bert.Encode("dog", " dog").Ids.ToArray());
        Assert.AreEqual(1, bert.Encode("dog", " dog").TypeIds[^1]);
        Assert.AreSequenceEqual((int[])[400, .. a, 401, 401, .. b, 401], roberta.Encode("dog", " dog").Ids.ToArray());
        Assert.AreEqual(0, roberta.Encode("dog", " dog").TypeIds.Max());
        Assert.AreSequenceEqual((int[])[400, .. b, 401], roberta.EncodeToIds(" dog").ToArray());
    }
}

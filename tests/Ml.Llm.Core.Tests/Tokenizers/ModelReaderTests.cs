using System.Text;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

[TestClass]
public sealed class ModelReaderTests
{
    [TestMethod]
    [DataRow("""{"type":"BPE","dropout":0.1,"unk_token":"<unk>","continuing_subword_prefix":"##","end_of_word_suffix":"</w>","fuse_unk":true,"byte_fallback":true,"ignore_merges":true,"vocab":{"<unk>":0,"a":1,"##b":2,"ab":7},"merges":[["a","##b"]]}""")]
    [DataRow("""{"type":"BPE","dropout":0.0,"unk_token":null,"continuing_subword_prefix":"","end_of_word_suffix":null,"fuse_unk":false,"byte_fallback":false,"ignore_merges":false,"vocab":{},"merges":[]}""")]
    [DataRow("""{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":9223372036854775807,"vocab":{"[UNK]":0,"##b":2}}""")]
    [DataRow("""{"type":"WordLevel","vocab":{"a":0,"b":3},"unk_token":"<unk>"}""")]
    [DataRow("""{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0.0],["a",-1.5],["",-1e-7],["a",-2.0]],"byte_fallback":true}""")]
    [DataRow("""{"type":"Unigram","unk_id":null,"vocab":[["a",-1.5]],"byte_fallback":false}""")]
    public void A_model_is_written_as_it_was_read(string json) => Assert.AreEqual(json, Written(json));

    [TestMethod]
    [DataRow("""{"vocab":{"a":0,"b":1,"ab":2},"merges":["#version: 0.2","a b"]}""", "\"type\":\"BPE\"")]
    [DataRow("""{"unk_token":"u","continuing_subword_prefix":"","max_input_chars_per_word":5,"vocab":{}}""", "\"type\":\"WordPiece\"")]
    [DataRow("""{"unk_token":"u","vocab":{"u":0}}""", "\"type\":\"WordLevel\"")]
    [DataRow("""{"vocab":[["a",-1]]}""", "\"type\":\"Unigram\"")]
    [DataRow("""{"type":"BPE","fuse_unk":null,"byte_fallback":null,"ignore_merges":null,"vocab":{"a":0,"b":0},"merges":[]}""", "\"fuse_unk\":false,\"byte_fallback\":false")]
    [DataRow("""{"type":"BPE","vocab":{"a":0,"b":1,"c":2,"ab":3,"bc":4},"merges":[["a","b"],["b","c"],["a","b"]]}""", "\"merges\":[[\"b\",\"c\"],[\"a\",\"b\"]]")]
    public void Older_and_odd_files_are_read(string json, string written) => Assert.Contains(written, Written(json));

    [TestMethod]
    [DataRow("""{"vocab":{"a":0}}""", "\"type\" is missing")]
    [DataRow("""{"type":"Novel"}""", "\"Novel\" is not known")]
    [DataRow("""{"type":"WordLevel","vocab":{},"unk_token":"u","novel":1}""", "\"novel\" is not known")]
    [DataRow("""{"type":"WordLevel","vocab":{}}""", "\"unk_token\" is missing")]
    [DataRow("""{"type":"WordLevel","vocab":[],"unk_token":"u"}""", "vocab: must be an object")]
    [DataRow("""{"type":"WordPiece","unk_token":"u","continuing_subword_prefix":"##","vocab":{}}""", "\"max_input_chars_per_word\" is missing")]
    [DataRow("""{"type":"WordPiece","unk_token":"u","continuing_subword_prefix":"##","max_input_chars_per_word":-1,"vocab":{}}""", "-1 is out of range")]
    [DataRow("""{"type":"BPE","vocab":{"a":0}}""", "\"merges\" is missing")]
    [DataRow("""{"type":"BPE","vocab":{"a":4294967295},"merges":[]}""", "the id of \"a\" must be")]
    [DataRow("""{"type":"BPE","vocab":{"a":9000000},"merges":[]}""", "holes")]
    [DataRow("""{"type":"BPE","vocab":{"a":0},"merges":[],"dropout":1.5}""", "1.5 is out of range")]
    [DataRow("""{"type":"BPE","vocab":{"a":0},"merges":["a b c"]}""", "merges[0]: the merge \"a b c\" must have two parts")]
    [DataRow("""{"type":"BPE","vocab":{"a":0},"merges":[["a"]]}""", "merges[0]: a merge must be two texts")]
    [DataRow("""{"type":"BPE","vocab":{"a":0},"merges":{"a":"b"}}""", "merges: must be an array")]
    [DataRow("""{"type":"BPE","vocab":{"a":0,"b":1},"merges":[["a","b"]]}""", "needs the token \"ab\", which is not in the vocabulary")]
    [DataRow("""{"type":"BPE","continuing_subword_prefix":"####","vocab":{"a":0,"b":1},"merges":[["a","b"]]}""", "shorter than the prefix")]
    [DataRow("""{"type":"BPE","continuing_subword_prefix":"##","vocab":{"a":0,"漢":1},"merges":[["a","漢"]]}""", "cannot lose the prefix")]
    [DataRow("""{"type":"Unigram","unk_id":1,"vocab":[["a",0]]}""", "1 is out of range")]
    [DataRow("""{"type":"Unigram","unk_id":-1,"vocab":[["a",0]]}""", "-1 is out of range")]
    [DataRow("""{"type":"Unigram","vocab":[]}""", "the vocabulary is empty")]
    [DataRow("""{"type":"Unigram","vocab":[["a",-1e999]]}""", "-1e999 is not finite")]
    [DataRow("""{"type":"Unigram","vocab":[["a",null]]}""", "vocab[0]: must be a piece and its score")]
    [DataRow("""{"type":"Unigram","vocab":{"a":0}}""", "must be an array")]
    public void A_wrong_model_is_refused_by_name(string json, string said) =>
        Assert.Contains(said, Assert.ThrowsExactly<ModelFormatException>(() => Written(json)).Message);

    private static string Written(string json)
    {
        var output = new JsonOutput();
        JsonPart.Read(Encoding.UTF8.GetBytes(json), "model", part => ModelReader.Read(part, preTokenizer: null)).WriteTo(output);
        return Encoding.UTF8.GetString(output.ToBytes());
    }
}

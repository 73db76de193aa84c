using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Tokenizers;

/// <summary>What holds for pre-tokenizers on any text, and how their options are read.</summary>
[TestClass]
public sealed class PreTokenizerPropertyTests
{
    private const string Giant = "x";
    private const int GiantLength = 10_000_000;

    [TestMethod]
    [DataRow("""{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}""")]
    [DataRow("""{"type":"Digits","individual_digits":true}""")]
    [DataRow("""{"type":"Punctuation"}""")]
    [DataRow("""{"type":"FixedLength"}""")]
    [DataRow("""{"type":"Split","pattern":{"Regex":"\\s+"},"behavior":"MergedWithNext","invert":false}""")]
    [DataRow("""{"type":"Split","pattern":{"String":""},"behavior":"Contiguous","invert":false}""")]
    public void Pieces_cover_the_text(string json)
    {
        var preTokenizer = TextParts.PreTokenizer(json).LeavingBytes();
        TextParts.ForAll(text =>
        {
            var loaded = TextParts.Load(text);
            return string.Concat(TextParts.Split(preTokenizer, loaded)) == loaded.Units.ToString();
        });
    }

    [TestMethod]
    public void Bytes_left_to_the_model_are_those_of_the_alphabet()
    {
        var mapping = TextParts.PreTokenizer("""{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true}]}""");
        Assert.IsTrue(mapping.LeavesBytesToModel);
        TextParts.ForAll(text =>
        {
            var left = TextParts.Split(mapping.LeavingBytes(), TextParts.Load(text));
            return TextParts.Split(mapping, TextParts.Load(text)).SequenceEqual(left.Select(static piece => ByteAlphabet.ToToken(System.Text.Encoding.UTF8.GetBytes(piece))));
        });
    }

    [TestMethod]
    public void Metaspace_first_marks_the_very_beginning_alone()
    {
        var first = TextParts.PreTokenizer("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":true}""");
        Assert.AreSequenceEqual(new[] { "▁a", "▁b" }, TextParts.Split(first, TextParts.Load("a b", keepsPlaces: false)));
        Assert.AreSequenceEqual(new[] { "a", "▁b" }, TextParts.Split(first, TextParts.Load("a b", keepsPlaces: false, at: 3)));
        var words = TextParts.PreTokenizer("""{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Metaspace","replacement":"▁","prepend_scheme":"first"}]}""");
        Assert.AreSequenceEqual(new[] { "▁a", "b" }, TextParts.Split(words, TextParts.Load("a b", keepsPlaces: false)));
    }

    [TestMethod]
    [DataRow("""{"type":"Metaspace","replacement":"▁","add_prefix_space":true}""", """{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true}""")]
    [DataRow("""{"type":"Metaspace","replacement":"▁","str_rep":"▁","add_prefix_space":false}""", """{"type":"Metaspace","replacement":"▁","prepend_scheme":"never","split":true}""")]
    [DataRow("""{"type":"Punctuation"}""", """{"type":"Punctuation","behavior":"Isolated"}""")]
    [DataRow("""{"type":"FixedLength"}""", """{"type":"FixedLength","length":5}""")]
    [DataRow("""{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true}""", """{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}""")]
    public void Absent_options_have_their_defaults(string json, string written)
    {
        var output = new JsonOutput();
        TextParts.PreTokenizer(json).WriteTo(output);
        Assert.AreEqual(written, System.Text.Encoding.UTF8.GetString(output.ToBytes()));
    }

    [TestMethod]
    [DataRow("""{"type":"Metaspace","replacement":"▁","add_prefix_space":false,"prepend_scheme":"always"}""", "add_prefix_space")]
    [DataRow("""{"type":"Metaspace","replacement":"▁","prepend_scheme":null}""", "prepend_scheme")]
    [DataRow("""{"type":"FixedLength","length":0}""", "length")]
    [DataRow("""{"type":"Digits"}""", "individual_digits")]
    [DataRow("""{"type":"CharDelimiterSplit","delimiter":""}""", "delimiter")]
    [DataRow("""{"type":"Split","pattern":{"String":"a","Regex":"a"},"behavior":"Removed","invert":false}""", "not both")]
    [DataRow("""{"type":"Split","pattern":{"Regex":"(a"},"behavior":"Removed","invert":false}""", "pattern.Regex")]
    [DataRow("""{"type":"Whitespace","novel":1}""", "novel")]
    public void What_is_wrong_is_named(string json, string named) =>
        Assert.Contains(named, Assert.ThrowsExactly<ModelFormatException>(() => TextParts.PreTokenizer(json)).Message);

    [TestMethod, Timeout(60_000, CooperativeCancellation = true)]
    public void A_giant_word_takes_linear_time()
    {
        var word = string.Concat(Enumerable.Repeat(Giant, GiantLength));
        foreach (var json in new[] { """{"type":"BertPreTokenizer"}""", """{"type":"Whitespace"}""", """{"type":"UnicodeScripts"}""", """{"type":"Metaspace","replacement":"▁"}""" })
            Assert.HasCount(1, TextParts.Split(TextParts.PreTokenizer(json), TextParts.Load(word, keepsPlaces: false)), json);
    }
}

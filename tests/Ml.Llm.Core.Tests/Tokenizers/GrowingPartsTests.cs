using System.Text;

namespace Ml.Llm.Core.Tests.Tokenizers;

/// <summary>Small files that would make much of a little text: they end with a typed error, in bounded memory.</summary>
[TestClass]
public sealed class GrowingPartsTests
{
    private const string Words = """{"type":"WordLevel","vocab":{"[U]":0,"a":1},"unk_token":"[U]"}""";
    private const long Allowed = 64 << 20;

    [TestMethod]
    [DataRow("""{"type":"ByteLevel"}""", 60)]
    [DataRow("""{"type":"Replace","pattern":{"Regex":"a|\u0120|."},"content":"aa"}""", 60)]
    [DataRow("""{"type":"Replace","pattern":{"String":"a"},"content":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}""", 6)]
    public void Normalizers_that_grow_a_text_in_a_row_are_refused(string step, int times)
    {
        var tokenizer = Read($$"""{"normalizer":{"type":"Sequence","normalizers":[{{Repeated(step, times)}}]},"model":{{Words}}}""");
        Refuses(() => tokenizer.Encode("a é 日"), "normalizer");
        Refuses(() => tokenizer.EncodeInto("a é 日", []), "normalizer");
    }

    [TestMethod]
    public void Pre_tokenizers_that_grow_a_text_in_a_row_are_refused()
    {
        var tokenizer = Read($$"""{"pre_tokenizer":{"type":"Sequence","pretokenizers":[{{Repeated("""{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}""", 60)}}]},"model":{{Words}}}""");
        Refuses(() => tokenizer.Encode("a é 日"), "pre-tokenizer");
    }

    [TestMethod]
    [DataRow("""{"type":"Replace","pattern":{"String":"a"},"content":"aa"}""", 60)]
    [DataRow("""{"type":"Replace","pattern":{"String":""},"content":"b"}""", 60)]
    public void Decoders_that_grow_tokens_in_a_row_are_refused(string step, int times)
    {
        var tokenizer = Read($$"""{"decoder":{"type":"Sequence","decoders":[{{Repeated(step, times)}}]},"model":{{Words}}}""");
        Refuses(() => tokenizer.Decode([1, 1]), "decoder");
    }

    [TestMethod]
    public void A_decoder_that_puts_much_for_little_is_refused_before_it_does()
    {
        var step = $$"""{"type":"Replace","pattern":{"String":"a"},"content":"{{new string('b', 1 << 16)}}"}""";
        var tokenizer = Read($$"""{"decoder":{{step}},"model":{{Words}}}""");
        Refuses(() => tokenizer.Decode(Enumerable.Repeat(1, 100_000)), "decoder");
    }

    [TestMethod]
    [DataRow("""{"Fixed":2147483647}""", "null")]
    [DataRow("\"BatchLongest\"", "2147483647")]
    public void A_padding_of_giant_length_is_refused(string strategy, string multiple)
    {
        var padding = $$"""{"strategy":{{strategy}},"direction":"Left","pad_to_multiple_of":{{multiple}},"pad_id":0,"pad_type_id":0,"pad_token":"[U]"}""";
        Refuses(() => Read($$"""{"padding":{{padding}},"model":{{Words}}}"""), "padding");
        var tokenizer = Read($$"""{"model":{{Words}}}""");
        Assert.ThrowsExactly<ArgumentException>(() => tokenizer.Encode("a", new() { Padding = new() { PadId = 0, Length = int.MaxValue - 2, PadToMultipleOf = 1 << 20 } }));
    }

    private static void Refuses(Action action, string named)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains(named, Assert.ThrowsExactly<ModelFormatException>(action).Message);
        Assert.IsLessThan(Allowed, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static string Repeated(string step, int times) => string.Join(',', Enumerable.Repeat(step, times));

    private static LanguageModelTokenizer Read(string json)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json));
        return LanguageModelTokenizer.FromStream(stream);
    }
}

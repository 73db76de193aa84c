using System.Text;
using Ml.Llm.Core.Tests.Checkpoints;

namespace Ml.Llm.Core.Tests.Tokenizers;

[TestClass]
public sealed class OtherTokenizerFilesTests
{
    private const string Words = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhe\n##llo\nHE\n";

    [TestMethod]
    public void A_folder_without_a_tokenizer_says_what_may_be_there()
    {
        using var folder = new TemporaryFolder();
        var problem = Assert.ThrowsExactly<FileNotFoundException>(() => LanguageModelTokenizer.FromPretrained(folder.Path));
        foreach (var name in new[] { "tokenizer.json", "spiece.model", "tokenizer.model", "vocab.json", "merges.txt", "vocab.txt" }) Assert.Contains(name, problem.Message);
    }

    [TestMethod]
    public void A_file_is_read_by_its_name_with_those_beside_it()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.Combine("words.txt"), Words);
        File.WriteAllText(folder.Combine("tokenizer_config.json"), """{"do_lower_case": false}""");
        Assert.AreEqual("[CLS]|HE|[SEP]", Tokens(LanguageModelTokenizer.FromPretrained(folder.Combine("words.txt")), "HE"));

        File.WriteAllText(folder.Combine("vocab.json"), """{"a":0,"b":1,"ab":2}""");
        File.WriteAllText(folder.Combine("merges.txt"), "#version: 0.2\na b\n");
        foreach (var path in new[] { "vocab.json", "merges.txt" }) Assert.AreEqual("ab", Tokens(LanguageModelTokenizer.FromPretrained(folder.Combine(path)), "ab"));
        File.WriteAllText(folder.Combine("ranks.tiktoken"), "");
        Assert.Contains("FromTiktoken", Assert.ThrowsExactly<ArgumentException>(() => LanguageModelTokenizer.FromPretrained(folder.Combine("ranks.tiktoken"))).Message);
    }

    [TestMethod]
    public void The_class_comes_from_the_configuration_or_from_the_kind_of_model()
    {
        Assert.AreEqual("[CLS]|he|[SEP]", Tokens(Read(("vocab.txt", Words)), "HE"));
        Assert.AreEqual("[CLS]|he|[SEP]", Tokens(Read(("vocab.txt", Words), ("config.json", """{"model_type": "distilbert"}""")), "he"));
        Refuses("MarianTokenizer", ("vocab.txt", Words), ("tokenizer_config.json", """{"tokenizer_class": "MarianTokenizer"}"""));

        // Of two forms the one that holds the class.
        Assert.AreEqual(
            "[CLS]|he|##llo|[SEP]",
            Tokens(Read(("vocab.txt", Words), ("vocab.json", """{"h":0}"""), ("merges.txt", ""), ("tokenizer_config.json", """{"tokenizer_class": "BertTokenizerFast"}""")), "hello"));
    }

    [TestMethod]
    public void Added_tokens_keep_their_numbers_or_are_refused()
    {
        var read = Read(("vocab.txt", Words), ("added_tokens.json", """{"<new>": 8, "<newer>": 9}"""));
        Assert.AreEqual(8, read.IdOf("<new>"));
        Assert.AreEqual(9, read.IdOf("<newer>"));
        Refuses("<new>", ("vocab.txt", Words), ("added_tokens.json", """{"<new>": 20}"""));
        var described = Read(("vocab.txt", Words), ("tokenizer_config.json", """{"added_tokens_decoder": {"8": {"content": "<t>", "lstrip": true, "special": true}}}"""));
        Assert.AreEqual("[CLS]|he| <t>|[SEP]", Tokens(described, "he <t>"));
    }

    [TestMethod]
    public void What_is_missing_or_broken_is_named()
    {
        Refuses("merges.txt", ("vocab.json", """{"a":0}"""));
        Refuses("line 2", ("vocab.json", """{"a":0}"""), ("merges.txt", "#version: 0.2\na\n"));
        Refuses("merge 0", ("vocab.json", """{"a":0}"""), ("merges.txt", "a b\n"));
        Refuses("empty", ("vocab.json", "{}"), ("merges.txt", ""));
        Refuses("[NO]", ("vocab.txt", Words), ("tokenizer_config.json", """{"unk_token": "[NO]"}"""));
        Refuses("sep_token", ("vocab.txt", Words), ("tokenizer_config.json", """{"sep_token": null}"""));
        Refuses("do_basic_tokenize", ("vocab.txt", Words), ("tokenizer_config.json", """{"do_basic_tokenize": false}"""));
        Refuses("never_split", ("vocab.txt", Words), ("tokenizer_config.json", """{"never_split": ["he"]}"""));
        Refuses("do_lower_case", ("vocab.txt", Words), ("tokenizer_config.json", """{"do_lower_case": "yes"}"""));
    }

    [TestMethod]
    public void A_tokenizer_of_another_form_is_written_as_tokenizer_json()
    {
        var read = Read(("vocab.txt", Words), ("tokenizer_config.json", """{"do_lower_case": true}"""));
        using var folder = new TemporaryFolder();
        read.SavePretrained(folder.Path);
        Assert.AreEqual(read.Fingerprint, LanguageModelTokenizer.FromPretrained(folder.Path).Fingerprint);
    }

    [TestMethod]
    public void Broken_ranks_are_refused_by_line()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Combine("ranks.tiktoken");
        var bytes = Enumerable.Range(0, 256).Select(value => $"{Convert.ToBase64String([(byte)value])} {value}").ToList();
        Assert.AreEqual("h|e", Tokens(FromRanks([.. bytes]), "he"));
        Assert.AreEqual("he", Tokens(FromRanks([.. bytes, $"{Convert.ToBase64String("he"u8)} 256"]), "he"));
        foreach (var (line, reason) in new[]
        {
            ("AA== 256", "twice"), ("aGU= 255", "line 256"), ("aGU=", "line 257"), ("aGU= -1", "line 257"), ("aGU= 99999999", "line 257"), ("a?= 256", "base64"), ("aGU= 9000000", "holes"),
        })
            Assert.Contains(reason, Assert.ThrowsExactly<ModelFormatException>(() => FromRanks([.. bytes, line])).Message, line);
        Assert.Contains("0xFF", Assert.ThrowsExactly<ModelFormatException>(() => FromRanks([.. bytes.SkipLast(1)])).Message);
        Assert.ThrowsExactly<ArgumentException>(() => FromRanks([.. bytes], ("<s>", 255)));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => FromRanks([.. bytes], ("<s>", -1)));
        Assert.ThrowsExactly<PatternException>(() => LanguageModelTokenizer.FromTiktoken(path, "(", null));

        LanguageModelTokenizer FromRanks(string[] lines, params (string Token, int Id)[] special)
        {
            File.WriteAllLines(path, lines);
            return LanguageModelTokenizer.FromTiktoken(path, @"\p{L}+|\s+", special.ToDictionary(item => item.Token, item => item.Id));
        }
    }

    private static LanguageModelTokenizer Read(params (string Name, string Content)[] files) =>
        LanguageModelTokenizer.FromFiles(name => files.Where(file => file.Name == name).Select(file => Encoding.UTF8.GetBytes(file.Content)).FirstOrDefault(), "model");

    private static void Refuses(string named, params (string Name, string Content)[] files) =>
        Assert.Contains(named, Assert.ThrowsExactly<ModelFormatException>(() => Read(files)).Message);

    private static string Tokens(LanguageModelTokenizer tokenizer, string text) => string.Join('|', tokenizer.Encode(text, new() { ParseSpecialTokens = true }).Tokens);
}

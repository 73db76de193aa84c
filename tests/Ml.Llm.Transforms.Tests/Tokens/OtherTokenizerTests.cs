using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Tokenizers;

namespace Ml.Llm.Transforms.Tests.Tokens;

/// <summary>The transforms with tokenizers of Microsoft.ML.Tokenizers that are not ours.</summary>
[TestClass]
public sealed class OtherTokenizerTests
{
    private static readonly string[] s_texts = ["the cat sat", "", "The dogs sat on the cat"];
    private static readonly SpecialTokenIds s_bertIds = new() { Cls = 2, Sep = 3, Pad = 0, Unknown = 1 };

    private readonly MLContext ml = new(seed: 1);
    private string folder = "";

    [TestInitialize]
    public void Start()
    {
        folder = Directory.CreateTempSubdirectory("mlllm-other-").FullName;
        File.WriteAllLines(Path.Combine(folder, "vocab.txt"), ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "sat", "dog", "##s"]);
        File.WriteAllText(Path.Combine(folder, "vocab.json"), """{"t": 0, "h": 1, "e": 2, "c": 3, "a": 4, "at": 5, "he": 6, "the": 7}""");
        File.WriteAllText(Path.Combine(folder, "merges.txt"), "#version: 0.2\na t\nh e\nt he\n");
    }

    [TestCleanup]
    public void Finish() => Directory.Delete(folder, recursive: true);

    [TestMethod]
    public void Bert_encodes_and_decodes_as_ours_from_the_same_vocabulary()
    {
        var theirs = BertTokenizer.Create(Path.Combine(folder, "vocab.txt"));
        var ours = LanguageModelTokenizer.FromPretrained(Path.Combine(folder, "vocab.txt"));
        foreach (var side in new[] { TruncationDirection.Right, TruncationDirection.Left })
        {
            foreach (var padding in new[] { PaddingDirection.Right, PaddingDirection.Left })
            {
                var options = new EncodeTokensOptions { MaxLength = 6, PadToMaxLength = true, TruncationSide = side, PaddingSide = padding, SpecialTokens = s_bertIds };
                var (expected, given) = (ml.Llm.Transforms.EncodeTokens(ours, options).Fit(Data()), ml.Llm.Transforms.EncodeTokens(theirs, options).Fit(Data()));
                foreach (var column in new[] { "InputIds", "AttentionMask", "TokenTypeIds" })
                    Assert.AreSequenceEqual(Column(expected, column), Column(given, column), column);
                Assert.AreNotEqual(0, given.TruncatedRows);
                Assert.AreEqual(expected.TruncatedRows, given.TruncatedRows);
            }
        }

        var encoded = ml.Llm.Transforms.EncodeTokens(theirs, new EncodeTokensOptions { SpecialTokens = s_bertIds })
            .Append(ml.Llm.Transforms.DecodeTokens(theirs, new DecodeTokensOptions { OutputColumnName = "Back", SkipSpecialTokens = true, SpecialTokens = s_bertIds })).Fit(Data()).Transform(Data());
        Assert.AreSequenceEqual(theirs.EncodeToIds(s_texts[0]).ToArray(), encoded.GetColumn<int[]>("InputIds").First());
        Assert.AreEqual("the cat sat", encoded.GetColumn<string>("Back").First());
    }

    [TestMethod]
    public void Bpe_needs_no_special_tokens_where_none_are_added()
    {
        var bpe = BpeTokenizer.Create(Path.Combine(folder, "vocab.json"), Path.Combine(folder, "merges.txt"));
        var data = ml.Data.LoadFromEnumerable([new Row { Text = "thecat" }]);
        var view = ml.Llm.Transforms.EncodeTokens(bpe, new EncodeTokensOptions { AddSpecialTokens = false })
            .Append(ml.Llm.Transforms.DecodeTokens(bpe, "Back")).Fit(data).Transform(data);
        Assert.AreSequenceEqual([7, 3, 5], view.GetColumn<int[]>("InputIds").Single());
        Assert.AreEqual("thecat", view.GetColumn<string>("Back").Single());
        // What stands for nothing is told by ours alone: this one passes it over.
        Assert.AreEqual("h", ml.Llm.Transforms.DecodeTokens(bpe).Fit(Wrong()).Transform(Wrong()).GetColumn<string>("Text").Single());
    }

    [TestMethod]
    public void What_such_a_tokenizer_cannot_give_or_be_is_refused_by_name()
    {
        var bert = BertTokenizer.Create(Path.Combine(folder, "vocab.txt"));
        var given = new EncodeTokensOptions { SpecialTokens = s_bertIds };
        foreach (var (option, options) in new[]
        {
            ("SpecialTokens", new EncodeTokensOptions()),
            ("SpecialTokens", new EncodeTokensOptions { AddSpecialTokens = false, MaxLength = 5, PadToMaxLength = true }),
            ("PairColumnName", given with { PairColumnName = "Text" }),
            ("OffsetsColumnName", given with { OffsetsColumnName = "Offsets" }),
            ("ParseSpecialTokens", given with { ParseSpecialTokens = true }),
            ("MaxLength", given with { MaxLength = 2 }),
        })
        {
            var error = Assert.ThrowsExactly<ArgumentException>(() => ml.Llm.Transforms.EncodeTokens(bert, options));
            Assert.Contains($"EncodeTokensOptions.{option}: a Microsoft.ML.Tokenizers.BertTokenizer", error.Message);
        }

        Assert.ThrowsExactly<ArgumentException>(() => ml.Llm.Transforms.DecodeTokens(bert, new DecodeTokensOptions { SkipSpecialTokens = true }));
        foreach (var transformer in new ITransformer[] { ml.Llm.Transforms.EncodeTokens(bert, given).Fit(Data()), ml.Llm.Transforms.DecodeTokens(bert).Fit(Wrong()) })
        {
            using var zip = new MemoryStream();
            var error = Find<NotSupportedException>(Assert.Throws<Exception>(() => ml.Model.Save(transformer, Data().Schema, zip)));
            Assert.Contains("Microsoft.ML.Tokenizers.BertTokenizer", error.Message);
            Assert.Contains("LanguageModelTokenizer.FromPretrained", error.Message);
        }
    }

    private static T Find<T>(Exception? error) where T : Exception
    {
        for (; error is not null; error = error.InnerException)
            if (error is T found)
                return found;
        throw new AssertFailedException($"There is no {typeof(T).Name} within.");
    }

    private static int[] Column(ITransformer transformer, string name) =>
        [.. transformer.Transform(new MLContext().Data.LoadFromEnumerable(s_texts.Select(static text => new Row { Text = text }))).GetColumn<int[]>(name).SelectMany(static row => row)];

    private IDataView Data() => ml.Data.LoadFromEnumerable(s_texts.Select(static text => new Row { Text = text }));

    private IDataView Wrong() => ml.Data.LoadFromEnumerable([new Ids { InputIds = [1, 1000] }]);

    private sealed class Row
    {
        public string Text { get; set; } = "";
    }

    private sealed class Ids
    {
        [VectorType]
        public int[] InputIds { get; set; } = [];
    }
}

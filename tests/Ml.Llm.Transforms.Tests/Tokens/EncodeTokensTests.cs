using Microsoft.ML;
using Microsoft.ML.Data;

namespace Ml.Llm.Transforms.Tests.Tokens;

[TestClass]
public sealed class EncodeTokensTests
{
    private static readonly string[] s_texts = ["the cat sat", "", "the dog ran over the hill", "a <|endoftext|> b"];

    private readonly MLContext ml = new(seed: 1);

    [TestMethod]
    public void Rows_become_the_tokens_of_the_tokenizer_and_text_again()
    {
        var tokenizer = Train();
        var data = Data();
        var pipeline = ml.Llm.Transforms.EncodeTokens(tokenizer, new EncodeTokensOptions { OffsetsColumnName = "Offsets" })
            .Append(ml.Llm.Transforms.DecodeTokens(tokenizer, "Back"));
        var view = pipeline.Fit(data).Transform(data);

        var ids = view.GetColumn<int[]>("InputIds").ToList();
        for (var row = 0; row < s_texts.Length; row++)
            Assert.AreSequenceEqual(tokenizer.Encode(s_texts[row]).Ids.ToArray(), ids[row]);
        Assert.AreSequenceEqual(ids.ConvertAll(static row => row.Length), view.GetColumn<int[]>("AttentionMask").Select(static mask => mask.Sum()).ToList());
        Assert.AreSequenceEqual(ids.ConvertAll(static row => 2 * row.Length), view.GetColumn<int[]>("Offsets").Select(static offsets => offsets.Length).ToList());
        Assert.AreSequenceEqual(s_texts, view.GetColumn<string>("Back").ToArray());
    }

    [TestMethod]
    public void Padded_rows_have_a_fixed_length_and_cut_ones_are_counted()
    {
        var tokenizer = Train();
        var data = Data();
        const int Length = 4;
        var transformer = ml.Llm.Transforms.EncodeTokens(tokenizer, new EncodeTokensOptions { MaxLength = Length, PadToMaxLength = true, PaddingSide = PaddingDirection.Left }).Fit(data);
        var view = transformer.Transform(data);

        Assert.AreEqual(Length, ((VectorDataViewType)view.Schema["InputIds"].Type).Size);
        var masks = view.GetColumn<int[]>("AttentionMask").ToList();
        Assert.AreSequenceEqual([0, 0, 0, 0], masks[1]);
        var cut = s_texts.Count(text => tokenizer.Encode(text).Ids.Count > Length);
        Assert.AreNotEqual(0, cut);
        Assert.AreEqual(cut, transformer.TruncatedRows);
    }

    [TestMethod]
    public void Pairs_are_encoded_as_one()
    {
        var tokenizer = Train();
        var data = ml.Data.LoadFromEnumerable([new Pair { Text = "the cat", Other = "the dog" }]);
        var view = ml.Llm.Transforms.EncodeTokens(tokenizer, new EncodeTokensOptions { PairColumnName = "Other" }).Fit(data).Transform(data);
        Assert.AreSequenceEqual(tokenizer.Encode("the cat", "the dog").Ids.ToArray(), view.GetColumn<int[]>("InputIds").Single());
    }

    [TestMethod]
    public void Saved_transformers_give_the_same_after_loading()
    {
        var tokenizer = Train();
        var data = Data();
        var model = ml.Llm.Transforms.EncodeTokens(tokenizer, maxLength: 3)
            .Append(ml.Llm.Transforms.DecodeTokens(tokenizer, new DecodeTokensOptions { OutputColumnName = "Back", SkipSpecialTokens = true })).Fit(data);
        using var zip = new MemoryStream();
        ml.Model.Save(model, data.Schema, zip);
        zip.Position = 0;
        var loaded = new MLContext().Model.Load(zip, out _);

        Assert.AreSequenceEqual(
            model.Transform(data).GetColumn<string>("Back").ToArray(), loaded.Transform(data).GetColumn<string>("Back").ToArray());
        Assert.AreSequenceEqual(
            model.Transform(data).GetColumn<int[]>("InputIds").SelectMany(static row => row).ToArray(),
            loaded.Transform(data).GetColumn<int[]>("InputIds").SelectMany(static row => row).ToArray());
    }

    [TestMethod]
    public void Bad_columns_options_and_ids_are_refused()
    {
        var tokenizer = Train();
        Assert.AreEqual("None", Assert.ThrowsExactly<DataFormatException>(() => ml.Llm.Transforms.EncodeTokens(tokenizer, "None").Fit(Data())).Column);
        Assert.AreEqual("Text", Assert.ThrowsExactly<DataFormatException>(() => ml.Llm.Transforms.DecodeTokens(tokenizer, "Out", "Text").Fit(Data())).Column);
        Assert.ThrowsExactly<ArgumentException>(() => ml.Llm.Transforms.EncodeTokens(tokenizer, new EncodeTokensOptions { PadToMaxLength = true }));
        Assert.ThrowsExactly<ArgumentException>(() => ml.Llm.Transforms.EncodeTokens(tokenizer, new EncodeTokensOptions { AttentionMaskColumnName = "InputIds" }));

        var ids = ml.Data.LoadFromEnumerable([new Ids { InputIds = [0] }, new Ids { InputIds = [1, tokenizer.VocabularySize] }]);
        var view = ml.Llm.Transforms.DecodeTokens(tokenizer).Fit(ids).Transform(ids);
        var error = Assert.ThrowsExactly<DataFormatException>(() => view.GetColumn<string>("Text").ToArray());
        Assert.AreEqual("InputIds", error.Column);
        Assert.AreEqual(1, error.Row);
    }

    private LanguageModelTokenizer Train() => ml.Llm.Tokenizers.TrainBytePairEncoding(Data(), new BytePairEncodingOptions
    {
        VocabularySize = 280,
        SpecialTokens = ["<|endoftext|>", "<pad>"],
        MinFrequency = 1,
    }, "Text");

    private IDataView Data() => ml.Data.LoadFromEnumerable(s_texts.Select(static text => new Row { Text = text }));

    private sealed class Row
    {
        public string Text { get; set; } = "";
    }

    private sealed class Pair
    {
        public string Text { get; set; } = "";

        public string Other { get; set; } = "";
    }

    private sealed class Ids
    {
        [VectorType]
        public int[] InputIds { get; set; } = [];
    }
}

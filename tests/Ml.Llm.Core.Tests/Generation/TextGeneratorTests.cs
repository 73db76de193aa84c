using Ml.Llm.Generation;
using Ml.Llm.Models;
using Ml.Llm.Tokenization;

namespace Ml.Llm.Core.Tests.Generation;

[TestClass]
public sealed class TextGeneratorTests
{
    private static LanguageModelTokenizer tokenizer = null!;
    private static LanguageModel model = null!;

    [ClassInitialize]
    public static void Make(TestContext context)
    {
        tokenizer = BytePairEncodingTrainer.Train(
            ["The river runs past the mill.", "Gets the length of the stream.", "Returns the name of the collection. Ünïcode 東京 too."],
            new BytePairEncodingOptions { VocabularySize = 300 });
        var config = LlamaConfig.Tiny with { VocabSize = tokenizer.VocabularySize, EosTokenId = tokenizer.SpecialTokens.Eos, MaxPositionEmbeddings = 64 };
        model = new LanguageModel(config, tokenizer, new DecoderModel(config.ToShape(), seed: 2, initializerRange: 0.2f));
    }

    [ClassCleanup]
    public static void Free() => model.Dispose();

    [TestMethod]
    public void The_text_is_what_the_new_tokens_say_behind_the_prompt()
    {
        string[] prompts = ["The river", "Gets", "東京 is"];
        var options = new GenerationOptions { MaxNewTokens = 10 };
        var completions = model.CreateGenerator(options).Generate(prompts);
        var withPrompts = model.Generate(prompts, options with { IncludePrompt = true });
        for (var i = 0; i < prompts.Length; i++)
        {
            Assert.AreSequenceEqual(tokenizer.EncodeToIds(prompts[i]), completions[i].Sequence.PromptIds);
            Assert.AreEqual(tokenizer.Decode(completions[i].Sequence.Ids, skipSpecialTokens: true), completions[i].Text);
            Assert.AreEqual(prompts[i] + completions[i].Text, withPrompts[i]);
        }
    }

    [TestMethod]
    public void The_end_token_is_not_part_of_the_text()
    {
        var free = model.CreateGenerator(new GenerationOptions()).Generate(["The river"])[0];
        var end = free.Sequence.Ids[3];
        var ended = model.CreateGenerator(new GenerationOptions { EosTokenIds = [end] }).Generate(["The river"])[0];
        Assert.AreEqual(FinishReason.EndToken, ended.Sequence.Reason);
        Assert.AreEqual(tokenizer.Decode(ended.Sequence.Ids.SkipLast(1), skipSpecialTokens: true), ended.Text);
        Assert.HasCount(free.Sequence.Ids.ToList().IndexOf(end) + 1, ended.Sequence.Ids);
    }

    [TestMethod]
    public void Sampled_text_depends_on_the_prompt_or_the_seed_given_and_on_nothing_else()
    {
        var options = new GenerationOptions { DoSample = true, Temperature = 2, TopK = 0, Seed = 7, BatchSize = 2 };
        string[] prompts = ["The", "Gets", "The", "Returns the name"];
        var texts = model.Generate(prompts, options);
        Assert.AreEqual(texts[0], texts[2]);
        Assert.AreSequenceEqual(texts, model.Generate(prompts, options with { BatchSize = 16 }));
        Assert.AreNotEqual(texts[0], model.Generate(["The"], options with { Seed = 8 })[0]);
        var seeded = model.CreateGenerator(options).Generate(["The", "The", "The"], [1, 2, 1]);
        Assert.AreEqual(seeded[0].Text, seeded[2].Text);
        Assert.AreNotEqual(seeded[0].Text, seeded[1].Text);
    }

    [TestMethod]
    public void A_row_ends_with_the_token_in_which_a_stop_string_ends()
    {
        var free = model.CreateGenerator(new GenerationOptions { EosTokenIds = [] }).Generate(["The river"])[0];
        // The stop string reaches from the last character of one token to the first of the next, wherever that is readable text.
        var pieces = free.Sequence.Ids.Select(id => tokenizer.Decode([id])).ToList();
        var place = pieces.Zip(pieces.Skip(1)).ToList().FindIndex(static pair => char.IsAscii(pair.First[^1]) && char.IsAscii(pair.Second[0]));
        Assert.IsGreaterThanOrEqualTo(0, place);
        var stop = $"{pieces[place][^1]}{pieces[place + 1][0]}";
        var stopped = model.CreateGenerator(new GenerationOptions { EosTokenIds = [], StopStrings = [stop, "never to be seen"] }).Generate(["The river"])[0];
        Assert.AreEqual(FinishReason.StopString, stopped.Sequence.Reason);
        Assert.IsLessThanOrEqualTo(place + 2, stopped.Sequence.Ids.Count);
        Assert.Contains(stop, "The river" + stopped.Text);
        Assert.AreSequenceEqual(free.Sequence.Ids.Take(stopped.Sequence.Ids.Count), stopped.Sequence.Ids);
    }

    [TestMethod]
    public void A_stop_string_may_begin_in_the_prompt_but_one_that_ended_there_does_not_count()
    {
        var tokens = tokenizer.EncodeToIds("The mill").ToList();
        Assert.IsTrue(new StopStrings(tokenizer, ["e mill"]).EndsIn(tokens));
        Assert.IsFalse(new StopStrings(tokenizer, ["The"]).EndsIn(tokens));
        var city = tokenizer.EncodeToIds("東").ToList(); // Three bytes: its last token completes the character.
        Assert.IsTrue(new StopStrings(tokenizer, ["東"]).EndsIn(city));
        Assert.IsFalse(new StopStrings(tokenizer, ["東"]).EndsIn(city[..^1]));
    }

    [TestMethod]
    public void An_empty_prompt_and_one_too_long_name_column_row_and_numbers()
    {
        var generator = model.CreateGenerator(new GenerationOptions { MaxNewTokens = 30 });
        var empty = Assert.ThrowsExactly<DataFormatException>(() => generator.Generate(["The", ""], column: "Text", firstRow: 10));
        Assert.AreEqual("Text", empty.Column);
        Assert.AreEqual(11L, empty.Row);
        var text = string.Concat(Enumerable.Repeat("東京", 20));
        var tooLong = Assert.ThrowsExactly<DataFormatException>(() => model.Generate([text], new GenerationOptions { MaxNewTokens = 30 }));
        Assert.Contains($"{tokenizer.EncodeToIds(text).Count} tokens", tooLong.Message);
        Assert.Contains("64", tooLong.Message);
        var noTokenizer = new LanguageModel(model.Config, null, model.Network);
        Assert.ThrowsExactly<InvalidOperationException>(() => noTokenizer.Generate(["The"]));
    }
}

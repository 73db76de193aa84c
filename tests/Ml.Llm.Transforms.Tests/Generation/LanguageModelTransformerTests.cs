using Microsoft.ML;
using Microsoft.ML.Data;
using Ml.Llm.Generation;

namespace Ml.Llm.Transforms.Tests.Generation;

[TestClass]
public sealed class LanguageModelTransformerTests
{
    private static readonly string[] Prompts = ["the cat", "the mat and", "a bat sat on the", "cat", "number 7"];

    private readonly MLContext ml = new(seed: 1);
    private readonly List<string> log = [];

    [TestInitialize]
    public void Start() => ml.Log += (_, message) => log.Add(message.Message);

    [TestMethod]
    public void Completes_a_column_in_order_as_the_model_does_row_by_row()
    {
        using var transformer = Make(new() { MaxNewTokens = 8, BatchSize = 3 });
        var together = Complete(transformer, Prompts);
        var alone = Prompts.Select(prompt => transformer.Model.Generate([prompt], new() { MaxNewTokens = 8 })[0]).ToList();
        Assert.AreSequenceEqual(alone, together);
        Assert.IsGreaterThan(1, together.Distinct().Count());
    }

    [TestMethod]
    public void Sampled_text_depends_on_the_rows_seed_alone()
    {
        var options = new GenerationOptions { MaxNewTokens = 8, DoSample = true, Seed = 5 };
        using var large = Make(options with { BatchSize = 16 });
        using var small = large.WithGeneration(options with { BatchSize = 2 });
        var forward = Complete(large, Prompts);
        Assert.AreSequenceEqual(forward, Complete(small, Prompts));
        Assert.AreSequenceEqual(forward, Complete(large, [.. Prompts.Reverse()]).AsEnumerable().Reverse());
        Assert.AreNotSequenceEqual(forward, Complete(large.WithGeneration(options with { Seed = 6 }), Prompts));
        var seeded = large.WithColumns("Text", "GeneratedText", seedColumnName: "Seed");
        var rows = Enumerable.Range(0, 6).Select(i => new Prompt { Text = "the cat", Seed = i / 2 });
        var texts = seeded.Transform(ml.Data.LoadFromEnumerable(rows)).GetColumn<string>("GeneratedText").ToList();
        Assert.AreEqual(texts[0], texts[1]);
        Assert.AreEqual(texts[2], texts[3]);
        Assert.AreNotEqual(texts[0], texts[2]);
    }

    [TestMethod]
    public void Nothing_is_generated_until_the_column_is_read()
    {
        using var transformer = Make(new() { MaxNewTokens = 4 });
        // An empty prompt is an error, so a row that was generated for would be seen.
        var view = transformer.Transform(View("the cat", ""));
        Assert.AreSequenceEqual(["the cat", ""], view.GetColumn<string>("Text").ToList());
        Assert.Throws<Exception>(() => view.GetColumn<string>("GeneratedText").ToList());
    }

    [TestMethod]
    public void A_prediction_engine_completes_a_single_row()
    {
        var transformer = Make(new() { MaxNewTokens = 6 });
        var expected = Complete(transformer, Prompts);
        using var engine = ml.Model.CreatePredictionEngine<Prompt, Answer>(transformer);
        for (var i = 0; i < Prompts.Length; i++)
            Assert.AreEqual(expected[i], engine.Predict(new Prompt { Text = Prompts[i] }).GeneratedText);
    }

    [TestMethod]
    public void Several_threads_may_transform_at_once()
    {
        using var transformer = Make(new() { MaxNewTokens = 6, BatchSize = 2 });
        var expected = Complete(transformer, Prompts);
        Parallel.For(0, 4, _ => Assert.AreSequenceEqual(expected, Complete(transformer, Prompts)));
    }

    [TestMethod]
    public void An_empty_prompt_is_an_error_that_names_column_and_row()
    {
        using var transformer = Make(new() { MaxNewTokens = 2, BatchSize = 2 });
        foreach (var empty in new[] { "", null })
        {
            var view = transformer.Transform(View("the cat", "the", "mat", empty!, "bat"));
            var error = Find<DataFormatException>(Assert.Throws<Exception>(() => view.GetColumn<string>("GeneratedText").ToList()));
            Assert.AreEqual("Text", error.Column);
            Assert.AreEqual(3, error.Row);
        }
    }

    [TestMethod]
    public void A_missing_or_mistyped_column_is_an_error_that_names_it()
    {
        using var transformer = Make(new());
        Assert.AreEqual("Text", Assert.ThrowsExactly<DataFormatException>(() => transformer.Transform(ml.Data.LoadFromEnumerable([new Answer()]))).Column);
        Assert.AreEqual("Seed", Assert.ThrowsExactly<DataFormatException>(() => transformer.WithColumns("Seed").Transform(View("a"))).Column);
        Assert.AreEqual("None", Assert.ThrowsExactly<DataFormatException>(() => transformer.WithColumns("Text", seedColumnName: "None").GetOutputSchema(View("a").Schema)).Column);
        Assert.ThrowsExactly<ArgumentException>(() => transformer.WithColumns(""));
        Assert.ThrowsExactly<ArgumentOutOfRangeException>(() => transformer.WithGeneration(new() { MaxNewTokens = 0 }));
    }

    [TestMethod]
    public void The_model_lives_as_long_as_a_transformer_that_shares_it()
    {
        var first = Make(new() { MaxNewTokens = 2 });
        var second = first.WithGeneration(new() { MaxNewTokens = 3 });
        first.Dispose();
        first.Dispose();
        Assert.ThrowsExactly<ObjectDisposedException>(() => first.Transform(View("the cat")));
        Assert.HasCount(1, Complete(second, "the cat"));
        second.Dispose();
        Assert.Throws<Exception>(() => second.Model.Generate(["the cat"]));
        using var mine = TinyModel.Create();
        new LanguageModelTransformer(ml, mine, new GenerationColumns(), new(), ownsModel: false).Dispose();
        Assert.HasCount(1, mine.Generate(["the cat"], new() { MaxNewTokens = 2 }));
    }

    [TestMethod]
    public void A_device_that_is_not_there_falls_back_with_a_warning_or_is_refused()
    {
        ml.GpuDeviceId = 99;
        ml.FallbackToCpu = true;
        Make(new()).Dispose();
        Assert.IsTrue(log.Exists(line => line.Contains("GpuDeviceId is 99", StringComparison.Ordinal)));
        ml.FallbackToCpu = false;
        using var model = TinyModel.Create();
        Assert.ThrowsExactly<EngineNotFoundException>(() => new LanguageModelTransformer(ml, model, new GenerationColumns(), new(), ownsModel: false));
    }

    internal static TException Find<TException>(Exception error)
        where TException : Exception
    {
        for (var inner = error; inner is not null; inner = inner.InnerException)
        {
            if (inner is TException found)
                return found;
        }

        throw new AssertFailedException($"No {typeof(TException).Name} in: {error}");
    }

    private LanguageModelTransformer Make(GenerationOptions options) =>
        new(ml, TinyModel.Create(), new GenerationColumns(), options, ownsModel: true);

    private IDataView View(params string[] texts) => ml.Data.LoadFromEnumerable(texts.Select(text => new Prompt { Text = text }));

    private List<string> Complete(LanguageModelTransformer transformer, params string[] texts) =>
        transformer.Transform(View(texts)).GetColumn<string>("GeneratedText").ToList();
}
